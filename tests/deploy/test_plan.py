"""What moto can't show, asserted on what is asked of AWS: Chalice's plan and Swagger, ours by
botocore's Stubber."""

import os
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber
from chalice.cli.factory import CLIFactory
from chalice.deploy.swagger import SwaggerGenerator

from chalicelib.foundation.settings import STAGES, Settings
from infrastructure.deploy.steps import deployed_api, stack
from infrastructure.project import ROOT, functions_of

DEV = Settings("appvengers", "dev", "us-east-1")

OPEN = ("/", "/console/{name}", "/health", "/openapi.json", "/docs", "/docs/{name}")


@pytest.fixture(params=STAGES)
def config(request, monkeypatch) -> Any:
    monkeypatch.setenv("STAGE", request.param)
    return CLIFactory(str(ROOT), environ=os.environ).create_config_obj(request.param)


def test_the_api_is_regional_traced_and_has_the_stage_that_we_complete(config):
    scoped = config.scope(config.chalice_stage, "api_handler")

    assert scoped.api_gateway_endpoint_type == "REGIONAL"
    assert scoped.api_gateway_stage == deployed_api.GATEWAY_STAGE
    assert scoped.xray_enabled is True
    assert scoped.lambda_architecture == "arm64"
    assert scoped.log_retention_in_days == 90


def test_the_swagger_asks_for_a_key_or_a_token_everywhere_but_at_six_places(config):
    deployed = {"api_handler_arn": "arn:aws:lambda:us-east-1:1:function:f", "api_handler_name": "f"}
    document = SwaggerGenerator("us-east-1", deployed).generate_swagger(config.chalice_app)

    for path, methods in document["paths"].items():
        for method, declared in methods.items():
            is_open, is_peoples = method == "options" or path in OPEN, "/people/" in path
            asked = [] if is_open else [{"People": []}] if is_peoples else [{"api_key": []}]
            assert declared.get("security", []) == asked, (path, method)
    assert document["securityDefinitions"]["api_key"] == {
        "type": "apiKey",
        "name": "x-api-key",
        "in": "header",
    }
    people = document["securityDefinitions"]["People"]["x-amazon-apigateway-authorizer"]
    assert people == {
        "type": "cognito_user_pools",
        "providerARNs": [
            "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_NoPoolIsSet"
        ],
        "identityValidationExpression": "^none$",
    }


def test_every_function_that_chalice_knows_is_one_that_destroy_knows(config):
    app = config.chalice_app
    registered = {function.name for function in app.pure_lambda_functions}
    registered |= {source.name for source in app.event_sources}

    assert registered == set(functions_of(config.chalice_stage))


WANTED = {
    **dict.fromkeys(("StackName", "ChangeSetName", "TemplateBody", "Parameters", "Tags"), ANY),
    "Capabilities": ["CAPABILITY_NAMED_IAM"],
    "ImportExistingResources": True,
}


def change_set(*changes: dict[str, Any]) -> dict[str, Any]:
    return {
        "ChangeSetId": "arn:aws:cloudformation:us-east-1:1:changeSet/one",
        "Status": "CREATE_COMPLETE",
        "Changes": [{"Type": "Resource", "ResourceChange": change} for change in changes],
    }


def stack_in(status: str) -> dict[str, Any]:
    described = {"StackName": "dev-appvengers-resources", "StackStatus": status}
    return {"Stacks": [described | {"CreationTime": "2026-11-24T00:00:00Z"}]}


def stubbed_change(stubbed: Stubber, status: str, *changes: dict[str, Any]) -> None:
    made = change_set(*changes)["ChangeSetId"]
    stubbed.add_response("describe_stacks", stack_in(status))
    stubbed.add_response("create_change_set", {"Id": made}, {**WANTED, "ChangeSetType": "UPDATE"})
    stubbed.add_response("describe_change_set", change_set(*changes))


REMOVED = {
    "Action": "Remove",
    "LogicalResourceId": "PrediccionesCredito",
    "ResourceType": "AWS::DynamoDB::Table",
}
REPLACED = REMOVED | {"Action": "Modify", "Replacement": "True"}


PERHAPS = REMOVED | {"Action": "Modify", "Replacement": "Conditional"}


@pytest.mark.parametrize("change", [REMOVED, REPLACED, PERHAPS])
def test_a_change_that_loses_something_is_not_made_unless_it_is_wished(change):
    client = boto3.client("cloudformation", region_name="us-east-1")
    with Stubber(client) as stubbed:
        stubbed_change(stubbed, "UPDATE_COMPLETE", change)
        stubbed.add_response("delete_change_set", {})

        with pytest.raises(stack.StackFailed, match=r"YES=yes.*PrediccionesCredito"):
            stack.deploy_one(client, "appvengers", "dev", "resources")
        stubbed.assert_no_pending_responses()


def test_the_first_thing_that_failed_in_a_stack_is_told():
    client = boto3.client("cloudformation", region_name="us-east-1")
    failed = {"ResourceStatus": "UPDATE_FAILED", "LogicalResourceId": "DataBucket"}
    event = {"StackId": "s", "EventId": "e", "StackName": "n", "Timestamp": "2026-11-24T00:00:00Z"}
    events = [
        event | failed | {"LogicalResourceId": "Topic", "ResourceStatusReason": "cancelled"},
        event | failed | {"ResourceStatusReason": "it is somebody else's"},
    ]
    with Stubber(client) as stubbed:
        stubbed_change(stubbed, "CREATE_COMPLETE", REMOVED | {"Action": "Add"})
        stubbed.add_response("execute_change_set", {})
        stubbed.add_response("describe_stacks", stack_in("UPDATE_ROLLBACK_COMPLETE"))
        stubbed.add_response("describe_stack_events", {"StackEvents": events})

        with pytest.raises(stack.StackFailed, match="DataBucket: it is somebody else's"):
            stack.deploy_one(client, "appvengers", "dev", "resources")


def test_a_stack_whose_creation_failed_is_made_anew():
    client = boto3.client("cloudformation", region_name="us-east-1")
    gone = {"service_error_code": "ValidationError", "service_message": "x does not exist"}
    with Stubber(client) as stubbed:
        stubbed.add_response("describe_stacks", stack_in("ROLLBACK_COMPLETE"))
        stubbed.add_response("delete_stack", {})
        stubbed.add_client_error("describe_stacks", **gone)
        stubbed.add_response("create_change_set", {"Id": "arn:aws:cloudformation:r:1:x"})
        stubbed.add_response("describe_change_set", change_set())
        stubbed.add_response("execute_change_set", {})
        stubbed.add_response("describe_stacks", stack_in("CREATE_COMPLETE"))

        made = stack.deploy_one(client, "appvengers", "dev", "resources")
        assert made == "dev-appvengers-resources"
        stubbed.assert_no_pending_responses()
