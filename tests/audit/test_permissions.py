"""Every permission is needed, and none is missing: each fault was put in and is found."""

import json

import boto3
import pytest
import requests

from bank.api import serving_api
from bank.audit import findings
from bank.audit_run import API_KEY, sample
from bank.first_run import body_of
from chalicelib.foundation.settings import Settings
from infrastructure.project import app_name
from infrastructure.template import function_policies, roles
from infrastructure.template.function_permissions import function_names, statement
from localcloud.iam import iam_policy

ACCOUNT = "123456789012"
DEV = Settings(app_name(), "dev", "us-east-1")


def declared() -> dict[str, list[dict]]:
    """Statements by role, as the embedded cloud has them."""
    functions = (function_names.API, *function_names.FUNCTIONS)
    own = {DEV.function(name): function_policies.statements(name, DEV) for name in functions}
    others = roles.statements(DEV, ACCOUNT)
    return own | {f"{DEV.prefix}-{name}": given for name, given in others.items()}


STATEMENTS = [
    pytest.param(role, number, id=f"{role}-{number}")
    for role, given in declared().items()
    for number in range(len(given))
]


def permissions(statements: list[dict]) -> list[iam_policy.Permission]:
    return list(iam_policy.parse(json.dumps({"Statement": statements})))


def test_nothing_that_was_needed_was_refused(audited):
    assert audited.findings().refused == {}


def test_nothing_is_given_that_was_never_used(audited):
    assert audited.findings().unused == []


def test_every_function_route_and_machine_took_part(audited):
    assert audited.idle == []


def test_the_roles_are_those_that_are_declared(audited):
    assert audited.given == {role: permissions(given) for role, given in declared().items()}


@pytest.mark.parametrize(("role", "number"), STATEMENTS)
def test_without_any_one_statement_the_audit_fails(audited, role, number):
    rest = [s for n, s in enumerate(declared()[role]) if n != number]
    found = findings({**audited.given, role: permissions(rest)}, audited.calls, [])

    assert not found.clean
    assert {call.role for call in found.refused} == {role}


def test_without_any_one_action_on_any_one_resource_the_audit_fails(audited):
    for role, given in audited.given.items():
        for permission in given:
            rest = [one for one in given if one != permission]
            found = findings({**audited.given, role: rest}, audited.calls, [])

            assert found.refused, (role, permission)


def test_a_permission_that_nobody_uses_is_found(audited):
    role = DEV.function("saveResult")
    table = f"arn:aws:dynamodb:*:*:table/{DEV.predictions_table}"
    more = permissions([statement.allow("dynamodb:DeleteItem", table)])
    found = findings({**audited.given, role: [*audited.given[role], *more]}, audited.calls, [])

    assert found.unused == [(role, more[0])]


def test_a_function_that_did_not_run_is_found(audited):
    assert not findings(audited.given, audited.calls, ["appvengers-dev-new"]).clean


@pytest.fixture
def without(audited):
    """without(role, action): takes it away in the running bank; the test's end gives it back."""
    iam, taken = boto3.client("iam"), []

    def take(role: str, action: str) -> None:
        (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
        taken.append((role, name))
        rest = [s for s in declared()[role] if action not in s["Action"]]
        put(role, name, rest)

    def put(role: str, name: str, statements: list[dict]) -> None:
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=document)

    yield take
    for role, name in taken:
        put(role, name, declared()[role])


@pytest.fixture
def predict(audited):
    body = body_of(next(iter(sample().cases())))
    with serving_api(audited.bank, API_KEY, 0) as port:
        url, headers = f"http://127.0.0.1:{port}/predict", {"x-api-key": API_KEY}
        yield lambda: requests.post(url, json=body, headers=headers, timeout=60)


def test_a_model_that_may_not_ask_its_endpoint_is_unavailable(without, predict):
    without(DEV.function("Tradicional"), "sagemaker:InvokeEndpoint")
    models = predict().json()["models"]

    assert models["Tradicional"] == {"status": "UNAVAILABLE", "cause": "UNREACHABLE"}
    assert models["AppVengersAccelerator"]["status"] == "OK"


def test_a_machine_that_may_not_invoke_answers_nothing(without, predict):
    without(f"{DEV.prefix}-analisisCredito", "lambda:InvokeFunction")

    assert predict().status_code == 503


def test_a_decision_that_may_not_be_stored_is_not_answered(without, predict):
    without(DEV.function("saveResult"), "dynamodb:PutItem")

    assert predict().status_code == 503


def test_what_sagemaker_may_not_read_becomes_no_endpoint(audited, without):
    without(f"{DEV.prefix}-endpoints", "s3:GetObject")
    sagemaker = boto3.client("sagemaker")
    configs = sagemaker.list_endpoint_configs(NameContains="-spoilt")["EndpointConfigs"]
    config = configs[0]["EndpointConfigName"]  # of one invocation at a time: within the quota
    sagemaker.create_endpoint(EndpointName="unreadable", EndpointConfigName=config)
    audited.bank.cloud.idle(30)
    reason = sagemaker.describe_endpoint(EndpointName="unreadable")["FailureReason"]
    sagemaker.delete_endpoint(EndpointName="unreadable")

    assert "AccessDenied" in reason
