"""The parts of the REST API that Chalice does not make: keys, limits, gateway responses, tags."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from chalicelib import profile
from chalicelib.foundation.errors import (
    Forbidden,
    InternalError,
    InvalidRequest,
    NotFound,
    Problem,
    RequestTooLarge,
    ServiceTimeout,
    ServiceUnavailable,
    TooManyRequests,
    Unauthorized,
    UnsupportedMediaType,
)
from chalicelib.foundation.settings import Settings
from chalicelib.foundation.text import LANGUAGES, Text
from chalicelib.http.response_headers import SECURITY, limits, shared_with
from chalicelib.http.web import NOT_STORED, PROBLEM_TYPE
from chalicelib.profile.tables.api_tables import Api, Limit
from infrastructure.deploy.steps import api_keys
from infrastructure.deploy.steps.api_keys import NoApi

if TYPE_CHECKING:
    from mypy_boto3_apigateway import APIGatewayClient
    from mypy_boto3_ssm import SSMClient

# A static header stands between quotes, and AWS documents no quote within.
UNQUOTED = {name: value for name, value in SECURITY.items() if "'" not in value}
GATEWAY_STAGE = "v1"  # as in .chalice/config.json


QUOTA_USED = Text(es="La cuota de la clave está agotada.", en="The key's quota is used up.")
# What API Gateway answers without asking a function. A path or a method that does not exist is
# MISSING_AUTHENTICATION_TOKEN, or a matter of the signature if the request has an Authorization
# header. An expired token of a person is UNAUTHORIZED; AWS does not say that EXPIRED_TOKEN is only
# for its own signatures. https://docs.aws.amazon.com/apigateway/latest/developerguide/
# supported-gateway-response-types.html
ANSWERS: dict[str, Problem] = {
    "ACCESS_DENIED": Forbidden(),
    "API_CONFIGURATION_ERROR": InternalError(),
    "AUTHORIZER_CONFIGURATION_ERROR": InternalError(),
    "AUTHORIZER_FAILURE": InternalError(),
    "BAD_REQUEST_BODY": InvalidRequest(),
    "BAD_REQUEST_PARAMETERS": InvalidRequest(),
    "DEFAULT_4XX": InvalidRequest(),
    "DEFAULT_5XX": InternalError(),
    "EXPIRED_TOKEN": Unauthorized(),
    "INTEGRATION_FAILURE": ServiceUnavailable(),
    "INTEGRATION_TIMEOUT": ServiceTimeout(),
    "INVALID_API_KEY": Forbidden(),
    "INVALID_SIGNATURE": NotFound(),
    "MISSING_AUTHENTICATION_TOKEN": NotFound(),
    "QUOTA_EXCEEDED": TooManyRequests(QUOTA_USED),
    "REQUEST_TOO_LARGE": RequestTooLarge(),
    "RESOURCE_NOT_FOUND": NotFound(),
    "THROTTLED": TooManyRequests(),
    "UNAUTHORIZED": Unauthorized(),
    "UNSUPPORTED_MEDIA_TYPE": UnsupportedMediaType(),
    "WAF_FILTERED": Forbidden(),
}


def headers_of(problem: Problem, api: Api, stage: str) -> dict[str, str]:
    """Return the headers of a gateway response.

    It has no conditions. It can't choose a language, so each response has both; and it can't choose
    an origin, so of several no page reads it.
    """
    headers = {
        "Content-Type": PROBLEM_TYPE,
        "Content-Language": ", ".join(LANGUAGES),
        **NOT_STORED,
        **UNQUOTED,
    }
    if len(api.origins) == 1:
        headers |= shared_with(api.origins[0], api.origins)
    if isinstance(problem, TooManyRequests):
        headers |= limits(api.limits[stage], keyed=True)
    if problem.retry_after:
        headers["Retry-After"] = str(problem.retry_after)
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return headers


def body_of(problem: Problem) -> str:
    """Return the body of a gateway response, in both languages."""
    return json.dumps(problem.to_payload(Text.bilingual), ensure_ascii=False)


def client() -> "APIGatewayClient":
    """Return a client that retries for about a minute.

    API Gateway allows an account one change of a usage plan in 20 s, and one deployment in 5 s.
    """
    patience = Config(retries={"mode": "standard", "total_max_attempts": 12})
    return boto3.client("apigateway", config=patience)


def complete(client: "APIGatewayClient", ssm: "SSMClient", api: str, settings: Settings) -> None:
    """Complete the API, with a key for each scope. Safe to repeat: it sends only differences."""
    of_profile = profile.load().api
    if _answer(client, api, of_profile, settings.stage):
        # Chalice has just deployed the API; this time with its answers.
        client.create_deployment(restApiId=api, stageName=GATEWAY_STAGE, tracingEnabled=True)
    limits_of = of_profile.limits[settings.stage]
    limit_the_stage(client, api, limits_of.route)
    _tag(client, api, settings)
    api_keys.complete(client, ssm, _usage_plan(client, api, limits_of.key, settings), settings)


def _answer(client: "APIGatewayClient", api: str, of_profile: Api, stage: str) -> bool:
    """Put the gateway responses that differ. Return whether any did."""
    found = client.get_gateway_responses(restApiId=api, limit=500).get("items", [])
    there = {one["responseType"]: _essence(one) for one in found}
    wanted: dict[Any, Any] = {
        kind: _response(one, of_profile, stage) for kind, one in ANSWERS.items()
    }
    differing = [kind for kind, response in wanted.items() if there.get(kind) != response]
    for kind in differing:
        client.put_gateway_response(restApiId=api, responseType=kind, **wanted[kind])
    return bool(differing)


def _response(problem: Problem, api: Api, stage: str) -> dict[str, Any]:
    return {
        "statusCode": str(problem.status),
        "responseParameters": {
            f"gatewayresponse.header.{name}": f"'{value}'"
            for name, value in headers_of(problem, api, stage).items()
        },
        "responseTemplates": {"application/json": body_of(problem)},
    }


def _essence(found: Any) -> dict[str, Any]:
    return {
        name: found.get(name) for name in ("statusCode", "responseParameters", "responseTemplates")
    }


def _tag(client: "APIGatewayClient", api: str, settings: Settings) -> None:
    tags = {"project": settings.app_name, "stage": settings.stage}
    of_api = f"arn:aws:apigateway:{client.meta.region_name}::/restapis/{api}"
    for arn in (of_api, f"{of_api}/stages/{GATEWAY_STAGE}"):
        if not tags.items() <= client.get_tags(resourceArn=arn)["tags"].items():
            client.tag_resource(resourceArn=arn, tags=tags)


def usage_plan(client: "APIGatewayClient", settings: Settings) -> str:
    """Return the id of the stage's usage plan. Raises NoApi."""
    plan = _usage_plan_id(client, settings)
    if plan is None:
        raise NoApi(f"{settings.stage} has no API yet: make deploy STAGE={settings.stage}.")
    return plan


