"""Whatever a function, machine or job does, it does under its own role and no other."""

import io
import json
import threading
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from localcloud.cloud import Cloud
from tests.contract.conftest import (
    EVERYTHING,
    ROLE,
    document,
    make_model,
    make_table,
    permit,
    tar_gz,
    trust,
)
from tests.contract.sagemaker_jobs.test_training_jobs import TRAIN, job
from tests.contract.stepfunctions.test_executions import machine, one

TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/decisions"
ITEM = {"clientId": {"S": "c"}, "predictionId": {"S": "p"}}


def allow(action: str | list[str], resource: str | list[str], **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


@pytest.fixture
def run(cloud: Cloud, add: Any) -> Any:
    """run(work): its result, or the error's code, under the role `role`."""
    work: list[Any] = []
    add("work", lambda event, context: work[-1]())

    def run_it(task: Any) -> Any:
        def told() -> Any:
            try:
                task()
            except ClientError as error:
                return error.response["Error"]["Code"]
            return "done"

        work.append(told)
        return json.load(boto3.client("lambda").invoke(FunctionName="work")["Payload"])

    return run_it


def put_item() -> None:
    boto3.client("dynamodb").put_item(TableName="decisions", Item=ITEM)


def test_a_function_may_do_what_its_role_may(run: Any) -> None:
    make_table()
    permit(allow("dynamodb:PutItem", TABLE))

    assert run(put_item) == "done"


@pytest.mark.parametrize(
    "permission",
    [allow("dynamodb:GetItem", TABLE), allow("dynamodb:PutItem", f"{TABLE}2")],
    ids=["another action", "another table"],
)
def test_a_function_may_do_nothing_else(run: Any, permission: Any) -> None:
    make_table()
    permit(permission)

    assert run(put_item) == "AccessDeniedException"


def test_the_operator_may_do_everything(cloud: Cloud) -> None:
    make_table()
    put_item()

    assert not cloud.authorization.allowed


def test_a_transaction_needs_what_is_in_it(run: Any) -> None:
    make_table()
    write: Any = {"Put": {"TableName": "decisions", "Item": ITEM}}

    def transact() -> None:
        boto3.client("dynamodb").transact_write_items(TransactItems=[write])

    permit(allow("dynamodb:PutItem", TABLE))
    assert run(transact) == "done"
    permit(allow("dynamodb:TransactWriteItems", TABLE))
    assert run(transact) == "AccessDeniedException"


def test_a_prefix_that_may_not_be_listed_is_not(run: Any) -> None:
    boto3.client("s3").create_bucket(Bucket="data")
    condition = {"Condition": {"StringLike": {"s3:prefix": "credit/*"}}}
    permit(allow("s3:ListBucket", "arn:aws:s3:::data", **condition))

    def listing(**more: str) -> Any:
        return lambda: boto3.client("s3").list_objects_v2(Bucket="data", **more)

    assert run(listing(Prefix="credit/a")) == "done"
    assert run(listing(Prefix="training/")) == "AccessDenied"
    assert run(listing()) == "AccessDenied"


def test_who_may_not_list_is_not_told_what_is_missing(run: Any) -> None:
    boto3.client("s3").create_bucket(Bucket="data")

    def get() -> None:
        boto3.client("s3").get_object(Bucket="data", Key="none")

    permit(allow("s3:GetObject", "arn:aws:s3:::data/*"))
    assert run(get) == "AccessDenied"
    permit(allow(["s3:GetObject", "s3:ListBucket"], ["arn:aws:s3:::data", "arn:aws:s3:::data/*"]))
    assert run(get) == "NoSuchKey"


def test_a_copy_reads_its_source(run: Any) -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="data")
    s3.put_object(Bucket="data", Key="a", Body=b"1")
    source: Any = {"Bucket": "data", "Key": "a"}

    def copy() -> None:
        boto3.client("s3").copy_object(Bucket="data", Key="b", CopySource=source)

    permit(allow("s3:PutObject", "arn:aws:s3:::data/b"))
    assert run(copy) == "AccessDenied"
    permit(allow("s3:PutObject", "arn:aws:s3:::data/b"), allow("s3:GetObject", "*"))
    assert run(copy) == "done"


