import io
import json
import tarfile
import time
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from localcloud.cloud import Cloud
from localcloud.services.sagemaker.container_environment import IMAGE
from tests.contract.conftest import tar_gz
from tests.contract.stepfunctions.test_executions import machine, one

AWS_GIVES = {
    *IMAGE, "AWS_ACCESS_KEY_ID", "AWS_EC2_METADATA_DISABLED", "AWS_ENDPOINT_URL", "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "PATH", "TEMP",
}  # fmt: skip

TRAIN = """
import argparse, json, os, sys, time
parser = argparse.ArgumentParser()
parser.add_argument("-C", type=float)
parser.add_argument("--method")
parser.add_argument("--sleep", type=float, default=0)
args = parser.parse_args()
time.sleep(args.sleep)
loans = open(os.environ["SM_CHANNEL_TRAIN"] + "/loans.csv").read().split()
if args.method == "fail":
    sys.exit("no loan matured")
print("auc=0.50"); print("auc=0.69")
if args.method == "environ":
    loans = dict(os.environ)
model = {"loans": loans, "C": args.C, "hps": json.loads(os.environ["SM_HPS"]), "argv": sys.argv[1:]}
json.dump(model, open(os.environ["SM_MODEL_DIR"] + "/model.json", "w"))
"""


def job(
    name: str, seconds: int = 60, data: str = "train/", **hyperparameters: Any
) -> dict[str, Any]:
    values = {
        "sagemaker_program": "train.py",
        "sagemaker_submit_directory": "s3://data/source.tar.gz",
        **hyperparameters,
    }
    s3_source = {
        "S3DataType": "S3Prefix",
        "S3Uri": f"s3://data/{data}",
        "S3DataDistributionType": "FullyReplicated",
    }
    return {
        "TrainingJobName": name,
        "HyperParameters": {key: json.dumps(value) for key, value in values.items()},
        "AlgorithmSpecification": {
            "TrainingImage": "sklearn",
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": "auc", "Regex": "auc=([0-9.]+)"}],
        },
        "RoleArn": "arn:aws:iam::123456789012:role/role",
        "InputDataConfig": [{"ChannelName": "train", "DataSource": {"S3DataSource": s3_source}}],
        "OutputDataConfig": {"S3OutputPath": "s3://data/trained"},
        "ResourceConfig": {
            "InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5,
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": seconds},
    }  # fmt: skip


@pytest.fixture
def sagemaker(cloud: Cloud) -> Any:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="data")
    s3.put_object(Bucket="data", Key="source.tar.gz", Body=tar_gz({"train.py": TRAIN}))
    s3.put_object(Bucket="data", Key="train/loans.csv", Body=b"84 120")
    return boto3.client("sagemaker")


def model_of(description: dict[str, Any]) -> Any:
    key = description["ModelArtifacts"]["S3ModelArtifacts"].removeprefix("s3://data/")
    body = boto3.client("s3").get_object(Bucket="data", Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body)) as tar:
        return json.load(tar.extractfile("model.json"))  # type: ignore[arg-type]


def test_a_job_trains_on_its_data_and_leaves_its_model(cloud: Cloud, sagemaker: Any) -> None:
    sagemaker.create_training_job(**job("first", C=0.1, method="woe"))
    assert sagemaker.describe_training_job(TrainingJobName="first")["TrainingJobStatus"] == (
        "InProgress"
    )
    cloud.idle(30)
    done = sagemaker.describe_training_job(TrainingJobName="first")
    assert (done["TrainingJobStatus"], done["SecondaryStatus"]) == ("Completed", "Completed")
    assert [(m["MetricName"], m["Value"]) for m in done["FinalMetricDataList"]] == [
        ("auc", pytest.approx(0.69))
    ]
    assert model_of(done) == {
        "loans": ["84", "120"],
        "C": 0.1,
        "hps": {"C": 0.1, "method": "woe"},
        "argv": ["-C", "0.1", "--method", "woe"],
    }
    logs = boto3.client("logs").get_log_events(
        logGroupName="/aws/sagemaker/TrainingJobs", logStreamName="first/algo-1"
    )
    assert [event["message"] for event in logs["events"]] == ["auc=0.50", "auc=0.69"]


