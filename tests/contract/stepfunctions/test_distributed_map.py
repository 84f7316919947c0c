import json

import boto3
import pytest

from localcloud.cloud import Cloud
from tests.aws_calls import Asked, answered_by
from tests.contract.stepfunctions.test_executions import Add, machine
from tests.drills.jobs.faulty_answers import KINDS

CHILDREN = 1_100  # Python's recursion ends at 1,000


RETRY = {"ErrorEquals": ["States.ItemReaderFailed"], "IntervalSeconds": 1, "MaxAttempts": 1}


def over(bucket: str, function: str, **more: object) -> str:
    """A machine whose only state maps a function over the list in an object, one item at a time."""
    child = {"Type": "Task", "Resource": function, "End": True}
    return machine(
        {
            "StartAt": "Each",
            "States": {
                "Each": {
                    "Type": "Map",
                    "MaxConcurrency": 1,
                    "ToleratedFailureCount": 1_000_000,
                    "ItemReader": {
                        "Resource": "arn:aws:states:::s3:getObject",
                        "ReaderConfig": {"InputType": "JSON"},
                        "Parameters": {"Bucket": bucket, "Key": "items.json"},
                    },
                    "ItemSelector": {"of.$": "$.of", "item.$": "$$.Map.Item.Value"},
                    "ItemProcessor": {
                        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                        "StartAt": "Task",
                        "States": {"Task": child},
                    },
                    "End": True,
                    **more,
                }
            },
        },
        "STANDARD",
    )


def ended(cloud: Cloud, arn: str) -> dict:
    client = boto3.client("stepfunctions")
    started = client.start_execution(stateMachineArn=arn, input='{"of": "batch"}')
    cloud.idle(60)
    return client.describe_execution(executionArn=started["executionArn"])


def test_a_map_has_a_child_for_each_of_many_items(cloud: Cloud, add: Add) -> None:
    s3, seen = boto3.client("s3"), list[dict]()
    s3.create_bucket(Bucket="data")
    s3.put_object(Bucket="data", Key="items.json", Body=json.dumps([*range(CHILDREN)]).encode())

    def handler(event, context):
        seen.append(event)
        if event["item"] == 3:
            raise ValueError
        return {}

    answer = ended(cloud, over("data", add("each", handler)))

    assert answer["status"] == "SUCCEEDED", answer
    assert seen == [{"of": "batch", "item": number} for number in range(CHILDREN)]


def test_a_role_needs_what_starts_and_stops_the_children(cloud: Cloud, add: Add) -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="data")
    s3.put_object(Bucket="data", Key="items.json", Body=b"[1]")
    ended(cloud, arn := over("data", add("each", lambda event, context: {})))
    used = {(call.action, call.resource) for call in cloud.authorization.allowed}
    execution = arn.replace(":stateMachine:", ":execution:") + ":child"

    assert {
        ("states:StartExecution", arn),
        ("states:DescribeExecution", execution),
        ("states:StopExecution", execution),
    } <= used


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("more", "status"), [({}, "FAILED"), ({"Retry": [RETRY]}, "SUCCEEDED")])
def test_items_that_s3_does_not_give_fail_the_reader_which_a_map_can_repeat(
    cloud: Cloud, add: Add, kind: str, more: dict, status: str
) -> None:
    s3, seen, reads = boto3.client("s3"), list[int](), list[str]()
    s3.create_bucket(Bucket="data")
    s3.put_object(Bucket="data", Key="items.json", Body=b"[1, 2]")

    def faulty_once(asked: Asked, go):
        if asked.operation != "GetObject":
            return go()
        reads.append(asked.operation)
        return KINDS[kind](asked, go) if len(reads) == 1 else go()

    arn = over("data", add("each", lambda event, context: seen.append(event["item"])), **more)
    with answered_by(faulty_once):
        answer = ended(cloud, arn)

    assert answer["status"] == status, answer
    assert (answer.get("error"), seen) in [("States.ItemReaderFailed", []), (None, [1, 2])]
