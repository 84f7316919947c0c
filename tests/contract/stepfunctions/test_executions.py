import gc
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.stepfunctions.parser.asl.eval.environment import Environment

from localcloud.cloud import Cloud
from tests.contract.conftest import make_table, permit

Add = Callable[..., str]
ROLE = "arn:aws:iam::123456789012:role/role"
MODELS = ("Tradicional", "NetworkingAccelerator", "AppVengersAccelerator")


class ModelBusy(Exception):
    pass


class ModelGone(Exception):
    pass


def machine(definition: dict[str, Any], kind: Any = "EXPRESS") -> str:
    created = boto3.client("stepfunctions").create_state_machine(
        name=f"machine-{kind}", definition=json.dumps(definition), roleArn=ROLE, type=kind
    )
    return str(created["stateMachineArn"])


def run(arn: str, **event: Any) -> dict[str, Any]:
    return dict(
        boto3.client("stepfunctions").start_sync_execution(
            stateMachineArn=arn, input=json.dumps(event)
        )
    )


def one(state: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": "Only", "States": {"Only": {**state, "End": True}}}


def branch(model: str, arn: str) -> dict[str, Any]:
    unavailable = {"status": "UNAVAILABLE", "cause.$": "$.Error"}
    return {
        "StartAt": model,
        "States": {
            model: {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Parameters": {"FunctionName": arn, "Payload.$": "$.application"},
                "OutputPath": "$.Payload",
                "TimeoutSeconds": 4,
                "Retry": [
                    {"ErrorEquals": ["ModelBusy"], "IntervalSeconds": 1, "MaxAttempts": 2,
                     "BackoffRate": 2, "MaxDelaySeconds": 1, "JitterStrategy": "FULL"}
                ],
                "Catch": [{"ErrorEquals": ["States.ALL"], "Next": f"{model} unavailable"}],
                "End": True,
            },
            f"{model} unavailable": {"Type": "Pass", "Parameters": unavailable, "End": True},
        },
    }  # fmt: skip


def analysis(models: dict[str, str], save: str) -> dict[str, Any]:
    return {
        "StartAt": "Models",
        "TimeoutSeconds": 25,
        "States": {
            "Models": {
                "Type": "Parallel",
                "Branches": [branch(*model) for model in models.items()],
                "ResultSelector": {f"{name}.$": f"$[{i}]" for i, name in enumerate(models)},
                "ResultPath": "$.models",
                "Next": "saveResult",
            },
            "saveResult": {"Type": "Task", "Resource": save, "End": True},
        },
    }


def test_three_models_in_parallel_with_one_busy_one_gone_and_one_saved_result(
    cloud: Cloud, add: Add
) -> None:
    make_table()
    calls: list[str] = []

    def busy_once(event: Any, context: Any) -> Any:
        calls.append("busy")
        if len(calls) == 1:
            raise ModelBusy("try again")
        return {"status": "OK", "score": event["term"]}

    def gone(event: Any, context: Any) -> Any:
        raise ModelGone('endpoint "x" is gone')

    def save(event: Any, context: Any) -> Any:
        item = {"clientId": {"S": event["clientId"]}, "predictionId": {"S": "1"}}
        boto3.client("dynamodb").put_item(TableName="decisions", Item=item)
        return event["models"]

    handlers = (busy_once, gone, lambda event, context: time.sleep(4.5))
    arns = {name: add(name, handler) for name, handler in zip(MODELS, handlers, strict=True)}
    arn = machine(analysis(arns, add("saveResult", save)))
    result = run(arn, clientId="c1", application={"term": 84})

    assert result["status"] == "SUCCEEDED"
    assert json.loads(result["output"]) == {
        "Tradicional": {"status": "OK", "score": 84},
        "NetworkingAccelerator": {"status": "UNAVAILABLE", "cause": "ModelGone"},
        "AppVengersAccelerator": {"status": "UNAVAILABLE", "cause": "States.Timeout"},
    }
    assert result["executionArn"].split(":")[5:7] == ["express", "machine-EXPRESS"]
    assert result["startDate"] < result["stopDate"]
    assert boto3.client("dynamodb").scan(TableName="decisions")["Count"] == 1


def test_an_execution_that_has_ended_is_gone_without_a_collection(cloud: Cloud, add: Add) -> None:
    """A collection stops all threads: with garbage of each decision one came every second."""
    arns = {name: add(name, lambda event, context: event) for name in MODELS}
    arn = machine(analysis(arns, add("saveResult", lambda event, context: event["models"])))
    run(arn, clientId="c1", application={"term": 84})
    gc.collect()
    gc.disable()
    try:
        before = environments()
        result = run(arn, clientId="c1", application={"term": 84})
        deadline = time.monotonic() + 10
        while environments() > before:  # a branch's thread lets go after the execution's end
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        gc.enable()

    assert result["status"] == "SUCCEEDED"


def environments() -> int:
    """Return how many environments of executions there are, whether anything refers to them."""
    return sum(type(one) is Environment for one in gc.get_objects())


def test_a_failed_execution_names_the_error_and_its_cause(cloud: Cloud, add: Add) -> None:
    def gone(event: Any, context: Any) -> Any:
        raise ModelGone("it is gone")

    result = run(machine(one({"Type": "Task", "Resource": add("gone", gone)})))
    assert (result["status"], result["error"]) == ("FAILED", "ModelGone")
    assert json.loads(result["cause"])["errorMessage"] == "it is gone"
    assert "output" not in result


def test_an_execution_that_lasts_too_long_has_timed_out(cloud: Cloud) -> None:
    slow = {**one({"Type": "Wait", "Seconds": 5}), "TimeoutSeconds": 1}
    assert run(machine(slow))["status"] == "TIMED_OUT"


def test_a_missing_function_is_an_error_that_can_be_caught(cloud: Cloud, add: Add) -> None:
    there = add("there", lambda event, context: None)
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": there.replace("there", "nowhere")},
    }
    result = run(machine(one(task)))
    assert (result["status"], result["error"]) == ("FAILED", "Lambda.ResourceNotFoundException")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$.models[0].score", 1),
        ("$.models[1]", {"score": 2}),
        ("$.models[*].score", [1, 2]),
        ("$.models[?(@.score > 1)].score", [2]),
        ("$['odd key']", None),
    ],
)
def test_a_path_names_the_value_itself(cloud: Cloud, path: str, value: Any) -> None:
    arn = machine(one({"Type": "Pass", "Parameters": {"a.$": path}}))
    result = run(arn, models=[{"score": 1}, {"score": 2}], **{"odd key": None})
    assert json.loads(result["output"]) == {"a": value}


