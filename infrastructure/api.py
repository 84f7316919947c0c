"""What Chalice does not do for the REST API: its key, its limits, its own answers, its tags."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chalicelib.errors import RequestTooLarge, TooManyRequests
from chalicelib.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_apigateway import APIGatewayClient

GATEWAY_STAGE = "v1"  # as in .chalice/config.json


@dataclass(frozen=True, slots=True)
class Throttle:
    """Requests a second, and how many at once."""

    rate: int
    burst: int


THROTTLES = {"dev": Throttle(rate=10, burst=20), "prod": Throttle(rate=100, burst=200)}


def _problem(slug: str, title: str, status: int, detail: str) -> dict[str, Any]:
    return {"type": f"urn:problem:{slug}", "title": title, "status": status, "detail": detail}


FORBIDDEN = _problem(
    "forbidden", "The API key is missing or wrong", 403, "Send the header x-api-key."
)
# What API Gateway answers without asking a function: https://docs.aws.amazon.com/apigateway/
# latest/developerguide/supported-gateway-response-types.html
ANSWERS: dict[str, dict[str, Any]] = {
    "INVALID_API_KEY": FORBIDDEN,
    "ACCESS_DENIED": FORBIDDEN,
    # It answers so to a path that does not exist.
    "MISSING_AUTHENTICATION_TOKEN": _problem(
        "not-found", "There is no such resource", 404, "GET /health needs no key and always is."
    ),
    "REQUEST_TOO_LARGE": RequestTooLarge("Send 64 KB at most.").to_payload(),
    "THROTTLED": TooManyRequests("Try again in a moment.").to_payload(),
    "QUOTA_EXCEEDED": TooManyRequests("The key's quota is used up.").to_payload(),
    "INTEGRATION_FAILURE": _problem(
        "unavailable", "The service is not available", 503, "Try again in a moment."
    ),
    "INTEGRATION_TIMEOUT": _problem(
        "timeout", "The service did not answer in time", 504, "Ask GET /predictions/{clientId}."
    ),
}


class NoApi(Exception):
    """The stage has no API."""


def complete(client: "APIGatewayClient", api: str, settings: Settings) -> str:
    """The API key's id. Safe to repeat."""
    for kind, body in ANSWERS.items():
        client.put_gateway_response(
            restApiId=api,
            responseType=kind,  # type: ignore[arg-type]
            statusCode=str(body["status"]),
            responseParameters={
                "gatewayresponse.header.Content-Type": "'application/problem+json'",
                "gatewayresponse.header.Access-Control-Allow-Origin": "'*'",
            },
            responseTemplates={"application/json": json.dumps(body)},
        )
    client.create_deployment(restApiId=api, stageName=GATEWAY_STAGE, tracingEnabled=True)
    limit_the_stage(client, api, THROTTLES[settings.stage])
    tags = {"project": settings.app_name, "stage": settings.stage}
    region = client.meta.region_name
    stage = f"arn:aws:apigateway:{region}::/restapis/{api}/stages/{GATEWAY_STAGE}"
    client.tag_resource(resourceArn=stage, tags=tags)
    plan = _usage_plan(client, api, settings)
    return _key(client, plan, settings)


def keys(client: "APIGatewayClient", settings: Settings) -> Iterator[tuple[str, str]]:
    """Id and value of each key of this stage, the newest first."""
    pages = client.get_paginator("get_api_keys").paginate(
        nameQuery=settings.prefix, includeValues=True
    )
    found = [key for page in pages for key in page["items"] if key["name"] == settings.prefix]
    for key in sorted(found, key=lambda key: key["createdDate"], reverse=True):
        yield key["id"], key["value"]


def newest(client: "APIGatewayClient", settings: Settings) -> str:
    """The value of the stage's newest key. Raises NoApi."""
    for _, value in keys(client, settings):
        return value
    raise NoApi(f"{settings.stage} has no API key yet: make deploy STAGE={settings.stage}.")


