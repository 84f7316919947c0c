"""A second deployment changes nothing; another machine makes no second API; what is taken down is
gone, but for the data. In this order, on one stage."""

import json
import shutil
from typing import Any

import boto3
import pytest

from chalicelib.foundation.settings import Settings
from infrastructure.deploy.steps import chalice_deploy
from infrastructure.operate import removal
from infrastructure.packing.lambda_package import STAGED
from infrastructure.template.stack_template import TEMPLATES

DEV = Settings("appvengers", "dev", "us-east-1")
TABLE = "dev-appvengers-PrediccionesCredito"
BUCKETS = [*DEV.buckets]
# What tells when, or which time, but not what.
PASSING = ("LastModified", "RevisionId", "Id", "updateDate", "revisionId")


def inventory() -> dict[str, Any]:
    """All that stands, by service; not what is in the table and the buckets."""
    apigateway, iam = boto3.client("apigateway"), boto3.client("iam")
    (api,) = chalice_deploy.apis(apigateway, DEV)
    roles = [role["RoleName"] for role in iam.list_roles()["Roles"]]
    machine = DEV.analysis_machine_arn("123456789012")
    found = {
        "functions": boto3.client("lambda").list_functions()["Functions"],
        "permissions": boto3.client("lambda").get_policy(FunctionName="appvengers-dev")["Policy"],
        "roles": {role: iam.list_role_policies(RoleName=role)["PolicyNames"] for role in roles},
        "api": api,
        "routes": {
            resource["path"]: sorted(resource.get("resourceMethods", {}))
            for resource in apigateway.get_resources(restApiId=api)["items"]
        },
        "keys": [key["id"] for key in apigateway.get_api_keys()["items"]],
        "plans": apigateway.get_usage_plans()["items"],
        "stacks": [
            boto3.client("cloudformation").describe_stack_resources(
                StackName=f"dev-appvengers-{template}"
            )["StackResources"]
            for template in TEMPLATES
        ],
        "rules": boto3.client("events").list_rules()["Rules"],
        "trigger": boto3.client("s3").get_bucket_notification_configuration(Bucket=BUCKETS[0]),
        "machine": boto3.client("stepfunctions").describe_state_machine(stateMachineArn=machine),
        "endpoints": boto3.client("sagemaker").list_endpoints()["Endpoints"],
        "groups": boto3.client("logs").describe_log_groups()["logGroups"],
    }
    plain: dict[str, Any] = json.loads(json.dumps(found, default=str))
    return _without_passing(plain)


def _without_passing(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {k: v for k, v in value.items() if k not in (*PASSING, "ResponseMetadata")}
        return {key: _without_passing(one) for key, one in kept.items()}
    return [_without_passing(one) for one in value] if isinstance(value, list) else value


def stored() -> int:
    return boto3.client("dynamodb").scan(TableName=TABLE, Select="COUNT")["Count"]


def test_a_second_deployment_changes_nothing_even_from_another_machine(deployed):
    before, predictions = inventory(), stored()
    shutil.rmtree(STAGED)
    said = deployed.operator.deploy()

    assert "nothing to change" in said
    assert "rows in s3://" not in said  # no other snapshot, and no training
    assert inventory() == before
    assert stored() == predictions + 1  # the smoke test's own


def test_the_state_that_chalice_keeps_is_in_s3_and_names_the_one_api(deployed):
    state = chalice_deploy.DeployedState(boto3.client("s3"), DEV).read()

    (api,) = chalice_deploy.apis(boto3.client("apigateway"), DEV)
    assert chalice_deploy.rest_api(state)["rest_api_id"] == api


def test_a_lost_state_is_mended_from_what_stands(deployed):
    apigateway = boto3.client("apigateway")
    (api,) = chalice_deploy.apis(apigateway, DEV)

    known = chalice_deploy.with_the_living_api({"resources": []}, [api], DEV)
    assert chalice_deploy.rest_api(known)["rest_api_id"] == api
    with pytest.raises(chalice_deploy.TwoApis, match="delete those that nobody calls"):
        chalice_deploy.with_the_living_api({"resources": []}, [api, "another"], DEV)


def test_data_are_not_deleted_unless_told_twice(deployed):
    code, said = deployed.operator.run("infrastructure.operate.destroy", "--stage", "dev", "--data")

    assert code == 1
    assert "make destroy STAGE=dev DATA=yes CONFIRM=dev-appvengers" in said
    assert TABLE in said
    assert boto3.client("sagemaker").list_endpoints()["Endpoints"]


def test_production_is_not_taken_down_by_a_slip(deployed):
    code, said = deployed.operator.run("infrastructure.operate.destroy", "--stage", "prod")

    assert code == 1
    assert "YES=yes" in said


def test_what_costs_money_goes_and_the_data_stay(deployed):
    predictions = stored()
    said = deployed.operator.destroy()

    # No schedule that still stands makes an endpoint anew.
    assert said.rindex("Deleting function: ") < said.index("deleted endpoint")
    assert stored() == predictions
    assert [bucket["Name"] for bucket in boto3.client("s3").list_buckets()["Buckets"]] == BUCKETS
    assert all(f"bucket {bucket}" in said.partition("Left:")[2] for bucket in BUCKETS)
    assert [kind for kind, found in standing().items() if found] == []


def test_a_stage_comes_back_to_its_data_and_goes_with_them(deployed):
    predictions = stored()
    said = deployed.operator.deploy("--without-models")
    assert "no model is in service yet; GET /health answers" in said
    assert stored() == predictions

    said = deployed.operator.destroy("--data", "--confirm", "dev-appvengers")
    assert "Nothing is left." in said
    assert boto3.client("dynamodb").list_tables()["TableNames"] == []
    assert boto3.client("s3").list_buckets()["Buckets"] == []


def _log_groups() -> list[str]:
    """Without the one that all training jobs of an account share."""
    found = boto3.client("logs").describe_log_groups()["logGroups"]
    names = [group["logGroupName"] for group in found]
    return [name for name in names if name not in removal.JOB_LOGS]


def standing() -> dict[str, list[Any]]:
    sagemaker, apigateway = boto3.client("sagemaker"), boto3.client("apigateway")
    return {
        "functions": boto3.client("lambda").list_functions()["Functions"],
        "roles": boto3.client("iam").list_roles()["Roles"],
        "rules": boto3.client("events").list_rules()["Rules"],
        "groups": _log_groups(),
        "machines": boto3.client("stepfunctions").list_state_machines()["stateMachines"],
        "endpoints": sagemaker.list_endpoints()["Endpoints"],
        "configurations": sagemaker.list_endpoint_configs()["EndpointConfigs"],
        "models": sagemaker.list_models()["Models"],
        "apis": apigateway.get_rest_apis()["items"],
        "keys": apigateway.get_api_keys()["items"],
        "plans": apigateway.get_usage_plans()["items"],
        "training logs": boto3.client("logs").describe_log_streams(
            logGroupName=removal.TRAINING_LOGS
        )["logStreams"],
        "topics": boto3.client("sns").list_topics()["Topics"],
    }
