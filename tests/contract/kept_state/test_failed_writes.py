"""A write that the disk did not take was not answered, is not in memory, and may be made again."""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from localcloud.cloud import Cloud
from localcloud.embedded_cloud import embedded_cloud
from localcloud.kept_state.sqlite import disk as health
from localcloud.kept_state.sqlite.database import Storage
from localcloud.kept_state.sqlite.disk import SETTLED_SECONDS, NotStored
from tests.contract.conftest import ROLE, make_model, make_role
from tests.contract.kept_state.test_durability import PASS, ROOT, items, key, machine, reopened
from tests.drills.faults import Disk, locked, small_disk

ONCE = Config(retries={"total_max_attempts": 1})
IF_NEW = "attribute_not_exists(predictionId)"


def client(service: str) -> Any:
    return boto3.client(service, config=ONCE)  # type: ignore[call-overload]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with small_disk(tmp_path / "disk", "48m") as disk:
        yield disk


@contextlib.contextmanager
def full(disk: Disk) -> Iterator[None]:
    disk.fill(os.getpid())
    try:
        yield
    finally:
        disk.free(os.getpid())


def refused(do: Callable[..., Any], **request: Any) -> str:
    with pytest.raises(ClientError) as error:
        do(**request)
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] in (500, 503)
    return str(error.value.response["Error"]["Code"])


def scored(n: int, score: str) -> dict[str, Any]:
    return {**key(n), "score": {"N": score}, "pad": {"S": "x" * 20_000}}


def scores() -> dict[str, str]:
    return {item["predictionId"]["S"]: item["score"]["N"] for item in items()}


def fill_the_log(dynamodb: Any) -> None:
    """Until writes fail: SQLite's log may have room of its own."""
    with contextlib.suppress(ClientError):
        for n in range(1000, 3000):
            dynamodb.put_item(TableName="decisions", Item=scored(n, "9"))


