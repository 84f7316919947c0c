import json
import os
import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from localcloud.activity import StillBusy
from localcloud.cloud import Cloud
from localcloud.embedded_cloud import embedded_cloud
from localcloud.services.lambda_.error_logs import suppressed
from localcloud.services.lambda_.functions import LambdaContext

Add = Callable[..., str]


class LenderUnknown(Exception):
    pass


def invoke(name: str, event: Any, **more: Any) -> tuple[Any, str | None]:
    answer = boto3.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event), **more)
    body = answer["Payload"].read()
    return json.loads(body) if body else None, answer.get("FunctionError")


def test_boto3_reaches_the_embedded_account_and_no_other(cloud: Cloud) -> None:
    assert boto3.client("sts").get_caller_identity()["Account"] == "123456789012"


def test_the_environment_is_as_before_when_the_cloud_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "the-bank")
    before = dict(os.environ)
    with embedded_cloud():
        assert "AWS_PROFILE" not in os.environ
    assert dict(os.environ) == before


def test_a_handler_gets_the_event_and_its_answer_comes_back(cloud: Cloud, add: Add) -> None:
    add("double", lambda event, context: {"term": event["term"] * 2})
    assert invoke("double", {"term": 84}) == ({"term": 168}, None)


def test_a_handler_gets_the_context_of_its_function(cloud: Cloud, add: Add) -> None:
    seen: list[LambdaContext] = []
    arn = add("score", lambda event, context: seen.append(context), timeout_seconds=7)
    invoke("score", {})
    [context] = seen
    assert (context.function_name, context.invoked_function_arn) == ("score", arn)
    assert context.memory_limit_in_mb == 512
    assert 6000 < context.get_remaining_time_in_millis() <= 7000


def test_an_exception_is_answered_as_lambda_answers_it(cloud: Cloud, add: Add) -> None:
    def refuse(event: Any, context: Any) -> None:
        raise LenderUnknown("no lender 7")

    add("refuse", refuse)
    answer, error = invoke("refuse", {})
    assert error == "Unhandled"
    assert (answer["errorType"], answer["errorMessage"]) == ("LenderUnknown", "no lender 7")
    assert "refuse" in answer["stackTrace"][-1]


def test_an_answer_that_is_no_json_is_an_error(cloud: Cloud, add: Add) -> None:
    add("decimal", lambda event, context: Decimal("0.5"))
    answer, error = invoke("decimal", {})
    assert error == "Unhandled"
    assert answer["errorType"] == "Runtime.MarshalError"


def test_a_function_without_a_handler_says_what_to_do(cloud: Cloud, add: Add, role: str) -> None:
    boto3.client("lambda").create_function(
        FunctionName="alien", Role=role, Runtime="python3.12", Handler="a.b",
        Code={"ZipFile": b"PK\x05\x06" + bytes(18)},
    )  # fmt: skip
    answer, _ = invoke("alien", {})
    assert "cloud.add_function" in answer["errorMessage"]


def test_an_event_is_retried_twice_and_then_kept_as_a_failure(cloud: Cloud, add: Add) -> None:
    calls: list[Any] = []

    def refuse(event: Any, context: Any) -> None:
        calls.append(event)
        raise LenderUnknown("no lender 7")

    add("refuse", refuse)
    invoke("refuse", {"lender": 7}, InvocationType="Event")
    cloud.idle(5)
    assert calls == [{"lender": 7}] * 3
    [failure] = cloud.failures
    assert (failure.name, failure.event) == ("refuse", {"lender": 7})
    assert failure.error["errorType"] == "LenderUnknown"


def test_an_uploaded_object_is_processed_outside_the_upload(cloud: Cloud, add: Add) -> None:
    uploaded, seen = threading.Event(), []

    def on_upload(event: Any, context: Any) -> None:
        assert uploaded.wait(5), "put_object waited for the function"
        key = event["Records"][0]["s3"]["object"]["key"]
        head = boto3.client("s3").head_object(Bucket="data", Key=key)
        seen.append((key, head["Metadata"]))

    arn = add("on-upload", on_upload)
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="data")
    notify: Any = {"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(
        Bucket="data", NotificationConfiguration={"LambdaFunctionConfigurations": [notify]}
    )
    s3.put_object(Bucket="data", Key="loans.csv", Body=b"1", Metadata={"rows": "1"})
    uploaded.set()
    cloud.idle(5)
    assert seen == [("loans.csv", {"rows": "1"})]


def test_a_published_notice_reaches_the_function_and_the_mailbox(cloud: Cloud, add: Add) -> None:
    seen: list[str] = []
    arn = add("mail", lambda event, _: seen.append(event["Records"][0]["Sns"]["Message"]))
    sns = boto3.client("sns")
    topic = sns.create_topic(Name="notices")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    sns.publish(TopicArn=topic, Subject="Modelo", Message="desplegado")
    cloud.idle(5)
    assert seen == ["desplegado"]
    [notice] = cloud.notices
    assert (notice.topic, notice.subject, notice.message) == ("notices", "Modelo", "desplegado")


def test_an_event_reaches_only_the_rules_that_ask_for_it(cloud: Cloud, add: Add) -> None:
    seen: list[Any] = []
    arn = add("listen", lambda event, _: seen.append((event["source"], event["detail"])))
    events = boto3.client("events")
    events.put_rule(Name="weekly", ScheduleExpression="rate(7 days)")
    events.put_rule(Name="bank", EventPattern=json.dumps({"source": ["bank"]}))
    for rule in ("weekly", "bank"):
        events.put_targets(Rule=rule, Targets=[{"Id": "1", "Arn": arn}])
    for source in ("bank", "shop"):
        events.put_events(Entries=[{"Source": source, "DetailType": "loan", "Detail": '{"n": 1}'}])
    cloud.idle(5)
    assert seen == [("bank", {"n": 1})]


def test_waiting_for_silence_says_who_is_still_busy(cloud: Cloud, add: Add) -> None:
    done = threading.Event()
    add("slow", lambda event, context: done.wait(5) and None)
    invoke("slow", {}, InvocationType="Event")
    with pytest.raises(StillBusy, match="slow"):
        cloud.idle(0.05)
    done.set()
    cloud.idle(5)


@pytest.mark.parametrize(("size", "too_large"), [(6_291_556, False), (6_291_557, True)])
def test_a_response_has_6_mb(cloud: Cloud, add: Add, size: int, too_large: bool) -> None:
    """Asked as a state machine asks; moto's own answer to Invoke stops at 6,000,000."""
    add("large", lambda event, context: "x" * (size - 2))
    function = cloud.functions.find("large")
    assert function
    answer = cloud.functions.invoke(function, b"{}")
    assert answer.failed == too_large
    if too_large:
        assert json.loads(answer.payload)["errorType"] == "Function.ResponseSizeTooLarge"


def test_an_error_is_suppressed_by_its_code_and_not_by_its_class() -> None:
    """botocore makes a client's classes of errors without a lock, so there may be two of one."""
    missing = ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "PutLogEvents")
    with suppressed("ResourceNotFoundException"):
        raise missing
    with pytest.raises(ClientError), suppressed("ResourceAlreadyExistsException"):
        raise missing
