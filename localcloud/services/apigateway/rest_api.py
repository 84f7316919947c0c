"""Deployed REST APIs, which moto configures and does not serve: the AWS port answers for them at
/restapis/<api>/<stage>/_user_request_/<path>.
"""

import base64
import hmac
import json
import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from moto.apigateway.models import apigateway_backends
from werkzeug.datastructures import Headers
from werkzeug.wrappers import Request, Response

from localcloud.ports.framing import REPEATED
from localcloud.services.apigateway.content_codings import (
    coding_of_answer,
    compressed,
    decompressed,
)
from localcloud.services.apigateway.gateway import match
from localcloud.services.apigateway.refused import DEFAULTS, Refused
from localcloud.services.apigateway.token_buckets import Throttle, TokenBuckets
from localcloud.services.cognito.tokens import InvalidToken, verified
from localcloud.services.lambda_.concurrency import Throttled
from localcloud.services.lambda_.functions import Answer, Functions

ADDRESS = re.compile(r"/restapis/(?P<api>\w+)/(?P<stage>[\w-]+)/_user_request_(?P<path>/[^?]*)")
FUNCTION = re.compile(r":function:([^/:]+)")
LARGEST_BODY = (
    10 * 2**20
)  # https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
USER_POOLS = "COGNITO_USER_POOLS"
TEXT = ("application/json", "application/problem+json", "text/")

Claims = dict[str, str]
Plan = Any  # moto's usage plan
Application = Callable[..., Iterable[bytes]]


@dataclass(frozen=True)
class Matched:
    """The API's resource and method of a request, and the values of its path parameters."""

    resource: Any
    method: Any
    path: str
    stage: str
    parameters: dict[str, str]


class RestApis:
    """API Gateway's data plane: keys, its own answers, and proxy integrations of functions."""

    def __init__(self, functions: Functions, account: str, region: str) -> None:
        self._functions = functions
        self._backend = apigateway_backends[account][region]
        self._buckets = TokenBuckets()

    def before(self, application: Application) -> Application:
        """Return `application` for all but the addresses of REST APIs."""

        def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            # The raw path: a segment's %2F is no slash, and two slashes are an empty segment.
            found = ADDRESS.match(environ.get("RAW_URI", ""))
            if not found:
                return application(environ, start_response)
            answer = self._answer(Request(environ), found["api"], found["stage"], found["path"])
            return answer(environ, start_response)

        return serve

    def _answer(self, request: Request, api_id: str, stage: str, path: str) -> Response:
        api = self._backend.apis.get(api_id)
        if api is None or stage not in api.stages:
            return _plain(403, "Forbidden")
        try:
            matched = _match(api, path, stage, request.method)
            key, claims = self._admitted(request, api, matched)
            integration = matched.method.method_integration
            if integration.integration_type.upper() == "MOCK":
                return _mocked(integration)
            answer = self._asked(integration, _event(request, matched, key, claims))
            return _coded(answer, api.minimum_compression_size, request)
        except Refused as refused:
            return _own(api, refused.kind)

    def _admitted(
        self, request: Request, api: Any, matched: Matched
    ) -> tuple[str | None, Claims | None]:
        """Return the id of the caller's key and the claims of their token. Raises Refused."""
        method = matched.method
        key, plan = self._key(request, api.id, matched.stage)
        if method.api_key_required and key is None:
            raise Refused("INVALID_API_KEY")
        try:
            claims = _claims(api, method, request)
        except InvalidToken as invalid:
            raise Refused("UNAUTHORIZED") from invalid
        if method.api_key_required:
            self._buckets.take((plan.id, key), _of_plan(plan))
        stage = api.stages[matched.stage]
        place = (api.id, matched.stage, matched.resource.id, request.method)
        self._buckets.take(place, _of_stage(stage))
        return key, claims

    def _key(self, request: Request, api_id: str, stage: str) -> tuple[str | None, Plan]:
        """Return the id of a key that is enabled and in a usage plan of this stage of the API, and
        this plan.
        """
        given = request.headers.get("x-api-key", "").encode()
        for key, plan in self._keys(api_id, stage):
            if hmac.compare_digest(given, key.value.encode()):
                return key.id, plan
        return None, None

    def _keys(self, api_id: str, stage: str) -> Iterator[tuple[Any, Plan]]:
        place = {"apiId": api_id, "stage": stage}
        for plan in list(self._backend.usage_plans.values()):
            if any(place.items() <= one.items() for one in plan.api_stages):
                for key_id in list(self._backend.usage_plan_keys.get(plan.id, {})):
                    key = self._backend.keys.get(key_id)
                    if key and key.enabled:
                        yield key, plan

    def _asked(self, integration: Any, event: dict[str, Any]) -> Response:
        """Return the function's answer. Raises Refused."""
        named = FUNCTION.search(integration.uri)
        function = self._functions.find(named[1]) if named else None
        if function is None:
            raise Refused("INTEGRATION_FAILURE")
        try:
            answer = self._functions.invoke(function, json.dumps(event).encode())
        except Throttled as throttled:  # the gateway hands Lambda's 429 on as its own failure
            raise Refused("INTEGRATION_FAILURE") from throttled
        return _proxied(answer)


