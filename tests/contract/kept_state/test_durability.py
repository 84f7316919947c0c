import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from bank.embedded_bank import open_bank
from infrastructure.operate.review_only import switch
from localcloud.cloud import Cloud
from localcloud.embedded_cloud import embedded_cloud
from localcloud.kept_state.sqlite.folder_lock import FolderInUse, held, remove_abandoned
from localcloud.kept_state.sqlite.layout import checksum
from localcloud.services.servicequotas.account_quotas import GRANTED
from tests.contract.conftest import ROLE, ask, make_model, make_role, make_table, tar_gz
from tests.contract.sagemaker_jobs.test_training_jobs import TRAIN, job
from tests.contract.stepfunctions.test_executions import machine

ROOT = Path(__file__).parents[3]


def key(n: int, client: str = "c1") -> dict[str, Any]:
    return {"clientId": {"S": client}, "predictionId": {"S": f"{n:05}"}}


@contextlib.contextmanager
def reopened(folder: Path, prepare: Callable[[Cloud], None] = lambda _: None) -> Iterator[Cloud]:
    with embedded_cloud(folder, quotas=GRANTED) as cloud:
        make_role()
        make_table()
        boto3.client("s3").create_bucket(Bucket="data")
        boto3.client("s3").create_bucket(Bucket="models")
        boto3.client("sns").create_topic(Name="notices")
        prepare(cloud)
        cloud.restore()
        yield cloud


def items() -> list[dict[str, Any]]:
    found = boto3.client("dynamodb").scan(TableName="decisions")["Items"]
    return sorted(found, key=lambda item: str(item["predictionId"]))


WRITER = """
import itertools, sys
from pathlib import Path
import boto3
from tests.contract.kept_state.test_durability import key, reopened
with reopened(Path(sys.argv[1])):
    dynamodb, s3 = boto3.client("dynamodb"), boto3.client("s3")
    for n in itertools.count():
        dynamodb.put_item(TableName="decisions", Item={**key(n), "score": {"N": str(n)}})
        s3.put_object(Bucket="data", Key=f"{n}.json", Body=str(n))
        print(n, flush=True)
"""


def test_everything_that_was_answered_survives_kill_9(tmp_path: Path) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout
    for line in writer.stdout:
        if int(line) == 60:
            break
    os.kill(writer.pid, signal.SIGKILL)
    answered = max([60, *map(int, writer.stdout.read().split())])
    writer.wait()
    writer.stdout.close()
    with reopened(tmp_path):
        scores = [int(item["score"]["N"]) for item in items()]
        assert scores[: answered + 1] == list(range(answered + 1))
        assert len(scores) <= answered + 2
        last = boto3.client("s3").get_object(Bucket="data", Key=f"{answered}.json")
        assert last["Body"].read() == str(answered).encode()


def test_every_kind_of_write_is_kept_as_it_last_stood(tmp_path: Path) -> None:
    with reopened(tmp_path):
        dynamodb = boto3.client("dynamodb")
        put: Any = {"TableName": "decisions", "Item": {**key(4), "raw": {"B": b"\x00\xff"}}}
        dynamodb.batch_write_item(
            RequestItems={"decisions": [{"PutRequest": {"Item": key(n)}} for n in range(4)]}
        )
        dynamodb.update_item(
            TableName="decisions",
            Key=key(1),
            UpdateExpression="SET outcome = :o",
            ExpressionAttributeValues={":o": {"M": {"paid": {"BOOL": True}}}},
        )
        dynamodb.delete_item(TableName="decisions", Key=key(2))
        dynamodb.transact_write_items(
            TransactItems=[{"Put": put}, {"Delete": {"TableName": "decisions", "Key": key(3)}}]
        )
        before = items()
    with reopened(tmp_path):
        assert items() == before
        assert before == [
            key(0),
            {**key(1), "outcome": {"M": {"paid": {"BOOL": True}}}},
            {**key(4), "raw": {"B": b"\x00\xff"}},
        ]


def test_a_refused_condition_leaves_the_kept_item_alone(tmp_path: Path) -> None:
    condition = "attribute_not_exists(predictionId)"
    with reopened(tmp_path):
        dynamodb = boto3.client("dynamodb")
        for score in ("1", "2"):
            item = {**key(0), "score": {"N": score}}
            with contextlib.suppress(dynamodb.exceptions.ConditionalCheckFailedException):
                dynamodb.put_item(TableName="decisions", Item=item, ConditionExpression=condition)
    with reopened(tmp_path):
        assert [item["score"]["N"] for item in items()] == ["1"]


def test_of_many_at_once_one_wins_a_condition(cloud: Cloud) -> None:
    make_table()
    dynamodb = boto3.client("dynamodb")

    def put(n: int) -> bool:
        try:
            dynamodb.put_item(
                TableName="decisions",
                Item={**key(0), "n": {"N": str(n)}},
                ConditionExpression="attribute_not_exists(clientId)",
            )
        except dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(put, range(32))) == 1


