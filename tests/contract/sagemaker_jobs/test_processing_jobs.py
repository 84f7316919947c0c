import json
import time
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from localcloud.cloud import Cloud
from localcloud.embedded_cloud import embedded_cloud
from localcloud.services.servicequotas.account_quotas import GRANTED
from tests.contract.conftest import (
    EVERYTHING,
    ROLE,
    document,
    make_role,
    permit,
    tar_gz,
    trust,
)
from tests.contract.sagemaker_jobs.test_training_jobs import AWS_GIVES, TRAIN, execute
from tests.contract.sagemaker_jobs.test_training_jobs import job as training
from tests.contract.stepfunctions.test_executions import one

COUNT = """
import argparse, os, sys, time
from pathlib import Path
parser = argparse.ArgumentParser()
for name in ("loans", "out", "message"):
    parser.add_argument("--" + name, type=Path)
parser.add_argument("--mode", default="")
args = parser.parse_args()
print("counting")
if args.mode == "sleep":
    time.sleep(30)
if args.mode == "fail":
    args.message.write_text("no loan matured")
    sys.exit(3)
if args.mode == "environ":
    import json
    Path(args.out / "environ.json").write_text(json.dumps(dict(os.environ)))
if args.mode == "aws":
    import boto3
    s3 = boto3.client("s3", os.environ["AWS_REGION"])
    s3.put_object(Bucket="data", Key="told", Body=b"by the script")
(args.out / "counts").mkdir(exist_ok=True)
total = sum(len(path.read_text().split()) for path in args.loans.iterdir())
(args.out / "counts" / "count.txt").write_text(f"{total} {os.environ['UNIT']}")
"""
INPUT, OUTPUT = "/opt/ml/processing/input", "/opt/ml/processing/output"


def job(name: str, mode: str = "", seconds: int = 60, **more: Any) -> dict[str, Any]:
    def given(what: str, key: str) -> dict[str, Any]:
        place = {"S3Uri": f"s3://data/{key}", "LocalPath": f"{INPUT}/{what}",
                 "S3DataType": "S3Prefix", "S3InputMode": "File"}  # fmt: skip
        return {"InputName": what, "S3Input": place}

    output = {"S3Uri": f"s3://data/counted/{name}", "LocalPath": OUTPUT,
              "S3UploadMode": "EndOfJob"}  # fmt: skip
    return {
        "ProcessingJobName": name,
        "RoleArn": ROLE,
        "AppSpecification": {
            "ImageUri": "sklearn",
            "ContainerEntrypoint": ["python3", f"{INPUT}/code/count.py"],
            "ContainerArguments": ["--loans", f"{INPUT}/loans", "--out", OUTPUT, "--message",
                                   "/opt/ml/output/message", "--mode", mode],
        },
        "Environment": {"UNIT": "loans"},
        "ProcessingInputs": [given("code", "code/count.py"), given("loans", "loans/")],
        "ProcessingOutputConfig": {"Outputs": [{"OutputName": "out", "S3Output": output}]},
        "ProcessingResources": {"ClusterConfig": {"InstanceCount": 1, "VolumeSizeInGB": 5,
                                                  "InstanceType": "ml.m5.large"}},
        "StoppingCondition": {"MaxRuntimeInSeconds": seconds},
    } | more  # fmt: skip


def put_data() -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="data")
    s3.put_object(Bucket="data", Key="code/count.py", Body=COUNT)
    for month, loans in (("2006-01", b"84 120"), ("2006-02", b"36")):
        s3.put_object(Bucket="data", Key=f"loans/{month}.txt", Body=loans)


@pytest.fixture
def sagemaker(cloud: Cloud) -> Any:
    put_data()
    return boto3.client("sagemaker")


def content(key: str) -> str:
    body = boto3.client("s3").get_object(Bucket="data", Key=key)["Body"]
    return body.read().decode()


def test_a_job_reads_its_inputs_and_leaves_its_outputs(cloud: Cloud, sagemaker: Any) -> None:
    arn = sagemaker.create_processing_job(**job("first"))["ProcessingJobArn"]
    begun = sagemaker.describe_processing_job(ProcessingJobName="first")
    assert (begun["ProcessingJobArn"], begun["ProcessingJobStatus"]) == (arn, "InProgress")
    cloud.idle(30)
    done = sagemaker.describe_processing_job(ProcessingJobName="first")
    assert done["ProcessingJobStatus"] == "Completed"
    assert content("counted/first/counts/count.txt") == "3 loans"
    logs = boto3.client("logs").get_log_events(
        logGroupName="/aws/sagemaker/ProcessingJobs", logStreamName="first/algo-1"
    )
    assert [event["message"] for event in logs["events"]] == ["counting"]


