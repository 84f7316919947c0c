"""Take a stage down. The tables and the buckets stay unless you ask for their deletion, too.

python -m infrastructure.operate.destroy --stage dev
"""

import argparse
import os
import sys
from collections.abc import Iterator
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from chalicelib.foundation.errors import AppVengersError
from chalicelib.foundation.settings import STAGES, Settings
from infrastructure import embedded
from infrastructure.deploy import checks
from infrastructure.deploy.command import ready
from infrastructure.deploy.steps import chalice_deploy, stack, stage_parameters
from infrastructure.operate import removal
from infrastructure.project import InvalidConfig, app_name

FAULTS = (
    AppVengersError,
    BotoCoreError,
    ClientError,
    chalice_deploy.BrokenState,
    chalice_deploy.ChaliceFailed,
    stack.StackFailed,
)


def destroy_data(settings: Settings, report: stack.Report) -> None:
    """Delete the decisions and the models, of which there is no other copy."""
    for bucket in _buckets_left(settings):
        report(_deleted_bucket(bucket))
    dynamodb = boto3.client("dynamodb")
    for table in _tables_left(settings):
        dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
        dynamodb.get_waiter("table_exists").wait(TableName=table)
        dynamodb.delete_table(TableName=table)
        dynamodb.get_waiter("table_not_exists").wait(TableName=table)
        report(f"deleted table {table}")
    ssm = boto3.client("ssm")
    if stage_parameters.review_only_mode(ssm, settings):
        ssm.delete_parameter(Name=settings.review_only_parameter)
        report(f"deleted parameter {settings.review_only_parameter}")


def _deleted_bucket(name: str) -> str:
    """Delete a bucket, and return a sentence about it. Versions that are locked in COMPLIANCE mode
    stay, and the bucket with them; those in GOVERNANCE mode go with the deployer's permission
    s3:BypassGovernanceRetention.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
    """
    bucket = boto3.resource("s3").Bucket(name)
    answers: Any = bucket.object_versions.delete(BypassGovernanceRetention=True)
    refused = sum(len(answer.get("Errors", [])) for answer in answers)
    if refused:
        return f"kept bucket {name}: S3 refused to delete {refused} versions, which are locked"
    boto3.client("s3").delete_bucket(Bucket=name)
    return f"deleted bucket {name}"


def left(settings: Settings) -> Iterator[str]:
    """Yield what still costs money or holds data."""
    for table, count in _tables_left(settings).items():
        yield f"table {table}: {count}"
    for bucket in _buckets_left(settings):
        objects = sum(1 for _ in boto3.resource("s3").Bucket(bucket).object_versions.all())
        yield f"bucket {bucket}: {objects} versions of objects"
    if mode := stage_parameters.review_only_mode(boto3.client("ssm"), settings):
        yield f"parameter {settings.review_only_parameter}: {mode}, and so it will be again"
    sagemaker = boto3.client("sagemaker")
    running = sagemaker.get_paginator("list_training_jobs").paginate(
        NameContains=settings.prefix, StatusEquals="InProgress"
    )
    for job in [job for page in running for job in page["TrainingJobSummaries"]]:
        yield f"training job {job['TrainingJobName']}, which is still running"


def _buckets_left(settings: Settings) -> list[str]:
    there = {bucket["Name"] for bucket in boto3.client("s3").list_buckets()["Buckets"]}
    return [name for name in settings.buckets if name in there]


def _tables_left(settings: Settings) -> dict[str, str]:
    """Return the count of items, some hours old, of each table that there is."""
    client, found = boto3.client("dynamodb"), {}
    for name in settings.tables:
        try:
            table = client.describe_table(TableName=name)["Table"]
        except client.exceptions.ResourceNotFoundException:
            continue
        found[name] = f"about {table['ItemCount']} items"
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stage", required=True, choices=STAGES)
    parser.add_argument("--yes", action="store_true", help="needed for prod")
    parser.add_argument("--data", action="store_true", help="the tables and the buckets, too")
    parser.add_argument("--confirm", default="", help="with --data: <stage>-<app>, to say it twice")
    given = parser.parse_args()
    if given.stage == "prod" and not given.yes:
        sys.exit("This takes production down. To do so: make destroy STAGE=prod YES=yes")
    embedded.reach()
    console = Console(soft_wrap=True, highlight=False, markup=False)
    try:
        os.environ |= {"STAGE": given.stage, "APP_NAME": app_name()}
        settings, account = ready(given.stage)
        if given.data and given.confirm != settings.prefix:
            sys.exit(_told_once(settings))
        removal.remove(settings, account, console.print)
        if given.data:
            destroy_data(settings, console.print)
        still = [f"  {one}" for one in left(settings)]
    except (checks.NotReady, InvalidConfig) as fault:
        sys.exit(f"\n{fault}\nNothing was changed.")
    except FAULTS as fault:
        sys.exit(
            f"\n{fault}\nWhat was deleted is gone. Correct the cause and run the command again."
        )
    console.print("\n".join(["\nLeft:", *still] if still else ["\nNothing is left."]))


def _told_once(settings: Settings) -> str:
    shown = "\n".join(f"  {one}" for one in left(settings))
    command = f"make destroy STAGE={settings.stage} DATA=yes CONFIRM={settings.prefix}"
    return f"DATA=yes deletes these, and nothing brings them back:\n{shown}\nTo do so: {command}"


if __name__ == "__main__":
    main()
