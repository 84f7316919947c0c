import json

import boto3

from localcloud.cloud import Cloud
from tests.contract.stepfunctions.test_executions import Add, machine

CHILDREN = 1_100  # Python's recursion ends at 1,000


def over(bucket: str, function: str) -> str:
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