def test_objects_keep_their_versions_and_metadata(tmp_path: Path) -> None:
    with reopened(tmp_path):
        s3 = boto3.client("s3")
        s3.put_bucket_versioning(Bucket="data", VersioningConfiguration={"Status": "Enabled"})
        for body in (b"one", b"two"):
            s3.put_object(
                Bucket="data", Key="model", Body=body, Metadata={"sha": "x"}, ContentType="a/b"
            )
        for name in ("gone", "also gone & <more>"):
            s3.put_object(Bucket="data", Key=name, Body=b"x")
        s3.delete_object(Bucket="data", Key="gone")
        s3.delete_objects(Bucket="data", Delete={"Objects": [{"Key": "also gone & <more>"}]})
        before = s3.list_object_versions(Bucket="data")
    with reopened(tmp_path):
        s3 = boto3.client("s3")
        after = s3.list_object_versions(Bucket="data")
        assert after["Versions"] == before["Versions"]
        assert after["DeleteMarkers"] == before["DeleteMarkers"]
        got = s3.get_object(Bucket="data", Key="model")
        assert (got["Body"].read(), got["Metadata"], got["ContentType"]) == (
            b"two",
            {"sha": "x"},
            "a/b",
        )


def test_endpoints_answer_again_after_a_restart(tmp_path: Path) -> None:
    with reopened(tmp_path) as cloud:
        make_model("one", factor=3)
        boto3.client("sagemaker").create_endpoint(EndpointName="a", EndpointConfigName="one")
        cloud.idle(20)
    with reopened(tmp_path) as cloud:
        cloud.idle(20)
        assert ask("a", term=2)["score"] == 6


def test_an_update_that_a_kill_cut_off_goes_on_after_the_restart(tmp_path: Path) -> None:
    """On AWS the update is SageMaker's, whatever becomes of the one that asked for it."""
    with reopened(tmp_path) as cloud:
        make_model("one", factor=3)
        make_model("two", factor=5)
        sagemaker = boto3.client("sagemaker")
        sagemaker.create_endpoint(EndpointName="a", EndpointConfigName="one")
        cloud.idle(20)
        sagemaker.update_endpoint(EndpointName="a", EndpointConfigName="two")
        kept = sagemakers_on_the_disk(tmp_path)
        cloud.idle(20)
    leave_on_the_disk(tmp_path, kept)

    with reopened(tmp_path) as cloud:
        cloud.idle(20)
        described = boto3.client("sagemaker").describe_endpoint(EndpointName="a")

        assert (described["EndpointStatus"], described["EndpointConfigName"]) == (
            "InService",
            "two",
        )
        assert ask("a", term=2)["score"] == 10


def sagemakers_on_the_disk(folder: Path) -> tuple[bytes, int]:
    with sqlite3.connect(folder / "cloud.sqlite") as db:
        found = db.execute("select content, crc from records where service = 'sagemaker'")
        kept: tuple[bytes, int] = found.fetchone()
    return kept


def leave_on_the_disk(folder: Path, kept: tuple[bytes, int]) -> None:
    """Leave what was there at another time, as kill -9 would."""
    with sqlite3.connect(folder / "cloud.sqlite") as db:
        db.execute("update records set content = ?, crc = ? where service = 'sagemaker'", kept)


def test_a_job_that_ran_when_the_process_died_has_failed(tmp_path: Path) -> None:
    with reopened(tmp_path):
        s3 = boto3.client("s3")
        s3.put_object(Bucket="data", Key="source.tar.gz", Body=tar_gz({"train.py": TRAIN}))
        s3.put_object(Bucket="data", Key="train/loans.csv", Body=b"84")
        boto3.client("sagemaker").create_training_job(**job("cut", sleep=30))
        kept = sagemakers_on_the_disk(tmp_path)
    leave_on_the_disk(tmp_path, kept)
    with reopened(tmp_path):
        cut = boto3.client("sagemaker").describe_training_job(TrainingJobName="cut")
        assert cut["TrainingJobStatus"] == "Failed"
        assert "stopped while this job was running" in cut["FailureReason"]


def test_a_job_of_a_relative_folder_finds_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with reopened(Path("state/new")) as cloud:
        s3 = boto3.client("s3")
        s3.put_object(Bucket="data", Key="source.tar.gz", Body=tar_gz({"train.py": TRAIN}))
        s3.put_object(Bucket="data", Key="train/loans.csv", Body=b"84")
        boto3.client("sagemaker").create_training_job(**job("relative"))
        cloud.idle(30)
        done = boto3.client("sagemaker").describe_training_job(TrainingJobName="relative")
    assert done["TrainingJobStatus"] == "Completed", done.get("FailureReason")


