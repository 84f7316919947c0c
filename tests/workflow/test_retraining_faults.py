"""Faults of a retraining: what fails is told, the rest goes on, the next run is clean."""

import json
from datetime import UTC, datetime

import boto3
import pytest

from infrastructure.first_models.first_model_steps import scheduled_event
from localcloud.cloud import ACCOUNT
from tests.workflow import retraining
from tests.workflow.retraining import MODELS

MACHINE = "dev-appvengers-reentrenamiento"
FAIL_OR_HANG = """
import json, os, sys, time
name = json.loads(os.environ["SM_HPS"])["model"]
if name == "Tradicional":
    sys.exit("the disk is full")
if name == "NetworkingAccelerator":
    time.sleep(300)
import honest
sys.exit(honest.main())
"""


@pytest.fixture
def impatient(served):
    """A training may take 8 seconds."""
    client, arn = (
        boto3.client("stepfunctions"),
        served.bank.settings.retraining_machine_arn(ACCOUNT),
    )
    before = client.describe_state_machine(stateMachineArn=arn)["definition"]
    definition = json.loads(before)
    inner = definition["States"]["ChallengeEachModel"]["ItemProcessor"]["States"]
    inner["TrainChallenger"]["Parameters"]["StoppingCondition"]["MaxRuntimeInSeconds"] = 8
    client.update_state_machine(stateMachineArn=arn, definition=json.dumps(definition))
    yield
    client.update_state_machine(stateMachineArn=arn, definition=before)


def notices(served, version: str) -> list[tuple[str, str]]:
    return [
        (notice.subject, notice.message)
        for notice in served.bank.cloud.notices
        if version in notice.message
    ]


def test_a_job_that_fails_and_one_that_hangs_are_told_and_stop_nothing_else(
    served, sample, loans, impatient
):
    version, two = "20330101T000000", MODELS[:2]
    with retraining.source(train=FAIL_OR_HANG, honest=retraining.TRAIN):
        retraining.put_snapshot(version, sample.snapshot().head(2000))
        arn = retraining.start(served, version, two)
        found = retraining.outcome(served, arn)
    retraining.forget(version)
    jobs = boto3.client("sagemaker")
    hung = jobs.describe_training_job(TrainingJobName=found["NetworkingAccelerator"]["job"])

    assert {name: one["verdict"] for name, one in found.items()} == dict.fromkeys(two, "failed")
    assert "the disk is full" in json.loads(found["Tradicional"]["cause"])["FailureReason"]
    assert (hung["TrainingJobStatus"], hung["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
    told = notices(served, version)
    assert [subject for subject, _ in told] == ["Reentrenamiento fallido"] * 2
    assert all(found[name]["champion"] in " ".join(text for _, text in told) for name in two)
    assert (
        served.predict(loans[0])["models"]["Tradicional"]["version"]
        == (found["Tradicional"]["champion"])
    )
    again = boto3.client("lambda").invoke(
        FunctionName="appvengers-dev-updateData",
        Payload=json.dumps(scheduled_event(datetime(2033, 1, 1, tzinfo=UTC))),
    )
    assert json.load(again["Payload"]) == {
        "done": "already failed",
        "execution": f"test-{version}",
    }
    assert notices(served, version)[-1][0] == "Reentrenamiento ya fallido"


@pytest.fixture
def mute(served):
    """SNS refuses the machine's notices."""
    iam = boto3.client("iam")
    (name,) = iam.list_role_policies(RoleName=MACHINE)["PolicyNames"]
    policy = iam.get_role_policy(RoleName=MACHINE, PolicyName=name)["PolicyDocument"]
    kept = [one for one in policy["Statement"] if one["Action"] != "sns:Publish"]
    assert len(kept) == len(policy["Statement"]) - 1

    def put(statements):
        document = json.dumps({**policy, "Statement": statements})
        iam.put_role_policy(RoleName=MACHINE, PolicyName=name, PolicyDocument=document)

    put(kept)
    yield
    put(policy["Statement"])


def test_when_sns_refuses_the_verdict_stands_in_the_execution(served, sample, mute):
    version = "20330102T000000"
    with retraining.source(train=FAIL_OR_HANG, honest=retraining.TRAIN):
        retraining.put_snapshot(version, sample.snapshot().head(2000))
        arn = retraining.start(served, version, MODELS[:1])
        found = retraining.outcome(served, arn)
    retraining.forget(version)

    assert found["Tradicional"]["verdict"] == "failed"
    assert "not authorized" in found["Tradicional"]["notice"]["Cause"]
    assert notices(served, version) == []


def test_a_snapshot_that_fails_is_told_and_changes_nothing(served, loans):
    version = "20330103T000000"
    before = retraining.champions(served)
    with retraining.source(collect="import sys; sys.exit('the table is not there')"):
        retraining.put_profile()
        described = retraining.ended(served, retraining.start(served, version))

    assert described["status"] == "FAILED"
    assert "the table is not there" in described["cause"]
    assert [subject for subject, _ in notices(served, version)] == ["Reentrenamiento fallido"]
    assert retraining.champions(served) == before


def test_a_model_that_the_profile_does_not_have_is_told(served, sample):
    version = "20330104T000000"
    with retraining.source():
        retraining.put_snapshot(version, sample.snapshot().head(2000))
        arn = retraining.start(served, version, (), unknown=("Futurista",))
        found = retraining.outcome(served, arn)
    retraining.forget(version)

    assert found["Futurista"]["verdict"] == "failed"
    assert "has no model 'Futurista'" in json.loads(found["Futurista"]["cause"])["FailureReason"]


def test_the_next_run_after_faults_is_clean(served, sample):
    """The same news as a failed run had, and another version, as the next schedule would bring."""
    version = "20330105T000000"
    with retraining.source():
        retraining.put_snapshot(version, sample.snapshot())
        arn = retraining.start(served, version, MODELS[:1])
        found = retraining.outcome(served, arn)["Tradicional"]
    retraining.forget(version)

    assert found["verdict"] == "promoted", found
    live = served.get("/models").json()["models"]["Tradicional"]
    assert (live["version"], live["status"]) == (version, "InService")
