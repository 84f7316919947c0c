"""The functions of events with their collaborators, each built on first use.

Every function of the deployment imports this module, so it imports what events need when they do.
"""

import time
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import boto3

from chalicelib.services import Services, services
from chalicelib.services.client_times import QUICK, SWITCH

if TYPE_CHECKING:
    from chalicelib.governance.announcements.delivering import Delivering
    from chalicelib.governance.announcements.delivery_queue import DeliveryQueue
    from chalicelib.governance.announcements.publishing import Publishing
    from chalicelib.governance.announcements.subscribers import Subscribers

Document = dict[str, Any]


@cache
def publishing(using: Services) -> "Publishing":
    from chalicelib.governance.announcements.event_bus import EventBus
    from chalicelib.governance.announcements.publishing import Publishing
    from chalicelib.governance.announcements.record_announcements import DATA, MODELS
    from chalicelib.governance.policies.policy_bucket import PolicyBucket

    settings, s3 = using.settings, boto3.client("s3", config=QUICK)

    def body_of(bucket: str, key: str) -> bytes:
        return s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    return Publishing(
        EventBus(boto3.client("events", config=QUICK), settings.event_source),
        _queue(using),
        _subscribers(using).by_name,
        {settings.data_bucket: DATA, settings.model_bucket: MODELS},
        body_of,
        PolicyBucket(s3, settings.data_bucket).acts,
    )


@cache
def _delivering(using: Services) -> "Delivering":
    from chalicelib.governance.announcements import webhook_call
    from chalicelib.governance.announcements.delivering import Delivering
    from chalicelib.governance.announcements.hanging_receivers import HangingReceivers

    post = partial(webhook_call.post, local_too=not using.is_on_aws)
    hanging = HangingReceivers(time.monotonic)
    return Delivering(_queue(using), _subscribers(using).by_name, post, hanging)


@cache
def _queue(using: Services) -> "DeliveryQueue":
    from chalicelib.governance.announcements.delivery_queue import DeliveryQueue

    url = using.settings.queue_url(using.settings.webhooks_queue, using.account)
    return DeliveryQueue(boto3.client("sqs", config=QUICK), url)


def _subscribers(using: Services) -> "Subscribers":
    from chalicelib.governance.announcements.subscribers import Subscribers

    return Subscribers(boto3.client("ssm", config=SWITCH), using.settings.webhooks_parameter)


def publish_events(event: Document, context: Any) -> None:
    publishing(services()).publish(event)


def deliver_events(event: Document, context: Any) -> Document:
    return _delivering(services()).deliver(event)