def test_a_failed_job_says_why(cloud: Cloud, sagemaker: Any) -> None:
    sagemaker.create_training_job(**job("failing", method="fail"))
    cloud.idle(30)
    failing = sagemaker.describe_training_job(TrainingJobName="failing")
    assert failing["TrainingJobStatus"] == "Failed"
    assert "AlgorithmError" in failing["FailureReason"]
    assert "no loan matured" in failing["FailureReason"]


def test_a_job_over_its_time_and_a_job_that_is_stopped_both_stop(
    cloud: Cloud, sagemaker: Any
) -> None:
    sagemaker.create_training_job(**job("endless", seconds=1, sleep=30))
    sagemaker.create_training_job(**job("unwanted", sleep=30))
    while sagemaker.describe_training_job(TrainingJobName="unwanted")["SecondaryStatus"] != (
        "Training"
    ):
        time.sleep(0.05)
    sagemaker.stop_training_job(TrainingJobName="unwanted")
    cloud.idle(10)
    ends = {}
    for name in ("endless", "unwanted"):
        ended = sagemaker.describe_training_job(TrainingJobName=name)
        ends[name] = (ended["TrainingJobStatus"], ended["SecondaryStatus"])
    assert ends == {
        "endless": ("Stopped", "MaxRuntimeExceeded"),
        "unwanted": ("Stopped", "Stopped"),
    }


def test_a_name_is_used_once(cloud: Cloud, sagemaker: Any) -> None:
    sagemaker.create_training_job(**job("first"))
    with pytest.raises(ClientError, match="already exists"):
        sagemaker.create_training_job(**job("first"))
    cloud.idle(30)


def test_a_state_machine_waits_for_its_job(cloud: Cloud, sagemaker: Any) -> None:
    definition = one(
        {
            "Type": "Task",
            "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync",
            "Parameters": job("waited", method="woe"),
            "ResultSelector": {"model.$": "$.ModelArtifacts.S3ModelArtifacts"},
        }
    )
    assert json.loads(execute(cloud, definition)["output"]) == {
        "model": "s3://data/trained/waited/output/model.tar.gz"
    }


def test_a_state_machine_fails_with_its_job(cloud: Cloud, sagemaker: Any) -> None:
    definition = one(
        {
            "Type": "Task",
            "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync",
            "Parameters": job("failing", method="fail"),
        }
    )
    failed = execute(cloud, definition)
    assert (failed["status"], failed["error"]) == ("FAILED", "States.TaskFailed")
    assert "no loan matured" in json.loads(failed["cause"])["FailureReason"]


def test_a_refused_job_is_an_error_of_sagemaker(cloud: Cloud, sagemaker: Any) -> None:
    sagemaker.create_training_job(**job("first"))
    definition = one(
        {
            "Type": "Task",
            "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync",
            "Parameters": job("first"),
        }
    )
    assert execute(cloud, definition)["error"] == "SageMaker.ResourceInUseException"


def execute(cloud: Cloud, definition: dict[str, Any], **given: Any) -> dict[str, Any]:
    stepfunctions = boto3.client("stepfunctions")
    arn = machine(definition, "STANDARD")
    asked = json.dumps(given)
    started = stepfunctions.start_execution(stateMachineArn=arn, input=asked)["executionArn"]
    cloud.idle(30)
    return dict(stepfunctions.describe_execution(executionArn=started))


def test_a_training_sees_sagemaker_s_variables_and_none_of_the_bank_s(
    sagemaker: Any, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_BANK", "1")
    sagemaker.create_training_job(**job("t", method="environ"))
    cloud.idle(20)
    key = "trained/t/output/model.tar.gz"
    body = boto3.client("s3").get_object(Bucket="data", Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body)) as tar:
        seen = json.load(tar.extractfile("model.json"))["loans"]  # type: ignore[arg-type]
    others = {name for name in seen if not name.startswith(("SM_", "TRAINING_JOB_"))}
    assert others <= AWS_GIVES
    assert seen["AWS_REGION"] == "us-east-1"
    assert seen["SM_CHANNEL_TRAIN"]