def test_subscriptions_and_notices_are_kept(tmp_path: Path) -> None:
    arn = "arn:aws:lambda:us-east-1:123456789012:function:mail"
    with reopened(tmp_path) as cloud:
        cloud.add_function("mail", lambda event, context: None, role_arn=ROLE)
        sns = boto3.client("sns")
        topic = sns.create_topic(Name="notices")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
        sns.publish(TopicArn=topic, Message="desplegado")
        before = sns.list_subscriptions()["Subscriptions"]
    with reopened(tmp_path) as cloud:
        assert boto3.client("sns").list_subscriptions()["Subscriptions"] == before
        assert [notice.message for notice in cloud.notices] == ["desplegado"]


def test_another_moto_keeps_the_decisions_and_asks_for_the_models(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with reopened(tmp_path):
        boto3.client("dynamodb").put_item(TableName="decisions", Item=key(0))
        boto3.client("s3").put_object(Bucket="data", Key="model", Body=b"x")
    with sqlite3.connect(tmp_path / "cloud.sqlite") as db:
        db.execute("update written_by set moto = '5.0.0', crc = ?", [checksum(["5.0.0"])])
    with reopened(tmp_path):
        assert items() == [key(0)]
        assert "Contents" not in boto3.client("s3").list_objects_v2(Bucket="data")
    assert "deploy the models again" in caplog.text


def test_review_only_survives_a_restart(tmp_path: Path) -> None:
    shown = []
    for _ in range(2):
        with open_bank(tmp_path) as bank:
            shown.append(switch(boto3.client("ssm"), bank.settings, "show"))
            switch(boto3.client("ssm"), bank.settings, "on")
    assert shown == ["off", "on"]


def test_a_deleted_switch_stays_deleted(tmp_path: Path) -> None:
    """Without the parameter every decision goes to a person, after a restart as before it."""
    with open_bank(tmp_path) as bank:
        boto3.client("ssm").delete_parameter(Name=bank.settings.review_only_parameter)
    for _ in range(2):
        with open_bank(tmp_path) as bank, pytest.raises(ClientError, match="ParameterNotFound"):
            boto3.client("ssm").get_parameter(Name=bank.settings.review_only_parameter)


def test_folders_of_killed_processes_are_removed_and_no_others(tmp_path: Path) -> None:
    for name in ("killed", "in-use", "not-ours"):
        (tmp_path / name).mkdir()
    (tmp_path / "killed" / "lock").write_text("1")
    with held(tmp_path / "in-use"):
        remove_abandoned(tmp_path.iterdir())
        assert {one.name for one in tmp_path.iterdir()} == {"in-use", "not-ours"}


def test_a_folder_has_one_process(tmp_path: Path) -> None:
    with (
        embedded_cloud(tmp_path, quotas=GRANTED),
        pytest.raises(FolderInUse, match=f"process {os.getpid()}"),
        embedded_cloud(tmp_path, quotas=GRANTED),
    ):
        pass


PASS = {"StartAt": "Only", "States": {"Only": {"Type": "Pass", "End": True}}}
WAIT = {"StartAt": "Only", "States": {"Only": {"Type": "Wait", "Seconds": 60, "End": True}}}


def test_an_execution_that_the_cloud_did_not_outlive_has_failed(tmp_path: Path) -> None:
    with reopened(tmp_path) as cloud:
        arn, client = machine(PASS, "STANDARD"), boto3.client("stepfunctions")
        client.start_execution(stateMachineArn=arn, name="done", input='{"week": 1}')
        cloud.idle(10)
        client.update_state_machine(stateMachineArn=arn, definition=json.dumps(WAIT))
        running = client.start_execution(stateMachineArn=arn, name="running")["executionArn"]
        cloud.kept.close()  # as if it were killed: what follows is not kept
        client.stop_execution(executionArn=running)
        cloud.kept.close = lambda: None  # type: ignore[method-assign]
    with embedded_cloud(tmp_path, quotas=GRANTED) as cloud:
        make_role()
        arn, client = machine(PASS, "STANDARD"), boto3.client("stepfunctions")
        cloud.restore()
        found = {
            one["name"]: client.describe_execution(executionArn=one["executionArn"])
            for one in client.list_executions(stateMachineArn=arn)["executions"]
        }
        assert {name: one["status"] for name, one in found.items()} == {
            "done": "SUCCEEDED",
            "running": "FAILED",
        }
        assert json.loads(found["done"]["output"]) == {"week": 1}
        assert "the embedded cloud stopped" in found["running"]["cause"]
        history = client.get_execution_history(executionArn=running)["events"]
        assert history[-1]["type"] == "ExecutionFailed"
        with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
            client.start_execution(stateMachineArn=arn, name="running", input='{"week": 2}')
        following = client.start_execution(stateMachineArn=arn, name="next")["executionArn"]
        cloud.idle(10)
        assert client.describe_execution(executionArn=following)["status"] == "SUCCEEDED"
