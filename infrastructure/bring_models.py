"""A bank's first models, shown as they come: snapshot, trainings, endpoints."""

import os
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path

import boto3
import pandas as pd
from rich.console import Console
from rich.live import Live
from rich.table import Table

from chalicelib.profile import PROFILE_FILE, Profile
from chalicelib.retraining import DataBucket
from chalicelib.settings import Settings
from infrastructure import first_models
from training.datasets import Dataset, own, sba


def chosen_dataset(console: Console) -> Dataset:
    """The bank's own file if DATA names one, else the loan register."""
    given = os.environ.get("DATA")
    return own.dataset(Path(given), PROFILE_FILE) if given else sba.dataset(console)


def are_needed(settings: Settings, profile: Profile) -> bool:
    """Whether a model of the profile has no endpoint yet."""
    pages = (
        boto3.client("sagemaker")
        .get_paginator("list_endpoints")
        .paginate(NameContains=settings.prefix)
    )
    there = {endpoint["EndpointName"] for page in pages for endpoint in page["Endpoints"]}
    return not {f"{settings.prefix}-{model}" for model in profile.models} <= there


def train_and_deploy(
    settings: Settings, profile: Profile, dataset: Dataset, console: Console
) -> None:
    """Snapshot, training jobs, artifacts to S3: from there createEndpointModel does it."""
    sagemaker, s3 = boto3.client("sagemaker"), boto3.client("s3")
    with console.status("Writing the snapshot"):
        table = dataset.snapshot()
        first_models.put_sources(s3, settings, dataset.name, _parquet(table))
    console.print(f"Snapshot {dataset.name}: {len(table):,} rows in s3://{settings.data_bucket}")
    jobs = first_models.start(boto3.client("lambda"), settings)
    _show(console, "Training", first_models.job_statuses(sagemaker, jobs))
    _show_metrics(console, jobs)
    first_models.promote(DataBucket(s3, settings.data_bucket), settings, jobs)
    wait_for_endpoints(settings, profile, console)


def wait_for_endpoints(settings: Settings, profile: Profile, console: Console) -> None:
    """Until each model of the profile answers. Raises TrainingFailed."""
    sagemaker = boto3.client("sagemaker")
    statuses = first_models.endpoint_statuses(sagemaker, settings, list(profile.models))
    _show(console, "Endpoint", statuses)


def _parquet(table: pd.DataFrame) -> bytes:
    body = BytesIO()
    table.to_parquet(body, index=False)
    return body.getvalue()


def _show(console: Console, title: str, statuses: Iterator[dict[str, str]]) -> None:
    """A table that changes on a terminal; a line a change in a log."""
    told: dict[str, str] = {}
    with Live(console=console, refresh_per_second=4) as live:
        for current in statuses:
            live.update(_status_table(title, current))
            if not console.is_terminal and current != told:
                console.print(f"{title}: {', '.join(f'{k} {v}' for k, v in current.items())}")
                told = current


def _status_table(title: str, current: dict[str, str]) -> Table:
    table = Table(title, "Status")
    for model, status in current.items():
        table.add_row(model, status)
    return table


def _show_metrics(console: Console, jobs: dict[str, str]) -> None:
    table = Table("Model", "AUC", "KS", "Brier", "Trained in")
    for model, job in jobs.items():
        found = boto3.client("sagemaker").describe_training_job(TrainingJobName=job)
        metrics = {m["MetricName"]: m["Value"] for m in found.get("FinalMetricDataList", [])}
        took = found["TrainingEndTime"] - found["TrainingStartTime"]
        values: Sequence[str] = [f"{metrics[name]:.3f}" for name in ("auc", "ks", "brier")]
        table.add_row(model, *values, f"{took.total_seconds():.0f} s")
    console.print("On the last months of the snapshot, which training did not see:", table)
