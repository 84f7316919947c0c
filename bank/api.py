"""The bank's API on this machine, with what API Gateway adds to its function."""

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import boto3
from chalice.app import Chalice
from chalice.local import LocalChalice, create_local_server

from bank.embedded_bank import Bank
from chalicelib import profile
from chalicelib.foundation.errors import InvalidRequest, Problem, ServiceUnavailable
from chalicelib.foundation.text import Text
from chalicelib.people import key_scopes
from chalicelib.people.access import Scope
from chalicelib.profile.tables.api_tables import Api
from infrastructure.deploy.steps import user_pool
from infrastructure.deploy.steps.deployed_api import ANSWERS, GATEWAY_STAGE, body_of, headers_of
from localcloud.cloud import ACCOUNT
from localcloud.ports.loopback import LOOPBACK
from localcloud.ports.web_server import serving
from localcloud.services.apigateway.gateway import Answer, Event, Gateway, Needs, Stage
from localcloud.services.apigateway.token_buckets import Throttle
from localcloud.services.cognito.tokens import verified
from localcloud.services.lambda_.functions import LambdaContext


class ForeignCaller(Problem):
    status = 403
    title = Text(
        es="Este puerto es solo para esta máquina", en="This port is for this machine only"
    )
    usual = Text(
        es="Use http://127.0.0.1 o http://localhost, y no desde una página de otro sitio.",
        en="Use http://127.0.0.1 or http://localhost, and not from a page of another site.",
    )


class RequestTimeout(Problem):
    status = 408
    title = Text(es="La petición no llegó a tiempo", en="The request did not come in time")
    usual = Text(es="Envíela entera en 10 segundos.", en="Send all of it within 10 seconds.")


class HeadersTooLarge(Problem):
    status = 431
    title = Text(es="Las cabeceras son demasiado grandes", en="The headers are too large")
    usual = Text(
        es="La ruta y las cabeceras pueden ocupar 10 KB.", en="Path and headers may take 10 KB."
    )


class TransferCodingUnknown(Problem):
    status = 501
    title = Text(
        es="La codificación de la transferencia no se admite",
        en="The transfer coding is not supported",
    )
    usual = Text(
        es="Envíe Content-Length, o Transfer-Encoding: chunked.",
        en="Send Content-Length, or Transfer-Encoding: chunked.",
    )


NOT_HTTP = InvalidRequest(
    Text(es="La petición no es HTTP/1.1 válido.", en="The request is not valid HTTP/1.1.")
)
# What the server answers before there is a request that the gateway could take.
UNREADABLE: dict[int, Problem] = {
    408: RequestTimeout(),
    413: ANSWERS["REQUEST_TOO_LARGE"],
    414: HeadersTooLarge(),
    431: HeadersTooLarge(),
    501: TransferCodingUnknown(),
    503: ServiceUnavailable(),
}


def own_answer(problem: Problem, api: Api, stage: str) -> Answer:
    """Return an answer of the gateway itself, the same as the deployed one's."""
    return Answer(problem.status, headers_of(problem, api, stage), body_of(problem).encode())


def own_answers(api: Api, stage: str) -> dict[str, Answer]:
    """Return all answers of the gateway itself, by type."""
    problems = {**ANSWERS, "FOREIGN_CALLER": ForeignCaller()}
    return {kind: own_answer(problem, api, stage) for kind, problem in problems.items()}


@contextmanager
def serving_api(
    bank: Bank,
    api_key: str,
    port: int,
    scoped: Mapping[Scope, str] | None = None,
    *,
    limited: bool = False,
) -> Iterator[int]:
    """Serve the API on the loopback address and yield the port; 0 asks for a free one.

    `api_key` has every scope, and each key of `scoped` has one. If `limited`, the stage's limits
    hold.
    """
    app = bank.app
    if not isinstance(app, LocalChalice):
        # Makes the app's current request a thread's own; the server it makes is not used.
        create_local_server(app, bank.config, LOOPBACK, 0).server.server_close()
    keys = {api_key: frozenset(Scope)}
    keys |= {key: frozenset([scope]) for scope, key in (scoped or {}).items()}
    _put_scopes(bank, keys)
    served = gateway(bank, [*keys], limited=limited)
    with serving(served, port, partial(unreadable, stage=bank.settings.stage)) as bound:
        yield bound


def _put_scopes(bank: Bank, keys: Mapping[str, frozenset[Scope]]) -> None:
    value = key_scopes.written({_id_of(key): scopes for key, scopes in keys.items()})
    boto3.client("ssm").put_parameter(
        Name=bank.settings.key_scopes_parameter, Value=value, Type="String", Overwrite=True
    )


def gateway(bank: Bank, api_keys: list[str], *, limited: bool = False) -> Gateway:
    """Return the gateway in front of the bank's function, which runs under its own role."""
    function = bank.api_handler

    def invoke(event: Event, used_by: str) -> Event:
        functions = bank.cloud.functions
        with functions.environment_of(function), functions.in_role_of(function, used_by):
            context = LambdaContext.of(function)
            answer: Event = function.handler(event, context)
            return answer

    key_id = partial(_key_id, api_keys)
    pool = user_pool.of_stage(boto3.client("cloudformation"), bank.settings)
    claims = partial(_claims, pool.arn(ACCOUNT), f"^{pool.client_id}$")
    api, stage = profile.load().api, bank.settings.stage
    limits = api.limits[stage]
    throttles = [Throttle(one.rate, one.burst) for one in (limits.key, limits.route) if limited]
    deployed = Stage(GATEWAY_STAGE, bank.config.minimum_compression_size, *throttles)
    answers = own_answers(api, stage)
    return Gateway(routes_of(bank.app), key_id, claims, invoke, answers, deployed)


def _claims(pool_arn: str, audience: str, authorization: str) -> dict[str, str]:
    """Return the claims of a person's token. Raises InvalidToken."""
    return verified(authorization, [pool_arn], audience)


def routes_of(app: Chalice) -> dict[str, dict[str, Needs]]:
    """Return each route's methods, and what each needs."""
    return {
        route: {method: _needs(entry) for method, entry in methods.items()}
        for route, methods in app.routes.items()
    }


def _needs(entry: Any) -> Needs:
    if entry.authorizer:
        return Needs.TOKEN
    return Needs.KEY if entry.api_key_required else Needs.NOTHING


def unreadable(status: int, stage: str) -> tuple[int, dict[str, str], bytes]:
    """Return the answer to bytes that are no HTTP request: status, headers and body."""
    answer = own_answer(UNREADABLE.get(status, NOT_HTTP), Api(), stage)
    return answer.status, dict(answer.headers), answer.body


def _key_id(api_keys: list[str], given: str) -> str | None:
    """Return the id that events name the key by."""
    known = [key for key in api_keys if hmac.compare_digest(given.encode(), key.encode())]
    return _id_of(known[0]) if known else None


def _id_of(api_key: str) -> str:
    """Return the id of a key, which is not the key."""
    return hashlib.sha256(api_key.encode()).hexdigest()[:10]