def delete(client: "APIGatewayClient", ssm: "SSMClient", settings: Settings) -> Iterator[str]:
    """Delete the usage plan and the keys, and yield each. Chalice deletes the API."""
    if plan := _usage_plan_id(client, settings):
        if patches := _attaching(client.get_usage_plan(usagePlanId=plan), []):
            client.update_usage_plan(usagePlanId=plan, patchOperations=patches)  # type: ignore[arg-type]
        client.delete_usage_plan(usagePlanId=plan)
        yield f"usage plan {settings.prefix}"
    yield from api_keys.delete(client, ssm, settings)


def limit_the_stage(client: "APIGatewayClient", api: str, limit: Limit) -> None:
    """Limit each method of the stage, as no usage plan limits those that need no key."""
    stage = client.get_stage(restApiId=api, stageName=GATEWAY_STAGE)
    set_now: Any = stage.get("methodSettings", {}).get("*/*", {})
    there = {
        "/*/*/throttling/rateLimit": set_now.get("throttlingRateLimit"),
        "/*/*/throttling/burstLimit": set_now.get("throttlingBurstLimit"),
        "/tracingEnabled": stage.get("tracingEnabled"),
    }
    wanted = {
        "/*/*/throttling/rateLimit": limit.rate,
        "/*/*/throttling/burstLimit": limit.burst,
        "/tracingEnabled": True,
    }
    if patches := _replacing(wanted, there):
        client.update_stage(restApiId=api, stageName=GATEWAY_STAGE, patchOperations=patches)


def _replacing(wanted: dict[str, Any], there: dict[str, Any]) -> Any:
    return [
        {"op": "replace", "path": path, "value": json.dumps(value)}
        for path, value in wanted.items()
        if there[path] != value
    ]


def _usage_plan(client: "APIGatewayClient", api: str, limit: Limit, settings: Settings) -> str:
    """Create or update the usage plan of this stage, with one request at most. Its limit is that of
    each key in it.
    """
    place = {"apiId": api, "stage": GATEWAY_STAGE}
    plan = _usage_plan_id(client, settings)
    if plan is None:
        made = client.create_usage_plan(
            name=settings.prefix,
            throttle={"rateLimit": limit.rate, "burstLimit": limit.burst},
            apiStages=[place],  # type: ignore[list-item]
            tags={"project": settings.app_name, "stage": settings.stage},
        )
        return made["id"]
    found = client.get_usage_plan(usagePlanId=plan)
    set_now: Any = found.get("throttle", {})
    there = {f"/throttle/{name}": set_now.get(name) for name in ("rateLimit", "burstLimit")}
    wanted = {"/throttle/rateLimit": limit.rate, "/throttle/burstLimit": limit.burst}
    patches = _replacing(wanted, there) + _attaching(found, [f"{api}:{GATEWAY_STAGE}"])
    if patches:
        client.update_usage_plan(usagePlanId=plan, patchOperations=patches)
    return plan


def _usage_plan_id(client: "APIGatewayClient", settings: Settings) -> str | None:
    for page in client.get_paginator("get_usage_plans").paginate():
        for plan in page["items"]:
            if plan["name"] == settings.prefix:
                return plan["id"]
    return None


def _attaching(plan: Any, wanted: list[str]) -> list[dict[str, str]]:
    present = [f"{one['apiId']}:{one['stage']}" for one in plan.get("apiStages", [])]
    changes = [("remove", one) for one in present if one not in wanted]
    changes += [("add", one) for one in wanted if one not in present]
    return [{"op": op, "path": "/apiStages", "value": one} for op, one in changes]
