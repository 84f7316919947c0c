"""Sources of the functions that tell others: the table's stream, the queue of webhooks, and S3's
notifications of what is told. Chalice knows neither filters nor several prefixes.
"""

import json
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from chalicelib.foundation.settings import Settings
from chalicelib.governance.announcements.record_announcements import DATA, OBJECTS
from infrastructure.template.function_permissions.function_names import DELIVERING, PUBLISHING

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

PATIENCE_SECONDS = 60  # until a role's new permissions count: IAM is eventually consistent
STATEMENT = "s3-announces"
# What the index has is a record; a claim of a key and a mark are none.
NEW_RECORDS = {
    "eventName": ["INSERT"],
    "dynamodb": {"NewImage": {"day": {"S": [{"exists": True}]}}},
}
AS_STREAM: Any = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
OF_THE_STREAM: dict[str, Any] = {
    "BatchSize": 100,
    "MaximumBatchingWindowInSeconds": 1,
    "BisectBatchOnFunctionError": True,  # a record that can't be published holds up few others
    "ParallelizationFactor": 1,
    "FilterCriteria": {"Filters": [{"Pattern": json.dumps(NEW_RECORDS)}]},
}
OF_THE_QUEUE: dict[str, Any] = {
    "BatchSize": 1,  # a slow receiver takes one place of ten
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
    "ScalingConfig": {"MaximumConcurrency": 10},
}


def keep(settings: Settings, account: str) -> None:
    """Connect the functions with their sources; both must exist. Safe to repeat. A mapping that an
    operator has disabled stays so.
    """
    lambdas = boto3.client("lambda")
    failures = {"OnFailure": {"Destination": settings.failures_queue_arn(account)}}
    stream = OF_THE_STREAM | {"DestinationConfig": failures}
    _map(
        lambdas,
        settings.function(PUBLISHING),
        _stream(settings.predictions_table),
        stream,
        from_stream=True,
    )
    queue = f"arn:aws:sqs:{settings.region}:{account}:{settings.webhooks_queue}"
    _map(lambdas, settings.function(DELIVERING), queue, OF_THE_QUEUE)
    arn = f"arn:aws:lambda:{settings.region}:{account}:function:{settings.function(PUBLISHING)}"
    for bucket, rules in _objects(settings).items():
        _allow(lambdas, settings, bucket, account)
        _notify(bucket, arn, [_notification(arn, *rule) for rule in rules])


def delete(settings: Settings) -> Iterator[str]:
    """Delete the mappings and the notifications, and yield a name for each. S3 refuses every other
    notification of a bucket while one leads to a function that is gone.
    """
    lambdas = boto3.client("lambda")
    for name in (PUBLISHING, DELIVERING):
        function = settings.function(name)
        for mapping in _mappings(lambdas, function):
            lambdas.delete_event_source_mapping(UUID=mapping["UUID"])
            yield f"event source mapping of {function}"
    for bucket in _objects(settings):
        if _unless_gone(lambda: _notify(bucket, f":{settings.function(PUBLISHING)}", [])):  # noqa: B023 - now
            yield f"notifications of bucket {bucket} to {settings.function(PUBLISHING)}"


def _stream(table: str) -> str:
    """Return the ARN of a table's stream. A table that an earlier stack left may have none, and
    CloudFormation takes it as it is.
    """
    client = boto3.client("dynamodb")
    found = client.describe_table(TableName=table)["Table"]
    if not found.get("StreamSpecification", {}).get("StreamEnabled"):
        found = client.update_table(TableName=table, StreamSpecification=AS_STREAM)[
            "TableDescription"
        ]
        client.get_waiter("table_exists").wait(TableName=table)
    return found["LatestStreamArn"]


def _map(
    lambdas: "LambdaClient",
    function: str,
    source: str,
    wanted: dict[str, Any],
    *,
    from_stream: bool = False,
) -> None:
    """Make or update the function's mapping, and delete one of a stream that is gone."""
    there = False
    for mapping in _mappings(lambdas, function):
        there = there or mapping["EventSourceArn"] == source
        if mapping["EventSourceArn"] == source:
            lambdas.update_event_source_mapping(UUID=mapping["UUID"], **wanted)
        else:
            lambdas.delete_event_source_mapping(UUID=mapping["UUID"])
    start: Any = {"StartingPosition": "TRIM_HORIZON"} if from_stream else {}
    if not there:
        _patiently(
            lambda: lambdas.create_event_source_mapping(
                EventSourceArn=source, FunctionName=function, **start, **wanted
            )
        )


def _mappings(lambdas: "LambdaClient", function: str) -> list[Any]:
    pages = lambdas.get_paginator("list_event_source_mappings").paginate(FunctionName=function)
    try:
        return [one for page in pages for one in page["EventSourceMappings"]]
    except lambdas.exceptions.ResourceNotFoundException:
        return []


def _patiently(make: Callable[[], Any]) -> None:
    """Make a mapping, again and again while the role lacks permissions that it was just given."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            make()
            return
        except ClientError as error:
            told = error.response["Error"]
            lacks = "permissions" in told["Message"] or "Cannot access stream" in told["Message"]
            if not lacks or time.monotonic() > deadline:
                raise
        time.sleep(2)


def _objects(settings: Settings) -> dict[str, list[tuple[str, str]]]:
    """Return the beginnings and endings of keys that are told, by bucket."""
    found: dict[str, list[tuple[str, str]]] = {}
    for role, prefix, suffix in OBJECTS:
        bucket = settings.data_bucket if role == DATA else settings.model_bucket
        found.setdefault(bucket, []).append((prefix, suffix))
    return found


def _notification(arn: str, prefix: str, suffix: str) -> dict[str, Any]:
    rules = [{"Name": "prefix", "Value": prefix}]
    rules += [{"Name": "suffix", "Value": suffix}] if suffix else []
    return {
        "LambdaFunctionArn": arn,
        "Events": ["s3:ObjectCreated:*"],
        "Filter": {"Key": {"FilterRules": rules}},
    }


def _allow(lambdas: "LambdaClient", settings: Settings, bucket: str, account: str) -> None:
    try:
        lambdas.add_permission(
            FunctionName=settings.function(PUBLISHING),
            StatementId=f"{STATEMENT}-{bucket}",
            Action="lambda:InvokeFunction",
            Principal="s3.amazonaws.com",
            SourceArn=f"arn:aws:s3:::{bucket}",
            SourceAccount=account,
        )
    except lambdas.exceptions.ResourceConflictException:
        return  # it was given before


def _notify(bucket: str, function: str, wanted: list[dict[str, Any]]) -> None:
    """Put a function's notifications in place of those that it has; others stay."""
    s3 = boto3.client("s3")
    found: Any = s3.get_bucket_notification_configuration(Bucket=bucket)
    found.pop("ResponseMetadata", None)
    before = found.pop("LambdaFunctionConfigurations", [])
    others = [one for one in before if not one["LambdaFunctionArn"].endswith(function)]
    if others or wanted:
        found["LambdaFunctionConfigurations"] = [*others, *wanted]
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=found)


def _unless_gone(change: Callable[[], None]) -> bool:
    try:
        change()
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("NoSuchBucket", "404"):
            raise
        return False
    return True
