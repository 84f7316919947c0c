"""Functions read streams and queues as AWS documents it, and a restart loses nothing."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest

from localcloud.cloud import Cloud
from localcloud.embedded_cloud import embedded_cloud
from localcloud.services.event_sources.table_streams import BEHIND, RECORDS_AT_ONCE
from tests.contract.conftest import ROLE, make_role

PATIENCE_SECONDS = 20
KEY = {"clientId": {"S": "c"}, "predictionId": {"S": "p"}}
MESSAGES = {"FunctionResponseTypes": ["ReportBatchItemFailures"], "BatchSize": 10}


class Reader:
    """A function that keeps what it got, and fails for as long as it is told."""

    def __init__(self) -> None:
        self.records: list[dict[str, Any]] = []
        self.sizes: list[int] = []  # of the batches
        self.faults = 0
        self.not_handled: set[str] = set()
        self._changed = threading.Condition()

    def __call__(self, event: Any, context: Any) -> Any:
        with self._changed:
            if self.faults:
                self.faults -= 1
                raise ValueError("not now")
            self.records += event["Records"]
            self.sizes.append(len(event["Records"]))
            self._changed.notify_all()
        failed = [
            one["messageId"] for one in event["Records"] if one.get("body") in self.not_handled
        ]
        return {"batchItemFailures": [{"itemIdentifier": one} for one in failed]}

    def got(self, count: int) -> list[dict[str, Any]]:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.records) >= count, PATIENCE_SECONDS)
            return list(self.records)


def make_streamed_table(view: str = "NEW_IMAGE") -> str:
    created = boto3.client("dynamodb").create_table(
        TableName="decisions",
        KeySchema=[
            {"AttributeName": "clientId", "KeyType": "HASH"},
            {"AttributeName": "predictionId", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "clientId", "AttributeType": "S"},
            {"AttributeName": "predictionId", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": view},
    )
    return created["TableDescription"]["LatestStreamArn"]


def put(**more: Any) -> None:
    boto3.client("dynamodb").put_item(TableName="decisions", Item={**KEY, **more})


def read(source: str, **more: Any) -> str:
    return boto3.client("lambda").create_event_source_mapping(
        EventSourceArn=source, FunctionName="reader", **more
    )["UUID"]


def read_stream(source: str, **more: Any) -> str:
    return read(source, StartingPosition="TRIM_HORIZON", **more)


def make_queue(**attributes: str) -> tuple[str, str]:
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="q", Attributes=attributes)["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, found["Attributes"]["QueueArn"]


def count_in(url: str) -> int:
    names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = boto3.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)
    return sum(int(one) for one in found["Attributes"].values())


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def reader(add: Callable[..., str]) -> Reader:
    made = Reader()
    add("reader", made)
    return made


def test_a_function_gets_each_change_in_its_order(reader: Reader) -> None:
    read_stream(make_streamed_table("NEW_AND_OLD_IMAGES"))
    put(score={"N": "1"})
    put(score={"N": "2"})
    boto3.client("dynamodb").delete_item(TableName="decisions", Key=KEY)

    got = reader.got(3)

    assert [one["eventName"] for one in got] == ["INSERT", "MODIFY", "REMOVE"]
    assert got[1]["dynamodb"]["Keys"] == KEY
    assert got[1]["dynamodb"]["OldImage"]["score"] == {"N": "1"}
    assert got[1]["dynamodb"]["NewImage"]["score"] == {"N": "2"}


def test_a_refused_write_gives_no_record(reader: Reader) -> None:
    read_stream(make_streamed_table())
    client = boto3.client("dynamodb")
    put()
    with pytest.raises(client.exceptions.ConditionalCheckFailedException):
        client.put_item(
            TableName="decisions", Item=KEY, ConditionExpression="attribute_not_exists(clientId)"
        )
    put(last={"BOOL": True})

    assert [one["eventName"] for one in reader.got(2)] == ["INSERT", "MODIFY"]


def test_a_function_gets_what_its_filter_wants_alone(reader: Reader) -> None:
    pattern = {
        "eventName": ["INSERT"],
        "dynamodb": {"NewImage": {"day": {"S": [{"exists": True}]}}},
    }
    filters: Any = {"Filters": [{"Pattern": json.dumps(pattern)}]}
    read_stream(make_streamed_table(), FilterCriteria=filters)
    put()
    put(day={"S": "2026-11-29"})
    client = boto3.client("dynamodb")
    client.put_item(TableName="decisions", Item={**KEY, "clientId": {"S": "d"}, "day": {"S": "x"}})

    (one,) = reader.got(1)

    assert one["dynamodb"]["Keys"]["clientId"] == {"S": "d"}


def test_a_batch_that_fails_comes_again(cloud: Cloud, reader: Reader) -> None:
    reader.faults = 2
    read_stream(make_streamed_table())
    put()

    assert len(reader.got(1)) == 1
    cloud.idle(PATIENCE_SECONDS)


def test_a_window_comes_in_parts_and_each_record_once_in_its_order(reader: Reader) -> None:
    read_stream(make_streamed_table(), BatchSize=100, MaximumBatchingWindowInSeconds=1)
    reader.faults = 1
    for number in range(2 * RECORDS_AT_ONCE + 1):
        put(score={"N": str(number)})

    got = reader.got(2 * RECORDS_AT_ONCE + 1)

    scores = [int(one["dynamodb"]["NewImage"]["score"]["N"]) for one in got]
    assert scores == [*range(2 * RECORDS_AT_ONCE + 1)]
    assert max(reader.sizes) == RECORDS_AT_ONCE


def test_a_reader_that_is_behind_gets_whole_batches(reader: Reader) -> None:
    most = 2 * RECORDS_AT_ONCE
    uuid = read_stream(
        make_streamed_table(), BatchSize=most, MaximumBatchingWindowInSeconds=1, Enabled=False
    )
    for number in range(BEHIND * most):
        put(score={"N": str(number)})
    boto3.client("lambda").update_event_source_mapping(UUID=uuid, Enabled=True)

    assert len(reader.got(BEHIND * most)) == BEHIND * most
    assert reader.sizes[0] == most


def test_a_message_that_is_handled_is_deleted(reader: Reader) -> None:
    url, arn = make_queue()
    read(arn)
    boto3.client("sqs").send_message(QueueUrl=url, MessageBody="hello")

    (one,) = reader.got(1)

    assert one["body"] == "hello"
    assert one["attributes"]["ApproximateReceiveCount"] == "1"
    until(lambda: count_in(url) == 0)


def test_a_message_that_is_reported_stays_until_it_is_visible_again(
    cloud: Cloud, reader: Reader
) -> None:
    url, arn = make_queue(VisibilityTimeout="600")
    reader.not_handled = {"bad"}
    read(arn, **MESSAGES)
    for body in ("good", "bad"):
        boto3.client("sqs").send_message(QueueUrl=url, MessageBody=body)
    reader.got(2)
    until(lambda: count_in(url) == 1)

    cloud.event_sources.queues.make_visible("q")

    again = reader.got(3)[2]
    assert (again["body"], again["attributes"]["ApproximateReceiveCount"]) == ("bad", "2")


def test_a_message_goes_to_the_dead_letters_after_its_last_receive(
    cloud: Cloud, reader: Reader
) -> None:
    sqs = boto3.client("sqs")
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    policy = {
        "deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:dead",
        "maxReceiveCount": 2,
    }
    url, arn = make_queue(VisibilityTimeout="600", RedrivePolicy=json.dumps(policy))
    reader.not_handled = {"bad"}
    read(arn, **MESSAGES)
    sqs.send_message(QueueUrl=url, MessageBody="bad")
    for received in (1, 2):
        reader.got(received)
        until(lambda: count_in(url) == 1)
        cloud.event_sources.queues.make_visible("q")

    until(lambda: count_in(dead) == 1)
    assert len(reader.records) == 2


def test_a_group_with_messages_in_flight_waits_for_one_with_none(cloud: Cloud) -> None:
    """A fair queue: the messages of a receiver that hangs do not hold up those of another."""
    sqs = boto3.client("sqs")
    url, _ = make_queue(VisibilityTimeout="600")
    for body, group in (("a1", "a"), ("a2", "a"), ("a3", "a"), ("b1", "b"), ("b2", "b")):
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId=group)

    received = [sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] for _ in range(5)]

    assert received == ["a1", "b1", "a2", "b2", "a3"]


def test_a_function_gets_a_messages_group(reader: Reader) -> None:
    url, arn = make_queue()
    read(arn)
    boto3.client("sqs").send_message(QueueUrl=url, MessageBody="hello", MessageGroupId="core")

    (one,) = reader.got(1)

    assert one["attributes"]["MessageGroupId"] == "core"


def test_hours_of_hiding_are_counted_from_the_last_receive() -> None:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html"""
    with embedded_cloud():
        sqs = boto3.client("sqs")
        url, _ = make_queue()
        sqs.send_message(QueueUrl=url, MessageBody="old")
        from moto.sqs.models import sqs_backends

        (message,) = sqs_backends["123456789012"]["us-east-1"].queues["q"]._messages
        message.sent_timestamp -= 13 * 3600 * 1000
        handle = sqs.receive_message(QueueUrl=url)["Messages"][0]["ReceiptHandle"]

        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=39_600)

        assert "Messages" not in sqs.receive_message(QueueUrl=url)


