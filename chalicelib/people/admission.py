"""Admission of callers to routes: by the scopes of their API key, or by a person's roles."""

import hmac
import json
from collections.abc import Callable, Mapping
from typing import Protocol

from chalice.app import Chalice, Request

from chalicelib.foundation.errors import Forbidden
from chalicelib.foundation.text import Text
from chalicelib.people.access import Scope, require_scope

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

Admit = Callable[[Request], None]


class Scopes(Protocol):
    def of(self, key_id: str) -> frozenset[Scope]: ...


def admission(app: Chalice, scopes: Callable[[], Scopes], environ: Mapping[str, str]) -> Admit:
    """Return a check of a request's caller, which raises Forbidden or ScopeMissing.

    On AWS the gateway has verified the key and names its id; `chalice local` has no gateway.
    """
    local_keys = {} if LAMBDAS_OWN in environ else _local_keys(environ)

    def admit(request: Request) -> None:
        route = app.routes[request.path][request.method]
        if not route.api_key_required:
            return
        key_id = request.context.get("identity", {}).get("apiKeyId")
        if key_id:
            held = scopes().of(key_id)
        elif LAMBDAS_OWN in environ:
            raise Forbidden
        else:
            held = _local_scopes(local_keys, request.headers.get("x-api-key", ""))
        require_scope(request.method, request.path, held)

    return admit


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