def _of_plan(plan: Plan) -> Throttle | None:
    """Return the limit of each key of a usage plan, if the plan has one."""
    limits = plan.throttle
    return Throttle(limits["rateLimit"], limits["burstLimit"]) if limits else None


def _of_stage(stage: Any) -> Throttle | None:
    """Return the limit of each method of a stage, if one is set for all."""
    limits = stage.method_settings.get("*/*")
    if not limits:
        return None
    return Throttle(limits["throttlingRateLimit"], limits["throttlingBurstLimit"])


def _claims(api: Any, method: Any, request: Request) -> Claims | None:
    """Return the claims of the caller's token, or None if the method asks for none.

    Raises InvalidToken.
    """
    if method.authorization_type != USER_POOLS:
        return None
    authorizer = api.authorizers.get(method.authorizer_id)
    if authorizer is None:
        raise InvalidToken("the method's authorizer does not exist")
    given = request.headers.get("Authorization", "")
    audience = authorizer.identity_validation_expression
    return verified(given, authorizer.provider_arns or [], audience)


def _match(api: Any, path: str, stage: str, method: str) -> Matched:
    """Return the resource and the method of a raw path. Raises Refused."""
    resources = {one.get_path(): one for one in list(api.resources.values())}
    route, parameters = match(path, resources)
    methods = resources[route].resource_methods
    if method not in methods:
        raise Refused("MISSING_AUTHENTICATION_TOKEN")
    return Matched(resources[route], methods[method], unquote(path), stage, parameters)


def _event(
    request: Request, matched: Matched, key: str | None, claims: Claims | None
) -> dict[str, Any]:
    """Return the event of a Lambda proxy integration. Raises Refused.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
    """
    repeated: dict[str, list[str]] = request.environ.get(REPEATED, {})
    headers = {name: repeated.get(name.lower(), [value]) for name, value in request.headers.items()}
    queries = {name: request.args.getlist(name) for name in request.args}
    if (request.content_length or 0) > LARGEST_BODY:
        raise Refused("REQUEST_TOO_LARGE")
    body = decompressed(request.get_data(), request.headers.get("Content-Encoding", ""))
    is_text = _is_text(request.content_type)
    text = body.decode("utf-8", "replace") if is_text else base64.b64encode(body).decode()
    resource = matched.resource.get_path()
    return {
        "resource": resource,
        "path": matched.path,
        "httpMethod": request.method,
        "headers": {name: values[-1] for name, values in headers.items()},
        "multiValueHeaders": headers,
        "queryStringParameters": {name: many[-1] for name, many in queries.items()} or None,
        "multiValueQueryStringParameters": queries or None,
        "pathParameters": matched.parameters or None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": resource,
            "httpMethod": request.method,
            "path": f"{request.environ['RAW_URI'].partition('_user_request_')[0]}_user_request_"
            f"{matched.path}",  # with what precedes it in the caller's URL
            "stage": matched.stage,
            "requestId": str(uuid.uuid4()),
            "identity": {"sourceIp": request.remote_addr or "127.0.0.1", "apiKeyId": key},
            **({"authorizer": {"claims": claims}} if claims is not None else {}),
        },
        "body": text if body else None,
        "isBase64Encoded": bool(body) and not is_text,
    }


def _is_text(content_type: str | None) -> bool:
    return not content_type or content_type.startswith(TEXT)


def _proxied(answer: Answer) -> Response:
    """Return a function's answer, or the gateway's 502 if it is not a proxy response."""
    told = json.loads(answer.payload)
    if answer.failed or not isinstance(told, dict) or "statusCode" not in told:
        return _plain(502, "Internal server error")
    headers = Headers((told.get("headers") or {}).items())
    for name, values in (told.get("multiValueHeaders") or {}).items():
        headers.setlist(name, values)
    headers.setdefault("Content-Type", "application/json")
    body = told.get("body") or ""
    sent = base64.b64decode(body) if told.get("isBase64Encoded") else body
    return Response(sent, told["statusCode"], headers)


def _coded(answer: Response, minimum: int | None, request: Request) -> Response:
    """Return a function's answer in the coding that the caller accepts."""
    body, accepted = answer.get_data(), request.headers.get("Accept-Encoding", "")
    coding = coding_of_answer(len(body), minimum, accepted, "Content-Encoding" in answer.headers)
    if coding:
        answer.set_data(compressed(body, coding))
        answer.headers["Content-Encoding"] = coding
    return answer


def _mocked(integration: Any) -> Response:
    """Return the answer to a browser's CORS preflight."""
    answer = (integration.integration_responses or {}).get("200")
    parameters = (answer.response_parameters or {}) if answer else {}
    headers = {name.rpartition(".")[2]: value.strip("'") for name, value in parameters.items()}
    return Response("", 200, headers)


def _own(api: Any, kind: str) -> Response:
    """Return a gateway response: the API's, else AWS's default."""
    status, message = DEFAULTS[kind]
    own = api.gateway_responses.get(kind)
    if own is None or not own.response_templates:
        return _plain(status, message)
    prefix = "gatewayresponse.header."
    parameters = (own.response_parameters or {}).items()
    headers = {name.removeprefix(prefix): value.strip("'") for name, value in parameters}
    body = own.response_templates.get("application/json", "")
    return Response(body, int(own.status_code or status), headers)


def _plain(status: int, message: str) -> Response:
    return Response(json.dumps({"message": message}), status, content_type="application/json")
