"""Requests beyond a limit get 429: of each API key, and of all callers of a method."""

from collections.abc import Callable
from typing import Any

import boto3
import pytest
import requests

from localcloud.cloud import Cloud
from localcloud.services.apigateway.refused import Refused
from localcloud.services.apigateway.token_buckets import Throttle, TokenBuckets


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def taken(buckets: TokenBuckets, name: str, throttle: Throttle, times: int) -> int:
    """How many tokens of so many asked for there were."""
    found = 0
    for _ in range(times):
        try:
            buckets.take(name, throttle)
        except Refused as refused:
            assert refused.kind == "THROTTLED"
        else:
            found += 1
    return found


def test_a_bucket_holds_its_burst_and_gains_its_rate():
    clock, throttle = Clock(), Throttle(rate=10, burst=20)
    buckets = TokenBuckets(clock)

    assert taken(buckets, "a", throttle, 50) == 20
    clock.now += 0.5
    assert taken(buckets, "a", throttle, 50) == 5
    clock.now += 1.0
    assert taken(buckets, "a", throttle, 50) == 10
    clock.now += 1_000
    assert taken(buckets, "a", throttle, 50) == 20


def test_each_name_has_a_bucket_of_its_own_and_no_throttle_is_no_limit():
    buckets, throttle = TokenBuckets(Clock()), Throttle(rate=1, burst=1)

    assert [taken(buckets, name, throttle, 2) for name in ("a", "b")] == [1, 1]
    for _ in range(100):
        buckets.take("a", None)


Ask = Callable[[str, str], int]


@pytest.fixture
def deployed(cloud: Cloud, add: Callable[..., str]) -> tuple[str, Ask, list[str]]:
    """A deployed API with two routes and a plan with two keys: its id, a caller, and the keys."""
    arn, client = add("limits", lambda *_: {"statusCode": 200}), boto3.client("apigateway")
    api = client.create_rest_api(name="bank")["id"]
    root = client.get_resources(restApiId=api)["items"][0]["id"]
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"
    for path in ("keyed", "other", "open"):
        made = client.create_resource(restApiId=api, parentId=root, pathPart=path)["id"]
        names: Any = {"restApiId": api, "resourceId": made, "httpMethod": "GET"}
        client.put_method(**names, authorizationType="NONE", apiKeyRequired=path != "open")
        client.put_integration(**names, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    client.create_deployment(restApiId=api, stageName="v1")
    places: Any = [{"apiId": api, "stage": "v1"}]
    plan = client.create_usage_plan(name="p", apiStages=places)["id"]
    keys = [client.create_api_key(name=name, enabled=True) for name in ("a", "b")]
    for key in keys:
        client.create_usage_plan_key(usagePlanId=plan, keyId=key["id"], keyType="API_KEY")
    address = f"http://127.0.0.1:{cloud.serve_aws(0)}/restapis/{api}/v1/_user_request_"

    def ask(path: str, key: str = "") -> int:
        headers = {"x-api-key": key}
        return requests.get(f"{address}/{path}", headers=headers, timeout=10).status_code

    return api, ask, [key["value"] for key in keys]


def patches(place: str, burst: int) -> Any:
    """A bucket that is never refilled, so that no test waits for a token."""
    limits = {"rateLimit": "0", "burstLimit": str(burst)}
    return [
        {"op": "replace", "path": f"{place}/{name}", "value": value}
        for name, value in limits.items()
    ]


def test_without_limits_every_request_is_answered(deployed):
    _, ask, (key, _) = deployed

    assert {ask("keyed", key) for _ in range(30)} == {200}


def test_a_usage_plan_limits_each_of_its_keys(deployed):
    _, ask, (one, another) = deployed
    client = boto3.client("apigateway")
    (plan,) = client.get_usage_plans()["items"]
    client.update_usage_plan(usagePlanId=plan["id"], patchOperations=patches("/throttle", 3))

    assert [ask("keyed", one) for _ in range(4)] == [200, 200, 200, 429]
    assert ask("other", one) == 429  # a key has one bucket for all routes
    assert [ask("keyed", another) for _ in range(4)] == [200, 200, 200, 429]
    assert ask("open", one) == 200  # what needs no key counts for none
    assert [ask("keyed", key) for key in ("", "wrong")] == [403, 403]


def test_a_stage_limits_each_of_its_methods_for_all_callers(deployed):
    api, ask, (one, another) = deployed
    boto3.client("apigateway").update_stage(
        restApiId=api, stageName="v1", patchOperations=patches("/*/*/throttling", 3)
    )

    assert [ask("keyed", key) for key in (one, another, one, another)] == [200, 200, 200, 429]
    assert [ask("open") for _ in range(4)] == [200, 200, 200, 429]
    assert ask("other", one) == 200
    assert ask("keyed", "wrong") == 403
