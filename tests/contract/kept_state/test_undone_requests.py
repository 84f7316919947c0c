"""A request whose commit fails after moto carried it out: memory is as it was, and nothing runs."""

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from localcloud import seam
from localcloud.seam import Replaced, parameters_of
from tests.contract.conftest import ROLE, ask, make_model, tar_gz
from tests.contract.kept_state.test_durability import reopened
from tests.contract.kept_state.test_failed_writes import client, refused
from tests.contract.sagemaker_jobs.test_training_jobs import TRAIN, job
from tests.drills.faults import Limit

SSM = "moto.ssm.models:SimpleSystemManagerBackend"
SNS = "moto.sns.models:SNSBackend"
KEEPS = ("localcloud.kept_state.durability:Kept", "_keep", "(self, service, content)")
DEPLOYS_SECONDS = 5
SAGEMAKER = "moto.sagemaker.models:SageMakerModelBackend"


@contextlib.contextmanager
def full_from(owner: str, method: str, folder: Path) -> Iterator[None]:
    """The disk is full from moto's call of this method on: what came before is written."""
    disk = Limit(folder)

    def filling(original: Any) -> Any:
        def carry_out(*args: Any, **more: Any) -> Any:
            done = original(*args, **more)
            disk.fill(os.getpid())
            return done

        return carry_out

    at = Replaced(owner, method, "", filling, "the disk is full from here on")
    assert parameters_of(at.current).startswith("(self")
    try:
        with seam.install([at]):
            yield
    finally:
        disk.free(os.getpid())


def test_review_only_is_not_on_when_its_write_was_refused(tmp_path: Path) -> None:
    put: Any = {"Name": "/review-only", "Type": "String", "Overwrite": True}
    with reopened(tmp_path):
        ssm = client("ssm")
        ssm.put_parameter(Value="off", **put)
        with full_from(SSM, "put_parameter", tmp_path):
            assert refused(ssm.put_parameter, Value="on", **put) == "InternalServerError"
            shown = ssm.get_parameter(Name="/review-only")["Parameter"]
            assert (shown["Value"], shown["Version"]) == ("off", 1)
    with reopened(tmp_path):
        assert client("ssm").get_parameter(Name="/review-only")["Parameter"]["Value"] == "off"
        assert client("ssm").put_parameter(Value="on", **put)["Version"] == 2


def test_a_parameter_is_there_when_its_deletion_was_refused(tmp_path: Path) -> None:
    with reopened(tmp_path):
        ssm = client("ssm")
        ssm.put_parameter(Name="/review-only", Type="String", Value="on")
        with full_from(SSM, "delete_parameter", tmp_path):
            refused(ssm.delete_parameter, Name="/review-only")
            assert ssm.get_parameter(Name="/review-only")["Parameter"]["Value"] == "on"


def test_a_subscription_that_was_refused_is_not_there(tmp_path: Path) -> None:
    with reopened(tmp_path):
        sns = client("sns")
        topic = sns.create_topic(Name="notices")["TopicArn"]
        of: Any = {"TopicArn": topic, "Protocol": "email"}
        kept = sns.subscribe(Endpoint="risk@bank.example", **of)["SubscriptionArn"]
        before = sns.get_subscription_attributes(SubscriptionArn=kept)["Attributes"]
        with full_from(SNS, "subscribe", tmp_path):
            refused(sns.subscribe, Endpoint="other@bank.example", **of)
        with full_from(SNS, "set_subscription_attributes", tmp_path):
            refused(
                sns.set_subscription_attributes,
                SubscriptionArn=kept,
                AttributeName="FilterPolicy",
                AttributeValue='{"stage": ["prod"]}',
            )
        shown = sns.list_subscriptions()["Subscriptions"]
        assert [one["Endpoint"] for one in shown] == ["risk@bank.example"]
        assert sns.get_subscription_attributes(SubscriptionArn=kept)["Attributes"] == before


