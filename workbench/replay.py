"""Decisions again, from what is stored: the application, the artifacts and the policy in force.

\b
    python -m workbench.replay <clientId> <predictionId>
    python -m workbench.replay --all 100                 the newest 100

Says "identical", or names what differs. An artifact that is not the recorded one is refused.
A policy must have been in force that day, by policies/ in the data bucket; before its first act
that is not known.
Texts are the profile's wording of today and no part of a decision. Ends with 1 if anything differs.

\b
Not checked, for nothing that is stored determines it:
    clientId, predictionId, createdAt and language;
    whether the bank was switched to review only: decisionBasis REVIEW_ONLY is taken as it is;
    why a model did not answer.
"""

import heapq
import os
import sys
from collections.abc import Sequence
from typing import Any

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from chalicelib.decisions.intake.claim_table import CLAIM
from chalicelib.decisions.outcome_rules import REVIEW_ACT
from chalicelib.decisions.predictions import OUTCOME, PredictionTable
from chalicelib.foundation.errors import PredictionNotFound, TableUnavailable
from chalicelib.foundation.record_salt import ERASURES, PSEUDONYM
from chalicelib.foundation.settings import STAGES, VERIFIED_PREFIX, Settings
from chalicelib.governance.policies.policy_bucket import PolicyBucket
from infrastructure.project import app_name
from workbench.replaying.artifact_process import NotRecorded
from workbench.replaying.policy_record import PolicyRecord
from workbench.replaying.replayed_decision import ReadArtifact, replay


def newest(client: Any, table: str, count: int) -> list[tuple[str, str]]:
    """Return client and prediction ids of the newest decisions.

    Reads the whole table, because its keys sort by client.
    """
    pages = client.get_paginator("scan").paginate(
        TableName=table, ProjectionExpression="clientId, predictionId"
    )
    keys = (
        (item["predictionId"]["S"], item["clientId"]["S"])
        for page in pages
        for item in page["Items"]
        if not item["predictionId"]["S"].startswith((CLAIM, OUTCOME, REVIEW_ACT))
        and not item["clientId"]["S"].startswith((PSEUDONYM, ERASURES))
    )
    return [(client_id, prediction) for prediction, client_id in heapq.nlargest(count, keys)]


def artifacts_in(client: Any, bucket: str) -> ReadArtifact:
    def read(model: str, version: str) -> bytes:
        key = f"{VERIFIED_PREFIX}{model}/{version}/model.tar.gz"
        try:
            body: bytes = client.get_object(Bucket=bucket, Key=key)["Body"].read()
        except client.exceptions.NoSuchKey as gone:
            raise NotRecorded(f"s3://{bucket}/{key} is gone") from gone
        return body

    return read


@click.command(help=__doc__)
@click.argument("client_id", required=False)
@click.argument("prediction_id", required=False)
@click.option("--all", "count", type=click.IntRange(1), help="The newest so many.")
@click.option("--stage", default="dev", show_default=True, type=click.Choice(STAGES))
def main(client_id: str | None, prediction_id: str | None, count: int | None, stage: str) -> None:
    if (count is None) == (prediction_id is None):
        raise click.UsageError("Give a clientId and a predictionId, or --all N.")
    settings = Settings(app_name(), stage, os.environ.get("AWS_DEFAULT_REGION", "us-east-1"))
    try:
        differing = _replay_stored(settings, client_id, prediction_id, count)
    except PredictionNotFound as fault:
        raise click.ClickException(_gone(settings, prediction_id or "") or str(fault)) from fault
    except (TableUnavailable, ClientError, BotoCoreError) as fault:
        message = (
            f"The bank of stage {stage} can't be read: {fault.__cause__ or fault}\n"
            'On the embedded cloud, while it runs: eval "$(.venv/bin/python -m bank env)"'
        )
        raise click.ClickException(message) from fault
    sys.exit(1 if differing else 0)


def _gone(settings: Settings, prediction_id: str) -> str:
    """Return a sentence if the decision was erased; else nothing."""
    table = PredictionTable(boto3.client("dynamodb"), settings.predictions_table)
    if not table.is_erased(prediction_id):
        return ""
    return (
        f"The applicant's part of {prediction_id} was erased, so it can't be replayed. "
        "Its decision, scores and policy are kept under a pseudonym: see docs/for-auditors.md."
    )


def _replay_stored(
    settings: Settings, client_id: str | None, prediction_id: str | None, count: int | None
) -> int:
    dynamodb, s3 = boto3.client("dynamodb"), boto3.client("s3")
    table = PredictionTable(dynamodb, settings.predictions_table)
    with Console(stderr=True).status("Reading the decisions"):
        keys = (
            newest(dynamodb, settings.predictions_table, count)
            if count
            else [(client_id or "", prediction_id or "")]
        )
        decisions = [table.get(*key) for key in keys]
    with Console(stderr=True).status(f"Replaying {len(decisions):,}"):
        record = PolicyRecord(PolicyBucket(s3, settings.data_bucket))
        artifacts = artifacts_in(s3, settings.model_bucket)
        differing_fields = replay(decisions, artifacts, record.fault)
    return _print(keys, differing_fields)


def _print(keys: Sequence[tuple[str, str]], replayed: list[list[str]]) -> int:
    """Print the differences, and return the number of decisions that differ."""
    for (client_id, prediction_id), differences in zip(keys, replayed, strict=True):
        verdict = "differs" if differences else "identical"
        print(f"{verdict}  {client_id} {prediction_id}")
        for difference in differences:
            print(f"  {difference}")
    differing = sum(map(bool, replayed))
    if len(replayed) > 1:
        identical = len(replayed) - differing
        print(f"{len(replayed):,} replayed, {identical:,} identical, {differing:,} not")
    return differing


if __name__ == "__main__":
    main()