def rotate(client: "APIGatewayClient", settings: Settings) -> str:
    """The new key's id: the old one goes on working until `retire`."""
    plan = _usage_plan_id(client, settings)
    if plan is None:
        raise NoApi(f"{settings.stage} has no API yet: make deploy STAGE={settings.stage}.")
    return _new_key(client, plan, settings)


def retire(client: "APIGatewayClient", settings: Settings) -> int:
    """How many keys were deleted: all but the newest."""
    old = [key for key, _ in keys(client, settings)][1:]
    for key in old:
        client.delete_api_key(apiKey=key)
    return len(old)


def delete(client: "APIGatewayClient", settings: Settings) -> Iterator[str]:
    """The usage plan and its keys, each told as it goes; the API itself is Chalice's."""
    if plan := _usage_plan_id(client, settings):
        _attach(client, plan, [])
        client.delete_usage_plan(usagePlanId=plan)
        yield f"usage plan {settings.prefix}"
    for key, _ in keys(client, settings):
        client.delete_api_key(apiKey=key)
        yield f"API key {key}"


def limit_the_stage(client: "APIGatewayClient", api: str, throttle: Throttle) -> None:
    """GET /health needs no key, so no usage plan limits it."""
    values = {
        "/*/*/throttling/rateLimit": str(throttle.rate),
        "/*/*/throttling/burstLimit": str(throttle.burst),
        "/tracingEnabled": "true",
    }
    patches: Any = [{"op": "replace", "path": k, "value": v} for k, v in values.items()]
    client.update_stage(restApiId=api, stageName=GATEWAY_STAGE, patchOperations=patches)


def _usage_plan(client: "APIGatewayClient", api: str, settings: Settings) -> str:
    throttle = THROTTLES[settings.stage]
    plan = _usage_plan_id(client, settings)
    if plan is None:
        made = client.create_usage_plan(
            name=settings.prefix,
            throttle={"rateLimit": throttle.rate, "burstLimit": throttle.burst},
            tags={"project": settings.app_name, "stage": settings.stage},
        )
        plan = made["id"]
    values = {"/throttle/rateLimit": throttle.rate, "/throttle/burstLimit": throttle.burst}
    patches: Any = [{"op": "replace", "path": k, "value": str(v)} for k, v in values.items()]
    client.update_usage_plan(usagePlanId=plan, patchOperations=patches)
    _attach(client, plan, [f"{api}:{GATEWAY_STAGE}"])
    return plan


def _usage_plan_id(client: "APIGatewayClient", settings: Settings) -> str | None:
    for page in client.get_paginator("get_usage_plans").paginate():
        for plan in page["items"]:
            if plan["name"] == settings.prefix:
                return plan["id"]
    return None


def _attach(client: "APIGatewayClient", plan: str, wanted: list[str]) -> None:
    """The plan is for these stages of APIs and no others."""
    attached = client.get_usage_plan(usagePlanId=plan).get("apiStages", [])
    present = [f"{one['apiId']}:{one['stage']}" for one in attached]
    changes = [("remove", one) for one in present if one not in wanted]
    changes += [("add", one) for one in wanted if one not in present]
    patches: Any = [{"op": op, "path": "/apiStages", "value": one} for op, one in changes]
    if patches:
        client.update_usage_plan(usagePlanId=plan, patchOperations=patches)


def _key(client: "APIGatewayClient", plan: str, settings: Settings) -> str:
    found = [key for key, _ in keys(client, settings)]
    if not found:
        return _new_key(client, plan, settings)
    pages = client.get_paginator("get_usage_plan_keys").paginate(usagePlanId=plan)
    in_plan = {key["id"] for page in pages for key in page["items"]}
    for key in found:
        if key not in in_plan:
            client.create_usage_plan_key(usagePlanId=plan, keyId=key, keyType="API_KEY")
    return found[0]


def _new_key(client: "APIGatewayClient", plan: str, settings: Settings) -> str:
    tags = {"project": settings.app_name, "stage": settings.stage}
    key = client.create_api_key(name=settings.prefix, enabled=True, tags=tags)["id"]
    client.create_usage_plan_key(usagePlanId=plan, keyId=key, keyType="API_KEY")
    return key
