"""Admission of callers to routes: by the scopes of their API key, or by a person's roles."""

import hmac
import json
from collections.abc import Callable, Mapping
from typing import Protocol

from chalice.app import Chalice, Request

from chalicelib.foundation.errors import Forbidden, Unauthorized
from chalicelib.foundation.text import Text
from chalicelib.people.access import Scope, require_role, require_scope
from chalicelib.people.caller import key_id_of, person_of

# Lambda sets the first; `python -m bank env` exports the others, for chalice local: a key with
# every scope, and a key for each scope.
LAMBDAS_OWN, LOCAL_KEY, LOCAL_KEYS = (
    "AWS_LAMBDA_FUNCTION_NAME",
    "LOCAL_API_KEY",
    "LOCAL_API_KEYS",
)
NO_KEY_SET = Text(
    es='Ninguna clave está puesta: eval "$(.venv/bin/python -m bank env)" antes de chalice local.',
    en='No key is set: eval "$(.venv/bin/python -m bank env)" before chalice local.',
)
NO_GATEWAY = Text(
    es="chalice local no verifica tokens. `make run` sirve las rutas de las personas.",
    en="chalice local verifies no tokens. `make run` serves people's routes.",
)

Admit = Callable[[Request], None]


class Scopes(Protocol):
    def of(self, key_id: str) -> frozenset[Scope]: ...


def admission(app: Chalice, scopes: Callable[[], Scopes], environ: Mapping[str, str]) -> Admit:
    """Return a check of a request's caller, which raises Forbidden, Unauthorized, ScopeMissing or
    RoleMissing.

    On AWS the gateway has verified the key or the token; `chalice local` has no gateway.
    """
    local_keys = {} if LAMBDAS_OWN in environ else _local_keys(environ)

    def admit(request: Request) -> None:
        route = app.routes[request.path][request.method]
        if route.authorizer:
            _admit_person(request)
        elif route.api_key_required:
            admit_key(request)

    def admit_key(request: Request) -> None:
        if key_id := key_id_of(request.context):
            held = scopes().of(key_id)
        elif LAMBDAS_OWN in environ:
            raise Forbidden
        else:
            held = _local_scopes(local_keys, request.headers.get("x-api-key", ""))
        require_scope(request.method, request.path, held)

    return admit


def _admit_person(request: Request) -> None:
    """Raise Unauthorized or RoleMissing.

    `chalice local` decodes a token and does not verify it; a gateway names its stage.
    """
    if "stage" not in request.context:
        raise Unauthorized(NO_GATEWAY)
    person = person_of(request.context)
    if person is None:
        raise Unauthorized
    require_role(request.method, request.path, person.roles)


def _local_keys(environ: Mapping[str, str]) -> dict[str, frozenset[Scope]]:
    """Return the keys of `chalice local` with their scopes."""
    scoped = json.loads(environ.get(LOCAL_KEYS) or "{}")
    keys = {key: frozenset([Scope(name)]) for name, key in scoped.items()}
    if of_every_scope := environ.get(LOCAL_KEY):
        keys[of_every_scope] = frozenset(Scope)
    return keys


def _local_scopes(keys: Mapping[str, frozenset[Scope]], given: str) -> frozenset[Scope]:
    """Return the scopes of the key. Raises Forbidden."""
    if not keys:
        raise Forbidden(NO_KEY_SET)
    found = [
        held for key, held in keys.items() if hmac.compare_digest(key.encode(), given.encode())
    ]
    if not found:
        raise Forbidden
    return found[0]