@contextmanager
def opened(folder: Path, reader: Reader) -> Iterator[Cloud]:
    """A cloud with a streamed table, a queue, and a function that is not yet reading either."""
    with embedded_cloud(folder) as cloud:
        make_role()
        cloud.add_function("reader", reader, role_arn=ROLE)
        make_streamed_table()
        make_queue(VisibilityTimeout="600")
        yield cloud


def stream_arn() -> str:
    described = boto3.client("dynamodb").describe_table(TableName="decisions")
    return described["Table"]["LatestStreamArn"]


def test_a_record_that_was_not_handled_survives_a_restart(tmp_path: Path) -> None:
    first, second = Reader(), Reader()
    first.faults = 1000
    with opened(tmp_path, first) as cloud:
        read_stream(stream_arn())
        cloud.restore()
        put(score={"N": "7"})
    with opened(tmp_path, second) as cloud:
        read_stream(stream_arn())
        cloud.restore()

        (one,) = second.got(1)

    assert first.records == []
    assert one["dynamodb"]["NewImage"]["score"] == {"N": "7"}


def test_a_message_survives_many_restarts_with_its_count_and_its_time(tmp_path: Path) -> None:
    sqs_of: Callable[[], Any] = lambda: boto3.client("sqs")  # noqa: E731 - a client a cloud
    with opened(tmp_path, Reader()) as cloud:
        cloud.restore()
        sqs, url = sqs_of(), sqs_of().get_queue_url(QueueName="q")["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="kept")
        sqs.send_message(QueueUrl=url, MessageBody="handled")
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=2)["Messages"]:
            if message["Body"] == "handled":
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            else:
                sqs.change_message_visibility(
                    QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=3600
                )
    for _ in range(5):
        with opened(tmp_path, Reader()) as cloud:
            cloud.restore()
            assert "Messages" not in sqs_of().receive_message(QueueUrl=url)
    reader = Reader()
    with opened(tmp_path, reader) as cloud:
        cloud.restore()
        read("arn:aws:sqs:us-east-1:123456789012:q", **MESSAGES)
        cloud.event_sources.queues.make_visible("q")

        (one,) = reader.got(1)

    assert (one["body"], one["attributes"]["ApproximateReceiveCount"]) == ("kept", "2")


def test_a_purged_queue_is_empty_after_a_restart(tmp_path: Path) -> None:
    with opened(tmp_path, Reader()) as cloud:
        cloud.restore()
        url = boto3.client("sqs").get_queue_url(QueueName="q")["QueueUrl"]
        boto3.client("sqs").send_message(QueueUrl=url, MessageBody="gone")
        boto3.client("sqs").purge_queue(QueueUrl=url)
    with opened(tmp_path, Reader()) as cloud:
        cloud.restore()
        assert count_in(url) == 0