def test_the_threads_of_a_transfer_act_as_the_function(run: Any) -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="data")
    s3.put_object(Bucket="data", Key="a", Body=b"1")
    permit(allow("s3:PutObject", "arn:aws:s3:::data/*"))

    def download() -> None:
        boto3.client("s3").download_fileobj("data", "a", io.BytesIO())

    assert run(download) in ("403", "AccessDenied")


def test_a_thread_of_a_function_acts_as_the_function(run: Any, cloud: Cloud) -> None:
    make_table()
    permit(allow("sns:Publish", "*"))
    told: list[str] = []

    def put() -> None:
        try:
            put_item()
        except ClientError as error:
            told.append(error.response["Error"]["Code"])

    def in_a_thread() -> None:
        thread = threading.Thread(target=put)
        thread.start()
        thread.join()

    run(in_a_thread)
    assert told == ["AccessDeniedException"]


@pytest.mark.parametrize(
    ("service", "expected"), [("sagemaker", "done"), ("ecs", "AccessDeniedException")]
)
def test_a_role_is_passed_by_those_who_may_to_the_service_they_may(
    run: Any, service: str, expected: str
) -> None:
    make_model("one")
    condition = {"StringEquals": {"iam:PassedToService": f"{service}.amazonaws.com"}}
    passing = allow("iam:PassRole", ROLE, Condition=condition)
    permit(allow("sagemaker:*", "*"), allow("s3:*", "*"), passing)

    def create() -> None:
        container: Any = {"Image": "i", "ModelDataUrl": "s3://models/one/model.tar.gz"}
        boto3.client("sagemaker").create_model(
            ModelName="two", ExecutionRoleArn=ROLE, PrimaryContainer=container
        )

    assert run(create) == expected


def test_a_machine_invokes_as_itself_and_is_refused_in_step_functions_words(
    cloud: Cloud, add: Any
) -> None:
    arn = add("score", lambda event, context: 1)
    definition = one({"Type": "Task", "Resource": arn})
    permit(allow("states:*", "*"))
    execution = boto3.client("stepfunctions").start_sync_execution(
        stateMachineArn=machine(definition), input="{}"
    )

    assert execution["error"] == "Lambda.AWSLambdaException"
    assert "not authorized to perform: lambda:InvokeFunction" in execution["cause"]


def test_a_role_that_does_not_trust_lambda_runs_no_function(run: Any) -> None:
    boto3.client("iam").update_assume_role_policy(
        RoleName="role", PolicyDocument=document(trust("sagemaker"))
    )

    assert run(put_item)["errorMessage"].startswith("lambda cannot assume")


def test_a_job_reads_as_its_own_role(cloud: Cloud) -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="data")
    s3.put_object(Bucket="data", Key="source.tar.gz", Body=tar_gz({"train.py": TRAIN}))
    s3.put_object(Bucket="data", Key="train/loans.csv", Body=b"84")
    permit(allow("s3:GetObject", "arn:aws:s3:::data/source.tar.gz"), allow("logs:*", "*"))
    boto3.client("sagemaker").create_training_job(**job("blind"))
    cloud.idle(30)
    described = boto3.client("sagemaker").describe_training_job(TrainingJobName="blind")

    assert described["TrainingJobStatus"] == "Failed"
    assert "AccessDenied" in described["FailureReason"]


def test_a_program_that_assumes_a_role_has_that_role_only(cloud: Cloud) -> None:
    make_table()
    permit(allow("dynamodb:GetItem", TABLE))
    key = boto3.client("sts").assume_role(RoleArn=ROLE, RoleSessionName="notebook")["Credentials"]
    dynamodb = boto3.client(
        "dynamodb",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        aws_session_token=key["SessionToken"],
    )

    with pytest.raises(ClientError, match="AccessDeniedException"):
        dynamodb.put_item(TableName="decisions", Item=ITEM)


def test_a_request_of_unknown_resources_is_not_waved_through(cloud: Cloud, add: Any) -> None:
    permit(EVERYTHING)
    add("lists", lambda event, context: boto3.client("dynamodb").list_tables())
    answer = json.load(boto3.client("lambda").invoke(FunctionName="lists")["Payload"])

    assert answer["errorType"] == "UnknownRequest"
