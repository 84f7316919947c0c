"""Bring back a model's former version, a named one, or the last in service.

python -m infrastructure.operate.rollback --stage dev --model Tradicional [--version VERSION]
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import profile
from chalicelib.foundation.errors import InvalidArtifact
from chalicelib.foundation.settings import STAGES, Settings
from chalicelib.models import artifact
from chalicelib.models.endpoints import BROKEN, SETTLED, ModelEndpoints
from chalicelib.models.model_bucket import ModelBucket
from chalicelib.profile import Profile
from infrastructure import embedded
from infrastructure.project import InvalidConfig, app_name

PATIENCE_SECONDS = 2 * 3600  # the longest that a canary may take
ASK_EVERY_SECONDS = 0.5
TELL_EVERY_SECONDS = 15

Document = dict[str, Any]

GONE: Document = {"status": "Deleted", "version": "", "since": "", "failure": ""}


class CannotRollBack(Exception):
    """The message has the reason and the available versions."""


def wanted(model: str, version: str | None, live: str | None, bucket: ModelBucket) -> str:
    """Return the version to bring back: the named one, else the former one, or the last in service
    if none is `live`. Raises CannotRollBack.
    """
    version = version or (bucket.former(model, live) if live else bucket.last_served(model))
    there = [one for one in bucket.versions(model) if one != live]
    choice = f"choose one of: {', '.join(there)}" if there else "there is no other"
    if version is None:
        before = f" before {live}" if live else ""
        raise CannotRollBack(f"No version of {model} answered{before}; {choice}, with VERSION=….")
    if version == live:
        raise CannotRollBack(f"{model} {version} is in service already; {choice}.")
    if version not in there:
        raise CannotRollBack(f"{model} has no version {version}; {choice}.")
    return version


def answering(model: str, before: Document | None) -> str | None:
    """Return the version in service; None if there is none.

    Raises CannotRollBack while the endpoint changes.
    """
    if before is None or before["status"] in ("Failed", *BROKEN):
        return None
    if before["status"] != "InService":
        status = before["status"]
        raise CannotRollBack(f"The endpoint of {model} is {status}: wait until it is InService.")
    version: str = before["version"]
    return version


def _verify(model: str, version: str, chosen: Profile, bucket: ModelBucket) -> None:
    try:
        artifact.verify(bucket.verified_artifact(model, version), model, version, chosen)
    except InvalidArtifact as fault:
        raise CannotRollBack(f"{model} {version} would be refused: {fault}") from fault


def until_in_service(
    model: str,
    version: str,
    endpoints: ModelEndpoints,
    before: Document | None,
    pause: Callable[[float], None] = time.sleep,
) -> Iterator[str]:
    """Yield the endpoint's status every half second until `version` is in service.

    `before` is the endpoint as it was before the rollback. Raises CannotRollBack if SageMaker gives
    the new version up, or after two hours.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    since = before["since"] if before else ""
    while time.monotonic() < deadline:
        live = endpoints.live(model) or GONE
        status = live["status"]
        yield status
        if status == "InService" and live["version"] == version:
            return
        if live["failure"] and status in SETTLED and live["since"] != since:
            now = f"{live['version']} still answers" if status == "InService" else f"It is {status}"
            raise CannotRollBack(f"{now}: {live['failure']}")
        pause(ASK_EVERY_SECONDS)
    raise CannotRollBack(f"{model} {version} is not in service after {PATIENCE_SECONDS} s.")


def roll_back(
    model: str,
    version: str | None,
    chosen: Profile,
    bucket: ModelBucket,
    endpoints: ModelEndpoints,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Roll back and print the progress. The version is uploaded again, as the newest arrival.

    Raises CannotRollBack before any change, or if the version does not come into service.
    """
    if model not in chosen.models:
        raise CannotRollBack(f"{model} is no model of the profile: {', '.join(chosen.models)}.")
    before = endpoints.live(model)
    live = answering(model, before)
    version = wanted(model, version, live, bucket)
    _verify(model, version, chosen, bucket)
    print(f"{model}: {live or 'no single version'} answers now, {version} will.", flush=True)
    bucket.arrive_again(model, version)
    started = told_at = time.monotonic()
    told = ""
    for status in until_in_service(model, version, endpoints, before, pause):
        now = time.monotonic()
        if status != told or now - told_at > TELL_EVERY_SECONDS:
            print(f"{now - started:5.0f} s  {status}", flush=True)
            told, told_at = status, now
    print(f"{model} {version} answers.", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stage", required=True, choices=STAGES)
    parser.add_argument("--model", required=True)
    parser.add_argument("--version")
    given = parser.parse_args()
    embedded.reach()
    try:
        client, chosen = boto3.client("sagemaker"), profile.load()
        settings = Settings(app_name(), given.stage, client.meta.region_name)
        endpoints = ModelEndpoints(
            client, settings.prefix, "", chosen.endpoint[given.stage], chosen.sagemaker
        )
        bucket = ModelBucket(boto3.client("s3"), settings.model_bucket)
        roll_back(given.model, given.version, chosen, bucket, endpoints)
    except (CannotRollBack, InvalidConfig, BotoCoreError, ClientError) as fault:
        print(fault, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
