"""Destinations of asynchronous invocations that Lambda gave up."""

import json
import uuid
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.exceptions import ClientError

from localcloud.iam.authorization import as_operator


def send_failure(
    function: str, payload: bytes, error: bytes, role: AbstractContextManager[None]
) -> None:
    """Send a failure to the queue of the function's OnFailure, if any, under its role."""
    sqs = boto3.client("sqs")
    with as_operator():
        queue = _on_failure(function)
        if ":sqs:" not in queue:
            return
        url = sqs.get_queue_url(QueueName=queue.rsplit(":", 1)[1])["QueueUrl"]
    with role:
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps(_record(function, payload, error)))


def _on_failure(function: str) -> str:
    try:
        found = boto3.client("lambda").get_function_event_invoke_config(FunctionName=function)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        return ""
    return found.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination", "")


def _record(function: str, payload: bytes, error: bytes) -> dict[str, Any]:
    return {
        "version": "1.0",
        "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": function,
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 3,
        },
        "requestPayload": json.loads(payload),
        "responseContext": {"statusCode": 200, "functionError": "Unhandled"},
        "responsePayload": json.loads(error),
    }