def test_an_endpoint_whose_change_was_refused_answers_as_before(tmp_path: Path) -> None:
    with reopened(tmp_path) as cloud:
        make_model("one", factor=3)
        make_model("two", factor=5)
        sagemaker = client("sagemaker")
        with full_from(SAGEMAKER, "create_endpoint", tmp_path):
            refused(sagemaker.create_endpoint, EndpointName="a", EndpointConfigName="one")
            assert sagemaker.list_endpoints()["Endpoints"] == []
        sagemaker.create_endpoint(EndpointName="a", EndpointConfigName="one")  # its name is free
        cloud.idle(20)
        before = sagemaker.describe_endpoint(EndpointName="a")
        with full_from(SAGEMAKER, "describe_endpoint_config", tmp_path):
            refused(sagemaker.update_endpoint, EndpointName="a", EndpointConfigName="two")
        with full_from(SAGEMAKER, "delete_endpoint", tmp_path):
            refused(sagemaker.delete_endpoint, EndpointName="a")
        cloud.idle(20)
        shown = sagemaker.describe_endpoint(EndpointName="a")
        assert without_metadata(shown) == without_metadata(before)
        assert ask("a", term=2)["score"] == 6


def test_no_deployment_ends_during_a_request_which_would_put_it_back(tmp_path: Path) -> None:
    with reopened(tmp_path) as cloud:
        make_model("one", factor=3)
        make_model("two", factor=5)
        sagemaker, asking = client("sagemaker"), threading.current_thread()
        sagemaker.create_endpoint(EndpointName="a", EndpointConfigName="one")
        cloud.idle(20)

        def slow(original: Any) -> Any:
            def keep(kept: Any, *given: Any) -> None:
                original(kept, *given)
                until = time.monotonic() + DEPLOYS_SECONDS * (threading.current_thread() is asking)
                while time.monotonic() < until and is_moving():
                    time.sleep(0.05)

            return keep

        def is_moving() -> bool:
            return bool(cloud.endpoints.records["a"].endpoint_status == "Updating")

        sagemaker.update_endpoint(EndpointName="a", EndpointConfigName="two")
        with seam.install([Replaced(*KEEPS, slow, "a request takes its time")]):
            again = {"EndpointName": "a", "EndpointConfigName": "one"}
            with pytest.raises(ClientError, match="in-progress"):
                sagemaker.update_endpoint(**again)
        cloud.idle(20)
        assert sagemaker.describe_endpoint(EndpointName="a")["EndpointStatus"] == "InService"
        assert ask("a", term=2)["score"] == 10


def without_metadata(answer: Any) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def test_a_training_job_that_was_refused_never_runs_and_its_name_is_free(tmp_path: Path) -> None:
    with reopened(tmp_path) as cloud:
        s3 = boto3.client("s3")
        s3.put_object(Bucket="data", Key="source.tar.gz", Body=tar_gz({"train.py": TRAIN}))
        s3.put_object(Bucket="data", Key="train/loans.csv", Body=b"84")
        sagemaker = client("sagemaker")
        with full_from(SAGEMAKER, "create_training_job", tmp_path):
            refused(sagemaker.create_training_job, **job("week"))
            assert sagemaker.list_training_jobs()["TrainingJobSummaries"] == []
        cloud.idle(20)
        assert sagemaker.list_training_jobs()["TrainingJobSummaries"] == []
        sagemaker.create_training_job(**job("week"))
        cloud.idle(60)
        done = sagemaker.describe_training_job(TrainingJobName="week")
        assert done["TrainingJobStatus"] == "Completed"


def test_an_approval_that_was_refused_approves_nothing_and_no_rule_fires(tmp_path: Path) -> None:
    got: list[Any] = []
    with reopened(tmp_path) as cloud:
        arn = cloud.add_function("promote", lambda event, context: got.append(event), role_arn=ROLE)
        events, sagemaker = boto3.client("events"), client("sagemaker")
        events.put_rule(Name="approved", EventPattern='{"source": ["aws.sagemaker"]}')
        events.put_targets(Rule="approved", Targets=[{"Id": "1", "Arn": arn}])
        sagemaker.create_model_package_group(ModelPackageGroupName="models")
        package = sagemaker.create_model_package(
            ModelPackageGroupName="models", ModelApprovalStatus="PendingManualApproval"
        )["ModelPackageArn"]
        approve: Any = {"ModelPackageArn": package, "ModelApprovalStatus": "Approved"}
        with full_from(SAGEMAKER, "update_model_package", tmp_path):
            refused(sagemaker.update_model_package, **approve)
            shown = sagemaker.describe_model_package(ModelPackageName=package)
            assert shown["ModelApprovalStatus"] == "PendingManualApproval"
        cloud.idle(20)
        assert got == []
        sagemaker.update_model_package(**approve)
        cloud.idle(20)
        assert [event["detail"]["ModelApprovalStatus"] for event in got] == ["Approved"]
