"""API Gateway in front of a function: routes, keys, tokens and its own answers, as a WSGI
application.
"""

import logging
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from localcloud.ports.framing import REPEATED
from localcloud.ports.loopback import is_local, is_local_host, is_visit
from localcloud.services.apigateway.content_codings import (
    coding_of_answer,
    compressed,
    decompressed,
)
from localcloud.services.apigateway.refused import Refused
from localcloud.services.apigateway.token_buckets import Throttle, TokenBuckets
from localcloud.services.cognito.tokens import InvalidToken

log = logging.getLogger("localcloud")

Event = dict[str, Any]


class Needs(Enum):
    """Proof that a method asks its callers for."""

    NOTHING = "nothing"
    KEY = "an API key"
    TOKEN = "an ID token"  # noqa: S105 - no secret


# Route (/predictions/{clientId}), method, what it needs.
Routes = Mapping[str, Mapping[str, Needs]]


@dataclass(frozen=True)
class Request:
    """A request and its route. A check of the API key asks for the key of this route."""

    method: str
    path: str
    route: str
    parameters: Mapping[str, str]
    query: str
    headers: Mapping[str, str]
    repeated: Mapping[str, list[str]]  # values of each header that came more than once
    body: bytes


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Stage:
    """A stage of the API.

    - `minimum` is the size in bytes from which answers are compressed; None: they never are.
    - `of_key` limits each API key, and `of_route` each method of all callers; None: no limit.
    """

    name: str
    minimum: int | None = None
    of_key: Throttle | None = None
    of_route: Throttle | None = None


class Gateway:
    """The gateway of a REST API.

    - `key_id` returns the id of the API key that has a value, or None.
    - `claims` returns the claims of an Authorization header, or raises InvalidToken.
    - `invoke` calls the function with an event and the name of its resource.
    - `answers` holds the gateway responses by type. FOREIGN_CALLER answers a page or host that is
      not local.
    """

    def __init__(
        self,
        routes: Routes,
        key_id: Callable[[str], str | None],
        claims: Callable[[str], Mapping[str, str]],
        invoke: Callable[[Event, str], Event],
        answers: Mapping[str, Answer],
        stage: Stage,
    ) -> None:
        self._routes = routes
        self._key_id = key_id
        self._claims = claims
        self._invoke = invoke
        self._answers = answers
        self._stage = stage
        self._buckets = TokenBuckets()

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        try:
            answer = self._answer(environ)
        except Refused as refused:
            answer = self._answers[refused.kind]
        except Exception as fault:  # noqa: BLE001 - the Lambda boundary: the gateway answers
            log.warning("the API's function raised %s", type(fault).__name__)
            answer = self._answers["INTEGRATION_FAILURE"]
        status = f"{answer.status} {HTTPStatus(answer.status).phrase}"
        headers = {**answer.headers, "Content-Length": str(len(answer.body))}
        start_response(status, list(headers.items()))
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [answer.body]

    def _answer(self, environ: dict[str, Any]) -> Answer:
        if not (is_local(environ) or is_visit(environ)):
            return self._answers["FOREIGN_CALLER"]
        request = self._routed(environ)
        methods = self._routes[request.route]
        if request.method not in methods:
            raise Refused("MISSING_AUTHENTICATION_TOKEN")
        needs = methods[request.method]
        key = self._key_id(request.headers.get("x-api-key", ""))
        if needs is Needs.KEY and key is None:
            raise Refused("INVALID_API_KEY")
        event = event_of(request, key, self._stage.name)
        if needs is Needs.TOKEN:
            event["requestContext"]["authorizer"] = {"claims": self._claims_of(request)}
        if needs is Needs.KEY:
            self._buckets.take(key, self._stage.of_key)
        self._buckets.take((request.method, request.route), self._stage.of_route)
        said = self._invoke(event, f"{request.method} {request.route}")
        return self._coded(_answer_of(said), request.headers.get("accept-encoding", ""))

    def _coded(self, answer: Answer, accepted: str) -> Answer:
        """Return a function's answer in the coding that the caller accepts."""
        has_coding = "content-encoding" in {name.lower() for name in answer.headers}
        coding = coding_of_answer(len(answer.body), self._stage.minimum, accepted, has_coding)
        if coding is None:
            return answer
        headers = {**answer.headers, "Content-Encoding": coding}
        return Answer(answer.status, headers, compressed(answer.body, coding))

    def _claims_of(self, request: Request) -> Mapping[str, str]:
        """Return the claims of the caller's token. Raises Refused."""
        try:
            return self._claims(request.headers.get("authorization", ""))
        except InvalidToken as invalid:
            raise Refused("UNAUTHORIZED") from invalid

    def _routed(self, environ: dict[str, Any]) -> Request:
        target = environ.get("REQUEST_URI") or environ.get("RAW_URI", "")
        if not target.startswith("/"):  # a proxy's request names the host in its target
            whole = _absolute(target)
            target = f"{whole.path or '/'}?{whole.query}"
        path, _, query = target.partition("?")
        route, parameters = match(path, self._routes)
        headers = {
            name.removeprefix("HTTP_").replace("_", "-").lower(): value
            for name, value in environ.items()
            if name.startswith("HTTP_") or name in ("CONTENT_TYPE", "CONTENT_LENGTH")
        }
        body = decompressed(environ["wsgi.input"].read(), headers.get("content-encoding", ""))
        method = environ["REQUEST_METHOD"]
        repeated = environ.get(REPEATED, {})
        return Request(method, path, route, parameters, query, headers, repeated, body)