def test_an_item_that_was_not_stored_is_not_there_and_the_next_one_is_decided_anew(
    disk: Disk,
) -> None:
    with reopened(disk.path):
        dynamodb = client("dynamodb")
        put: Any = {"TableName": "decisions", "ConditionExpression": IF_NEW,
                    "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}  # fmt: skip
        dynamodb.put_item(Item=scored(1, "1"), **put)
        with full(disk):
            fill_the_log(dynamodb)
            stored = scores()
            assert refused(dynamodb.put_item, Item=scored(2, "2"), **put) == "InternalServerError"
            assert refused(dynamodb.put_item, Item=scored(2, "3"), **put) == "InternalServerError"
            with pytest.raises(ClientError) as earlier:  # a condition needs no disk
                dynamodb.put_item(Item=scored(1, "2"), **put)
            assert earlier.value.response["Item"]["score"] == {"N": "1"}  # type: ignore[typeddict-item]
            assert "Item" not in dynamodb.get_item(TableName="decisions", Key=key(2))
            assert scores() == stored
        dynamodb.put_item(Item=scored(2, "4"), **put)
    with reopened(disk.path):
        assert scores() == {**stored, "00002": "4"}


def test_no_kind_of_write_changes_memory_when_it_fails(disk: Disk) -> None:
    with reopened(disk.path):
        dynamodb = client("dynamodb")
        for n in range(3):
            dynamodb.put_item(TableName="decisions", Item=scored(n, "1"))
        with full(disk):
            fill_the_log(dynamodb)
            stored = scores()
            of: Any = {"TableName": "decisions"}
            grown = {":s": {"N": "2"}, ":p": {"S": "y" * 30_000}}
            change: Any = {"UpdateExpression": "SET score = :s, filler = :p",
                           "ExpressionAttributeValues": grown}  # fmt: skip
            refused(dynamodb.update_item, Key=key(0), **change, **of)
            put = {"PutRequest": {"Item": scored(5, "2")}}
            delete = {"DeleteRequest": {"Key": key(1)}}
            refused(dynamodb.batch_write_item, RequestItems={"decisions": [put, delete]})
            first = {"Put": {"Item": scored(6, "2"), **of}}
            second = {"Delete": {"Key": key(2), **of}}
            refused(dynamodb.transact_write_items, TransactItems=[first, second])
            filler = "z" * 8_000
            statement = f"UPDATE decisions SET pad = '{filler}' WHERE clientId = 'c1'"  # noqa: S608
            refused(dynamodb.execute_statement, Statement=statement)
            assert scores() == stored
        dynamodb.transact_write_items(TransactItems=[first, second])
    with reopened(disk.path):
        expected = {**stored, "00006": "2"}
        del expected["00002"]
        assert scores() == expected


def test_an_object_that_was_not_stored_leaves_the_one_before(disk: Disk) -> None:
    big = b"x" * (6 * 2**20)
    with reopened(disk.path):
        s3 = client("s3")
        s3.put_object(Bucket="data", Key="model", Body=b"one", Metadata={"sha": "1"})
        upload = s3.create_multipart_upload(Bucket="data", Key="large")["UploadId"]
        of: Any = {"Bucket": "data", "Key": "large", "UploadId": upload}
        part = s3.upload_part(PartNumber=1, Body=big, **of)["ETag"]
        with full(disk):
            fill_the_log(client("dynamodb"))
            refused(s3.put_object, Bucket="data", Key="model", Body=big)
            refused(s3.copy_object, Bucket="data", Key="copy", CopySource="data/model",
                    Metadata={"pad": "x" * 1500}, MetadataDirective="REPLACE")  # fmt: skip
            parts = {"Parts": [{"PartNumber": 1, "ETag": part}]}
            refused(s3.complete_multipart_upload, MultipartUpload=parts, **of)
            assert refused(s3.upload_part, PartNumber=1, Body=big, **of) == "ServiceUnavailable"
            got = s3.get_object(Bucket="data", Key="model")
            assert (got["Body"].read(), got["Metadata"]) == (b"one", {"sha": "1"})
            assert [one["Key"] for one in s3.list_objects_v2(Bucket="data")["Contents"]] == [
                "model"
            ]
        s3.complete_multipart_upload(MultipartUpload=parts, **of)  # the parts are still there
    with reopened(disk.path):
        s3 = client("s3")
        assert s3.get_object(Bucket="data", Key="model")["Body"].read() == b"one"
        assert s3.get_object(Bucket="data", Key="large")["Body"].read() == big


def test_a_version_that_was_not_deleted_is_there(disk: Disk) -> None:
    with reopened(disk.path):
        s3 = client("s3")
        s3.put_bucket_versioning(Bucket="data", VersioningConfiguration={"Status": "Enabled"})
        for body in (b"one" * 20_000, b"two" * 20_000):
            s3.put_object(Bucket="data", Key="model", Body=body)
        before = s3.list_object_versions(Bucket="data")["Versions"]
        with full(disk):
            fill_the_log(client("dynamodb"))
            refused(s3.delete_object, Bucket="data", Key="model")
            keys: Any = [{"Key": "model", "VersionId": before[1]["VersionId"]}]
            refused(s3.delete_objects, Bucket="data", Delete={"Objects": keys})
            assert s3.list_object_versions(Bucket="data")["Versions"] == before
    with reopened(disk.path):
        assert client("s3").get_object(Bucket="data", Key="model")["Body"].read() == b"two" * 20_000


def test_a_failure_that_somebody_swallows_commits_nothing(tmp_path: Path) -> None:
    storage = Storage(tmp_path / "cloud.sqlite", health.Disk())
    with pytest.raises(NotStored):
        write_and_swallow(storage)
    assert storage.rows("select * from items") == []
    storage.close()


def write_and_swallow(storage: Storage) -> None:
    with storage.transaction() as rows:
        rows.put_item("decisions", "one", "{}")
        with contextlib.suppress(NotStored):
            rows.execute("insert into absent values (1)", [])


def test_nothing_is_begun_that_cannot_be_kept(disk: Disk) -> None:
    with reopened(disk.path) as cloud:
        make_model("one")
        arn = machine(PASS, "STANDARD")
        topic = client("sns").create_topic(Name="notices")["TopicArn"]
        with full(disk):
            fill_the_log(client("dynamodb"))
            refused(client("sagemaker").create_endpoint, EndpointName="a", EndpointConfigName="one")
            start: Any = {"stateMachineArn": arn, "name": "week", "input": '{"n": 1}'}
            refused(client("stepfunctions").start_execution, **start)
            refused(client("sns").publish, TopicArn=topic, Message="desplegado")
            refused(client("ssm").put_parameter, Name="/review", Value="on", Type="String")
            assert client("sagemaker").list_endpoints()["Endpoints"] == []
            assert client("stepfunctions").list_executions(stateMachineArn=arn)["executions"] == []
            assert cloud.notices == []
        client("stepfunctions").start_execution(**start)
        client("sns").publish(TopicArn=topic, Message="otra vez")
        cloud.idle(20)
    with reopened(disk.path) as cloud:
        assert [notice.message for notice in cloud.notices] == ["otra vez"]
        arn = machine(PASS, "STANDARD")


def test_a_full_disk_is_one_line_in_the_log_and_so_is_its_end(
    disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    with reopened(disk.path):
        dynamodb = client("dynamodb")
        with full(disk):
            for n in range(3):
                fill_the_log(dynamodb)
                refused(dynamodb.put_item, TableName="decisions", Item=scored(n, "1"))
        time.sleep(SETTLED_SECONDS)
        for n in range(2):
            dynamodb.put_item(TableName="decisions", Item=scored(n, "1"))
    first, last = [record.getMessage() for record in caplog.records]
    assert first.startswith("Nothing can be stored: ")
    assert str(disk.path) in first
    assert last.startswith("Storing again, after ")


def test_a_full_disk_is_logged_for_the_body_of_an_object_too(
    disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    with reopened(disk.path), full(disk):
        refused(client("s3").put_object, Bucket="data", Key="large", Body=bytes(2**20))
    assert [one.getMessage().startswith("Nothing can be stored") for one in caplog.records] == [
        True
    ]


def test_a_lock_of_another_process_is_no_answer_and_readers_do_not_wait_for_it(
    tmp_path: Path,
) -> None:
    with reopened(tmp_path):
        dynamodb = client("dynamodb")
        dynamodb.put_item(TableName="decisions", Item=scored(0, "1"))
        codes: list[str] = []
        put: Any = {"TableName": "decisions", "Item": scored(1, "1")}
        writer = threading.Thread(target=lambda: codes.append(refused(dynamodb.put_item, **put)))
        with locked(tmp_path / "cloud.sqlite"):
            writer.start()
            assert scores() == {"00000": "1"}
            assert writer.is_alive()  # it waits for the lock
            writer.join()
            assert codes == ["InternalServerError"]
        dynamodb.put_item(**put)
    with reopened(tmp_path):
        assert scores() == {"00000": "1", "00001": "1"}


def test_parameters_are_kept_and_those_of_a_template_get_their_value_back(tmp_path: Path) -> None:
    with embedded_cloud(tmp_path) as cloud:
        cloud.restore()
        put: Any = {"Type": "String", "Overwrite": True}
        client("ssm").put_parameter(Name="/review-only", Value="off", **put)
        client("ssm").put_parameter(Name="/review-only", Value="on", **put)
    with embedded_cloud(tmp_path) as cloud:
        client("ssm").put_parameter(Name="/review-only", Value="off", **put)
        cloud.restore()
        found = client("ssm").get_parameter(Name="/review-only")["Parameter"]
        assert (found["Value"], found["Version"]) == ("on", 2)


HANDLER = """
import sys, time
from pathlib import Path
import boto3
from tests.contract.kept_state.test_failed_writes import notified
from tests.contract.kept_state.test_durability import reopened
with reopened(Path(sys.argv[1])) as cloud:
    notified(cloud, lambda event, context: time.sleep(60))
    boto3.client("s3").put_object(Bucket="data", Key="model.tar.gz", Body=b"model")
    cloud.functions.invoke_later(cloud.functions.find("deploy"), b'{"by": "EventBridge"}')
    print("answered", flush=True)
    time.sleep(60)
"""


def notified(cloud: Cloud, handler: Callable[[Any, Any], Any]) -> None:
    """A function that gets the events of the bucket."""
    arn = cloud.add_function("deploy", handler, role_arn=ROLE)
    notification: Any = {"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}
    boto3.client("s3").put_bucket_notification_configuration(
        Bucket="data",
        NotificationConfiguration={"LambdaFunctionConfigurations": [notification]},
    )


def test_an_event_that_was_accepted_is_delivered_after_a_kill(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HANDLER, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout
        assert killed.stdout.readline() == "answered\n"
        killed.kill()
    got: list[Any] = []
    for _ in range(2):  # and once only
        with embedded_cloud(tmp_path) as cloud:
            make_role()
            boto3.client("s3").create_bucket(Bucket="data")
            notified(cloud, lambda event, context: got.append(event))
            cloud.restore()
            cloud.idle(10)
    uploaded, by_hand = sorted(got, key=lambda event: "by" in event)
    assert uploaded["Records"][0]["s3"]["object"]["key"] == "model.tar.gz"
    assert by_hand == {"by": "EventBridge"}


def test_an_event_that_outlives_three_restarts_is_left_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    got: list[Any] = []
    for _ in range(5):
        with embedded_cloud(tmp_path) as cloud:
            make_role()
            cloud.add_function("deploy", lambda event, context: got.append(event), role_arn=ROLE)
            cloud.functions._pending.handled = lambda number: None  # type: ignore[method-assign]
            cloud.restore()
            if not caplog.records and not got:
                function = cloud.functions.find("deploy")
                assert function
                cloud.functions.invoke_later(function, b"{}")
            cloud.idle(10)
    assert got == [{}] * 4
    assert "stays in the table events" in caplog.text