def test_a_path_to_nothing_is_an_error(cloud: Cloud) -> None:
    result = run(machine(one({"Type": "Pass", "Parameters": {"a.$": "$.models[2].score"}})))
    assert result["status"] == "FAILED"


def test_jsonata_computes_with_any_text(cloud: Cloud) -> None:
    state = {"Type": "Pass", "Output": "{% $states.input.reason & '!' %}"}
    arn = machine({"QueryLanguage": "JSONata", **one(state)})
    assert json.loads(run(arn, reason='a "quote"\nand \\ more')["output"]) == (
        'a "quote"\nand \\ more!'
    )


def test_one_execution_does_not_see_the_changes_of_another(cloud: Cloud, add: Add) -> None:
    def change(event: Any, context: Any) -> Any:
        event["terms"].append(0)
        return event

    arn = machine(one({"Type": "Task", "Resource": add("change", change)}))
    outputs = {run(arn, terms=[84])["output"] for _ in range(3)}
    assert outputs == {'{"terms":[84,0]}'}


def test_executions_side_by_side_keep_to_their_own_input_and_retries(
    cloud: Cloud, add: Add
) -> None:
    busy: set[int] = set()

    def busy_once(event: Any, context: Any) -> Any:
        if event["term"] not in busy:
            busy.add(event["term"])
            raise ModelBusy("try again")
        return event["term"]

    arns = {name: add(name, lambda event, context: event["term"]) for name in MODELS[1:]}
    save = add("saveResult", lambda event, context: event["models"])
    arn = machine(analysis({MODELS[0]: add(MODELS[0], busy_once), **arns}, save))
    terms = list(range(24))
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda term: run(arn, application={"term": term}), terms))
    assert [json.loads(result["output"]) for result in results] == [
        dict.fromkeys(MODELS, term) for term in terms
    ]


@pytest.mark.parametrize(
    ("kind", "text", "code"),
    [
        ("STANDARD", "{}", "StateMachineTypeNotSupported"),
        ("EXPRESS", "{", "InvalidExecutionInput"),
        (None, "{}", "StateMachineDoesNotExist"),
    ],
)
def test_what_cannot_be_started_is_refused(
    cloud: Cloud, kind: str | None, text: str, code: str
) -> None:
    arn = machine(one({"Type": "Pass"}), kind or "EXPRESS") + ("" if kind else "x")
    with pytest.raises(ClientError) as refused:
        boto3.client("stepfunctions").start_sync_execution(stateMachineArn=arn, input=text)
    assert refused.value.response["Error"]["Code"] == code


def test_a_standard_execution_is_waited_for(cloud: Cloud) -> None:
    stepfunctions = boto3.client("stepfunctions")
    arn = machine(one({"Type": "Wait", "Seconds": 1}), "STANDARD")
    started = stepfunctions.start_execution(stateMachineArn=arn, input="{}")["executionArn"]
    cloud.idle(5)
    assert stepfunctions.describe_execution(executionArn=started)["status"] == "SUCCEEDED"


def test_an_error_that_aws_names_leaves_a_map_and_is_told_by_a_fail(cloud: Cloud) -> None:
    inner = {**one({"Type": "Pass", "Parameters": {"a.$": "$.missing"}})}
    each = {
        "Type": "Map",
        "ItemsPath": "$.loans",
        "ItemProcessor": {"ProcessorConfig": {"Mode": "INLINE"}, **inner},
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Told"}],
        "End": True,
    }
    told = {"Type": "Fail", "ErrorPath": "$.Error", "CausePath": "$.Cause"}
    arn = machine({"StartAt": "Each", "States": {"Each": each, "Told": told}})
    result = run(arn, loans=[{"term": 84}])
    assert result["error"] == "States.Runtime"
    assert "$.missing" in result["cause"]


def test_a_refused_notice_is_an_error_of_sns(cloud: Cloud) -> None:
    arn = boto3.client("sns").create_topic(Name="notices")["TopicArn"]
    permit({"Effect": "Allow", "Action": "lambda:*", "Resource": "*"})
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sns:publish",
        "Parameters": {"TopicArn": arn, "Message": "x"},
    }
    result = run(machine(one(task)))
    assert result["error"] == "SNS.AccessDeniedException"
    assert "sns:Publish" in result["cause"]
