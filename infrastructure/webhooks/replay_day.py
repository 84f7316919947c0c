"""Send a day's events again, with the ids that they had: from what is stored, not from a log.

python -m infrastructure.webhooks.replay_day --stage dev --day 2026-11-28 --name core
"""

import argparse
import logging
import sys
from collections.abc import Iterator
from datetime import UTC, date
from itertools import islice
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.foundation.errors import AppVengersError
from chalicelib.foundation.observability import logger
from chalicelib.foundation.settings import STAGES, Settings
from chalicelib.governance.announcements.announcement import Announcement
from chalicelib.governance.announcements.delivery_queue import DeliveryQueue
from chalicelib.governance.announcements.event_bus import EventBus
from chalicelib.governance.announcements.publishing import Publishing
from chalicelib.governance.announcements.record_announcements import DATA, MODELS, OBJECTS
from chalicelib.governance.evidence.record_log import RecordLog
from chalicelib.governance.policies.policy_bucket import PolicyBucket
from infrastructure import embedded
from infrastructure.project import InvalidConfig, app_name
from infrastructure.webhooks import subscriber_store

TOGETHER = 100  # events


class UnknownSubscriber(Exception):
    """A name that is not subscribed."""


def replay(settings: Settings, account: str, day: str, only: str = "") -> int:
    """Send the events of a day again, and return how many; to `only` one subscriber if it is named,
    and not to the bus. Raises UnknownSubscriber.
    """
    publishing = _publishing(settings, account)
    if only and only not in publishing.subscribers():
        raise UnknownSubscriber(f"{only} is not subscribed: make webhook STAGE={settings.stage}")
    found, count = _of_day(settings, publishing, day), 0
    while some := [*islice(found, TOGETHER)]:
        publishing.send(some, only)
        count += len(some)
    return count


def _of_day(settings: Settings, publishing: Publishing, day: str) -> Iterator[Announcement]:
    records = RecordLog(boto3.client("dynamodb"), settings.predictions_table)
    for record in records.of_day(day):
        yield from publishing.of_record(record)
    names = {role: bucket for bucket, role in publishing.roles.items()}
    for role, prefix, suffix in OBJECTS:
        for key, at in _written_on(names[role], prefix, day):
            if key.endswith(suffix):
                yield from publishing.of_object(names[role], key, at)


def _written_on(bucket: str, prefix: str, day: str) -> Iterator[tuple[str, str]]:
    pages = boto3.client("s3").get_paginator("list_objects_v2")
    for page in pages.paginate(Bucket=bucket, Prefix=prefix):
        for found in page.get("Contents", []):
            at = found["LastModified"].astimezone(UTC)
            if f"{at:%F}" == day:
                yield found["Key"], at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _publishing(settings: Settings, account: str) -> Publishing:
    s3, ssm = boto3.client("s3"), boto3.client("ssm")
    known = subscriber_store.known(ssm, settings)

    def body_of(bucket: str, key: str) -> bytes:
        return s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    return Publishing(
        EventBus(boto3.client("events"), settings.event_source),
        DeliveryQueue(boto3.client("sqs"), settings.queue_url(settings.webhooks_queue, account)),
        lambda: known,
        {settings.data_bucket: DATA, settings.model_bucket: MODELS},
        body_of,
        PolicyBucket(s3, settings.data_bucket).acts,
    )


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day: DAY=2026-11-28") from None


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stage", required=True, choices=STAGES)
    parser.add_argument("--day", required=True, type=_day, help="UTC, as 2026-11-28")
    parser.add_argument("--name", default="", help="one subscriber; without it all, and the bus")
    given: Any = parser.parse_args()
    logger.setLevel(logging.WARNING)  # a function logs each event that it announces
    embedded.reach()
    try:
        settings = Settings(app_name(), given.stage, boto3.Session().region_name or "")
        account = boto3.client("sts").get_caller_identity()["Account"]
        count = replay(settings, account, given.day, given.name)
    except (
        AppVengersError, BotoCoreError, ClientError, InvalidConfig, UnknownSubscriber,
    ) as fault:  # fmt: skip
        sys.exit(str(fault))
    print(f"{count} events of {given.day} are sent again, with the ids that they had.")


if __name__ == "__main__":
    main()