def test_a_failed_job_says_why_and_leaves_nothing(cloud: Cloud, sagemaker: Any) -> None:
    sagemaker.create_processing_job(**job("failing", "fail"))
    missing = job("dataless")
    missing["ProcessingInputs"][1]["S3Input"]["S3Uri"] = "s3://data/nothing/"
    sagemaker.create_processing_job(**missing)
    cloud.idle(30)
    failing = sagemaker.describe_processing_job(ProcessingJobName="failing")
    assert failing["ProcessingJobStatus"] == "Failed"
    assert "exit code: 3" in failing["FailureReason"]
    assert failing["ExitMessage"] == "no loan matured"
    dataless = sagemaker.describe_processing_job(ProcessingJobName="dataless")
    assert "s3://data/nothing/ matched no files" in dataless["FailureReason"]
    assert "Contents" not in boto3.client("s3").list_objects_v2(Bucket="data", Prefix="counted/")


def test_a_job_over_its_time_and_a_job_that_is_stopped_both_stop(
    cloud: Cloud, sagemaker: Any
) -> None:
    sagemaker.create_processing_job(**job("endless", "sleep", seconds=1))
    sagemaker.create_processing_job(**job("unwanted", "sleep"))
    while "ProcessingStartTime" not in sagemaker.describe_processing_job(
        ProcessingJobName="unwanted"
    ):
        time.sleep(0.05)
    sagemaker.stop_processing_job(ProcessingJobName="unwanted")
    cloud.idle(15)
    ends = [
        sagemaker.describe_processing_job(ProcessingJobName=name)
        for name in ("endless", "unwanted")
    ]
    assert [end["ProcessingJobStatus"] for end in ends] == ["Stopped", "Stopped"]
    assert "MaxRuntimeExceeded" in ends[0]["FailureReason"]
    with pytest.raises(ClientError, match="is in status Stopped"):
        sagemaker.stop_processing_job(ProcessingJobName="unwanted")


def test_a_script_acts_under_the_role_of_its_job(cloud: Cloud, sagemaker: Any) -> None:
    sagemaker.create_processing_job(**job("telling", "aws"))
    cloud.idle(30)
    assert content("told") == "by the script"
    reading = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"}
    permit(reading, {"Effect": "Allow", "Action": "logs:*", "Resource": "*"})
    sagemaker.create_processing_job(**job("refused", "aws"))
    cloud.idle(30)
    refused = sagemaker.describe_processing_job(ProcessingJobName="refused")
    assert "AccessDenied" in refused["FailureReason"]


def test_an_isolated_script_reaches_nothing(cloud: Cloud, sagemaker: Any) -> None:
    alone = job("alone", "aws", NetworkConfig={"EnableNetworkIsolation": True})
    sagemaker.create_processing_job(**alone)
    cloud.idle(30)
    ended = sagemaker.describe_processing_job(ProcessingJobName="alone")
    assert "NoCredentialsError" in ended["FailureReason"]


def test_what_cannot_run_here_is_refused(cloud: Cloud, sagemaker: Any) -> None:
    sagemaker.create_processing_job(**job("first"))
    with pytest.raises(ClientError, match="already exists"):
        sagemaker.create_processing_job(**job("first"))
    elsewhere = job("elsewhere")
    elsewhere["ProcessingInputs"][0]["S3Input"]["LocalPath"] = "/etc"
    with pytest.raises(ClientError, match="must begin with /opt/ml/processing/"):
        sagemaker.create_processing_job(**elsewhere)
    cloud.idle(30)