def _absolute(target: str) -> SplitResult:
    """Return a target that names this machine. Raises Refused."""
    try:
        whole = urlsplit(target)
    except ValueError as error:
        raise Refused("MISSING_AUTHENTICATION_TOKEN") from error
    if whole.scheme != "http" or not is_local_host(whole.netloc):
        raise Refused("MISSING_AUTHENTICATION_TOKEN")
    return whole


def match(path: str, routes: Iterable[str]) -> tuple[str, dict[str, str]]:
    """Return the route of a raw path, and the values of its parameters. Raises Refused.

    The path is cut at its slashes first and each segment decoded, once, before it is compared: a
    segment's %2F is a slash in a parameter, and %25 is a per cent sign. One slash at the end is
    ignored. A route's own words go before a parameter.
    """
    cut = path[:-1] if path.endswith("/") and path != "/" else path
    segments = [unquote(one, encoding="utf-8", errors="replace") for one in cut.split("/")]
    for route in sorted(routes, key=lambda one: [part.startswith("{") for part in one.split("/")]):
        words = route.split("/")
        pairs = list(zip(words, segments, strict=False))
        if len(words) == len(segments) and all(map(_fits, pairs)):
            return route, {word[1:-1]: value for word, value in pairs if word.startswith("{")}
    raise Refused("MISSING_AUTHENTICATION_TOKEN")


def _fits(pair: tuple[str, str]) -> bool:
    word, segment = pair
    return bool(segment) if word.startswith("{") else word == segment


def event_of(request: Request, key: str | None, stage: str) -> Event:
    """Return the event of a proxy integration.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
    """
    query = parse_qs(request.query, keep_blank_values=True)
    headers = {name: [value] for name, value in request.headers.items()} | dict(request.repeated)
    identifier = str(uuid.uuid4())
    return {
        "resource": request.route,
        "path": request.path,
        "httpMethod": request.method,
        "headers": {name: values[-1] for name, values in headers.items()},
        "multiValueHeaders": headers,
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": dict(request.parameters) or None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": request.route,
            "httpMethod": request.method,
            "path": request.path,  # the URL's: only on a host of AWS does it begin with the stage
            "stage": stage,
            "protocol": "HTTP/1.1",
            "requestId": identifier,
            "requestTimeEpoch": int(time.time() * 1000),
            "identity": {
                "sourceIp": "127.0.0.1",
                "userAgent": request.headers.get("user-agent"),
                "apiKeyId": key,
            },
        },
        # Without binary media types the gateway hands on text; what is not UTF-8 becomes U+FFFD.
        "body": request.body.decode(errors="replace") if request.body else None,
        "isBase64Encoded": False,
    }


def _answer_of(said: Event) -> Answer:
    """Return what a function answered through the proxy integration."""
    headers = {**said.get("headers", {}), **_joined(said.get("multiValueHeaders", {}))}
    headers.setdefault("Content-Type", "application/json")
    return Answer(said["statusCode"], headers, (said.get("body") or "").encode())


def _joined(headers: Mapping[str, list[str]]) -> dict[str, str]:
    return {name: ", ".join(values) for name, values in headers.items()}
