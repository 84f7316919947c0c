"""What is asked of API Gateway, which takes one change of a usage plan in 20 seconds."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.stub import Stubber
from moto.apigateway.models import apigateway_backends

from chalicelib.foundation.settings import Settings
from chalicelib.people import key_scopes
from chalicelib.people.access import Scope
from chalicelib.profile.tables.api_tables import LIMITS
from infrastructure.deploy.steps import api_keys, deployed_api
from localcloud.embedded_cloud import embedded_cloud

DEV = Settings("appvengers", "dev", "us-east-1")
READING = ("Get",)


@pytest.fixture
def rest_api() -> Iterator[str]:
    with embedded_cloud():
        gateway = boto3.client("apigateway")
        made = gateway.create_rest_api(name="appvengers")["id"]
        (root,) = gateway.get_resources(restApiId=made)["items"]
        method: Any = {"restApiId": made, "resourceId": root["id"], "httpMethod": "GET"}
        gateway.put_method(**method, authorizationType="NONE")
        gateway.put_integration(**method, type="MOCK")
        gateway.create_deployment(restApiId=made, stageName="v1")
        yield made


def changes(client: Any) -> list[str]:
    """The names of the requests that change something, as they are made."""
    made: list[str] = []

    def note(model: Any, **_: Any) -> None:
        if not model.name.startswith(READING):
            made.append(model.name)

    client.meta.events.register("before-call.api-gateway", note)
    return made


def test_the_second_time_nothing_is_asked_for(rest_api):
    client = deployed_api.client()
    made = changes(client)
    deployed_api.complete(client, boto3.client("ssm"), rest_api, DEV)
    assert made.count("CreateDeployment") == 1
    assert made.count("CreateUsagePlan") == 1
    assert "UpdateUsagePlan" not in made

    made.clear()
    deployed_api.complete(client, boto3.client("ssm"), rest_api, DEV)
    # moto tells no limits of a stage, so that they are set again here
    assert [name for name in made if name != "UpdateStage"] == []


def test_what_differs_of_a_plan_is_one_request(rest_api):
    client = deployed_api.client()
    deployed_api.complete(client, boto3.client("ssm"), rest_api, DEV)
    (plan,) = client.get_usage_plans()["items"]
    operations: Any = [
        {"op": "replace", "path": "/throttle/rateLimit", "value": "1"},
        {"op": "remove", "path": "/apiStages", "value": f"{rest_api}:v1"},
    ]
    client.update_usage_plan(usagePlanId=plan["id"], patchOperations=operations)
    made = changes(client)
    deployed_api.complete(client, boto3.client("ssm"), rest_api, DEV)

    assert made.count("UpdateUsagePlan") == 1
    (plan,) = client.get_usage_plans()["items"]
    assert plan["throttle"] == {"rateLimit": 10, "burstLimit": 20}
    assert plan["apiStages"] == [{"apiId": rest_api, "stage": "v1"}]


def test_an_answer_that_chalice_reset_is_given_and_deployed_again(rest_api):
    client = deployed_api.client()
    deployed_api.complete(client, boto3.client("ssm"), rest_api, DEV)
    client.delete_gateway_response(restApiId=rest_api, responseType="THROTTLED")
    made = changes(client)
    deployed_api.complete(client, boto3.client("ssm"), rest_api, DEV)

    assert made.count("PutGatewayResponse") == 1
    assert made.count("CreateDeployment") == 1


def scopes_written() -> key_scopes.Known:
    found = boto3.client("ssm").get_parameter(Name=DEV.key_scopes_parameter)
    return key_scopes.parsed(found["Parameter"]["Value"])


def test_a_new_stage_has_a_key_for_each_scope_and_no_other(rest_api):
    client = deployed_api.client()
    deployed_api.complete(client, boto3.client("ssm"), rest_api, DEV)
    keys = client.get_api_keys()["items"]

    assert {key["name"] for key in keys} == {f"dev-appvengers-{scope}" for scope in Scope}
    named = {key["id"]: frozenset([Scope(key["name"].rpartition("-")[2])]) for key in keys}
    assert scopes_written() == named


def test_the_key_of_an_older_stage_keeps_every_scope_before_and_after(rest_api):
    client, ssm = deployed_api.client(), boto3.client("ssm")
    old = client.create_api_key(name="dev-appvengers", enabled=True)["id"]
    other = client.create_api_key(name="dev-appvengers-2", enabled=True)["id"]
    api_keys.record(client, ssm, DEV)  # before the new functions are deployed
    assert scopes_written() == {old: frozenset(Scope)}

    deployed_api.complete(client, ssm, rest_api, DEV)
    assert scopes_written()[old] == frozenset(Scope)
    assert len(scopes_written()) == 1 + len(Scope)
    assert other not in scopes_written()
    assert api_keys.retire(client, ssm, DEV, None) == 1
    assert old not in scopes_written()


def test_a_rotated_key_has_its_scope_before_it_is_in_the_plan(rest_api):
    client, ssm = deployed_api.client(), boto3.client("ssm")
    deployed_api.complete(client, ssm, rest_api, DEV)
    before, order = api_keys.newest(client, DEV, Scope.READING), []
    for key in apigateway_backends["123456789012"]["us-east-1"].keys.values():
        key.created_date -= 60  # which counts whole seconds
    plan = deployed_api.usage_plan(client, DEV)
    for made in (client, ssm):
        made.meta.events.register("before-call", lambda model, **_: order.append(model.name))
    api_keys.rotate(client, ssm, plan, Scope.READING, DEV)
    changing = [name for name in order if not name.startswith("Get")]

    assert changing == ["CreateApiKey", "PutParameter", "CreateUsagePlanKey"]
    assert len(scopes_written()) == len(Scope) + 1
    assert api_keys.retire(client, ssm, DEV, Scope.READING) == 1
    assert api_keys.newest(client, DEV, Scope.READING) != before
    assert len(scopes_written()) == len(Scope)


def test_a_destroyed_stage_keeps_neither_keys_nor_scopes(rest_api):
    client, ssm = deployed_api.client(), boto3.client("ssm")
    deployed_api.complete(client, ssm, rest_api, DEV)
    gone = [*deployed_api.delete(client, ssm, DEV)]

    assert len(gone) == 1 + len(Scope) + 1
    assert client.get_api_keys()["items"] == []
    assert ssm.describe_parameters()["Parameters"] == []


def test_too_many_requests_are_made_again_later(rest_api):
    client, refused = deployed_api.client(), []

    def refuse_twice(**_: Any) -> AWSResponse | None:
        if len(refused) == 2:
            return None
        refused.append(429)
        raw = type("Raw", (), {"stream": lambda *_, **__: iter([b"{}"])})()
        headers = {"x-amzn-ErrorType": "TooManyRequestsException"}
        return AWSResponse("https://any", 429, headers, raw)

    client.meta.events.register("before-send.api-gateway", refuse_twice)
    assert client.get_usage_plans()["items"] == []
    assert refused == [429, 429]


LIMITED = {"throttlingRateLimit": 15.0, "throttlingBurstLimit": 30}


@pytest.mark.parametrize(
    ("stage", "wanted"),
    [
        ({"tracingEnabled": True, "methodSettings": {"*/*": LIMITED}}, []),
        ({"methodSettings": {"*/*": LIMITED}}, [("/tracingEnabled", "true")]),
        (
            {"tracingEnabled": True},
            [("/*/*/throttling/rateLimit", "15"), ("/*/*/throttling/burstLimit", "30")],
        ),
    ],
)
def test_a_stage_is_told_only_what_differs(stage, wanted):
    client = boto3.client("apigateway", region_name="us-east-1")
    with Stubber(client) as stubbed:
        stubbed.add_response("get_stage", stage)
        if wanted:
            patches = [{"op": "replace", "path": path, "value": value} for path, value in wanted]
            given = {"restApiId": "id", "stageName": "v1", "patchOperations": patches}
            stubbed.add_response("update_stage", {}, given)

        deployed_api.limit_the_stage(client, "id", LIMITS["dev"].route)
        stubbed.assert_no_pending_responses()