def test_a_state_machine_waits_for_its_job_and_fails_with_it(cloud: Cloud, sagemaker: Any) -> None:
    resource = "arn:aws:states:::sagemaker:createProcessingJob.sync"
    wait = {"Type": "Task", "Resource": resource, "Parameters": job("waited"),
            "ResultSelector": {"status.$": "$.ProcessingJobStatus"}}  # fmt: skip
    caught = {"Type": "Task", "Resource": resource, "Parameters": job("failing", "fail"),
              "Catch": [{"ErrorEquals": ["States.TaskFailed"], "Next": "Told"}],
              "Next": "Never"}  # fmt: skip
    definition = {
        "StartAt": "Wait",
        "States": {
            "Wait": {**wait, "ResultPath": "$.waited", "Next": "Caught"},
            "Caught": caught,
            "Never": {"Type": "Fail"},
            "Told": {"Type": "Pass", "End": True},
        },
    }
    ended = execute(cloud, definition)
    assert ended["status"] == "SUCCEEDED"
    assert json.loads(json.loads(ended["output"])["Cause"])["ExitMessage"] == "no loan matured"
    assert content("counted/waited/counts/count.txt") == "3 loans"


def test_a_refused_job_is_an_error_of_sagemaker(cloud: Cloud, sagemaker: Any) -> None:
    sagemaker.create_processing_job(**job("first"))
    resource = "arn:aws:states:::sagemaker:createProcessingJob.sync"
    again = one({"Type": "Task", "Resource": resource, "Parameters": job("first")})
    assert execute(cloud, again)["error"] == "SageMaker.ResourceInUseException"


def test_a_job_that_the_cloud_did_not_outlive_has_failed(tmp_path: Path) -> None:
    with embedded_cloud(tmp_path, quotas=GRANTED) as cloud:
        make_role()
        put_data()
        cloud.restore()
        sagemaker = boto3.client("sagemaker")
        sagemaker.create_processing_job(**job("running", "sleep"))
        while not cloud.kept.is_open:
            time.sleep(0.05)
        cloud.kept.close()  # as if it were killed: what follows is not kept
        cloud.processing_jobs._processes["running"].kill()
        cloud.idle(30)
        cloud.kept.close = lambda: None  # type: ignore[method-assign]
    with embedded_cloud(tmp_path, quotas=GRANTED) as cloud:
        cloud.restore()
        found = boto3.client("sagemaker").describe_processing_job(ProcessingJobName="running")
        assert found["ProcessingJobStatus"] == "Failed"
        assert "the embedded cloud stopped" in found["FailureReason"]


def test_a_script_sees_aws_s_variables_its_own_and_none_of_the_bank_s(
    sagemaker: Any, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS_REGION without AWS_DEFAULT_REGION, no home, a temporary directory of its own."""
    monkeypatch.setenv("SECRET_OF_THE_BANK", "1")
    sagemaker.create_processing_job(**job("p", "environ"))
    cloud.idle(20)
    body = boto3.client("s3").get_object(Bucket="data", Key="counted/p/environ.json")["Body"]
    seen = json.loads(body.read())
    assert {*seen} - {"_", "PWD", "SHLVL"} <= AWS_GIVES | {"UNIT"}
    assert (seen["AWS_REGION"], seen["UNIT"]) == ("us-east-1", "loans")
    assert Path(seen["TEMP"]).name == "tmp"


def test_a_port_that_a_job_opened_acts_under_each_caller_s_role(
    sagemaker: Any, cloud: Cloud
) -> None:
    """A training opens it first, and then a processing job writes under its own role."""
    iam, s3 = boto3.client("iam"), boto3.client("s3")
    iam.create_role(RoleName="trainings", AssumeRolePolicyDocument=document(trust("sagemaker")))
    iam.put_role_policy(RoleName="trainings", PolicyName="all", PolicyDocument=document(EVERYTHING))
    s3.put_object(Bucket="data", Key="source.tar.gz", Body=tar_gz({"train.py": TRAIN}))
    s3.put_object(Bucket="data", Key="train/loans.csv", Body=b"84 120")
    asked = {**training("t"), "RoleArn": ROLE.replace("role/role", "role/trainings")}
    sagemaker.create_training_job(**asked)
    cloud.idle(20)
    sagemaker.create_processing_job(**job("p", "aws"))
    cloud.idle(20)

    assert sagemaker.describe_processing_job(ProcessingJobName="p")["ProcessingJobStatus"] == (
        "Completed"
    )
    wrote = [call.role for call in cloud.authorization.allowed if call.resource.endswith("/told")]
    assert wrote == ["role"]
    assert not cloud.authorization.refused
