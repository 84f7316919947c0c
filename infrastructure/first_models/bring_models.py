"""The progress of a bank's first models: snapshot, trainings, endpoints."""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import boto3
from rich.console import Console
from rich.live import Live
from rich.table import Table

from chalicelib.foundation.errors import InvalidArtifact, InvalidProfile
from chalicelib.foundation.settings import Settings
from chalicelib.models import artifact
from chalicelib.models.model_bucket import ModelBucket
from chalicelib.profile import PROFILE_FILE, Profile
from chalicelib.retraining.retraining_files import RetrainingFiles
from datasets import Dataset, FirstSnapshot, NoRegister, UnreadableData
from infrastructure.first_models import first_model_steps

SECONDS_BETWEEN_LINES = 60
FAULTS = (InvalidProfile, UnreadableData, NoRegister)


def chosen_dataset(own_file: Path | None, console: Console) -> Dataset:
    """Return the bank's data, or the demo's loan register without any."""
    from datasets import own, sba  # pandas, which the bank's own process does without

    return own.dataset(own_file, PROFILE_FILE) if own_file else sba.dataset(console)


def bring(
    settings: Settings, profile: Profile, loans: Callable[[], FirstSnapshot], console: Console
) -> None:
    """Bring each model of the profile into service. Train only models that never had a version."""
    s3, since = boto3.client("s3"), datetime.now(UTC)
    there = _endpoints(settings)
    missing = [model for model in profile.models if there.get(model, "Failed") == "Failed"]
    for model in missing:
        if model in there:
            console.print(f"The endpoint of {model} is Failed, and is created again")
            _delete_endpoint(f"{settings.prefix}-{model}")
    bucket = ModelBucket(s3, settings.model_bucket)
    arrivals = {model: bucket.newest_arrival(model) for model in missing}
    known = {
        model: arrival.version
        for model, arrival in arrivals.items()
        if arrival and _is_valid(bucket, model, arrival.version, profile, console)
    }
    if known.keys() != arrivals.keys():
        _train_and_promote(settings, profile, loans, console)
    else:
        for model, version in known.items():
            console.print(f"{model} {version} is deployed again")
            bucket.arrive_again(model, version)
    wait_for_endpoints(settings, profile, console, since)


def _is_valid(
    bucket: ModelBucket, model: str, version: str, profile: Profile, console: Console
) -> bool:
    """Return whether an artifact fits the profile; createEndpointModel would refuse any other."""
    try:
        artifact.verify(bucket.verified_artifact(model, version), model, version, profile)
    except InvalidArtifact as fault:
        console.print(f"{model} {version} is trained again: {fault}")
        return False
    return True


def _endpoints(settings: Settings) -> dict[str, str]:
    """Return the endpoints' statuses by model."""
    pages = (
        boto3.client("sagemaker")
        .get_paginator("list_endpoints")
        .paginate(NameContains=settings.prefix)
    )
    return {
        endpoint["EndpointName"].removeprefix(f"{settings.prefix}-"): endpoint["EndpointStatus"]
        for page in pages
        for endpoint in page["Endpoints"]
    }


def _delete_endpoint(name: str) -> None:
    """Delete a failed endpoint, which AWS cannot update."""
    sagemaker = boto3.client("sagemaker")
    sagemaker.delete_endpoint(EndpointName=name)
    sagemaker.get_waiter("endpoint_deleted").wait(EndpointName=name)


def _train_and_promote(
    settings: Settings, profile: Profile, loans: Callable[[], FirstSnapshot], console: Console
) -> None:
    """Put the snapshot, run the trainings, and upload the artifacts, which createEndpointModel
    deploys.
    """
    sagemaker, s3 = boto3.client("sagemaker"), boto3.client("s3")
    with console.status("Writing the snapshot"):
        first = loans()
        snapshot = first_model_steps.put_sources(s3, settings, first.name, first.parquet)
    console.print(f"Snapshot {snapshot}: {first.rows:,} rows in s3://{settings.data_bucket}")
    jobs = first_model_steps.start(settings, profile, snapshot)
    _show(console, "Training", first_model_steps.job_statuses(sagemaker, jobs))
    _show_metrics(console, jobs)
    files = RetrainingFiles(s3, settings.data_bucket, settings.model_bucket)
    first_model_steps.promote(files, settings, profile, jobs)


def wait_for_endpoints(
    settings: Settings, profile: Profile, console: Console, since: datetime
) -> None:
    """Wait until each model of the profile is in service.

    `since` is the time of the uploads. Raises TrainingFailed.
    """
    sagemaker = boto3.client("sagemaker")
    statuses = first_model_steps.endpoint_statuses(sagemaker, settings, list(profile.models), since)
    _show(console, "Endpoint", statuses)


def _show(console: Console, title: str, statuses: Iterator[dict[str, str]]) -> None:
    """Show statuses: on a terminal in place, in a log a line at each change and each minute."""
    began = time.monotonic()
    if console.is_terminal:
        with Live(console=console, refresh_per_second=4) as live:
            for current in statuses:
                live.update(_status_table(title, current, time.monotonic() - began))
        return
    told: dict[str, str] = {}
    told_at = began
    for current in statuses:
        now = time.monotonic()
        bare = {model: status.partition(":")[0] for model, status in current.items()}
        if bare != told or now - told_at >= SECONDS_BETWEEN_LINES:
            shown = ", ".join(f"{model} {status}" for model, status in bare.items())
            console.print(f"  {title} {now - began:4.0f} s: {shown}", soft_wrap=True)
            told, told_at = bare, now


def _status_table(title: str, current: dict[str, str], seconds: float) -> Table:
    table = Table(title, f"Status after {seconds:.0f} s")
    for model, status in current.items():
        table.add_row(model, status)
    return table


def _show_metrics(console: Console, jobs: dict[str, str]) -> None:
    table = Table("Model", "AUC", "KS", "Brier", "Trained in")
    for model, job in jobs.items():
        found = boto3.client("sagemaker").describe_training_job(TrainingJobName=job)
        metrics = {m["MetricName"]: m["Value"] for m in found.get("FinalMetricDataList", [])}
        took = found["TrainingEndTime"] - found["TrainingStartTime"]
        # SageMaker reads metrics from the log, and now and then finds none.
        values: Sequence[str] = [
            f"{metrics[name]:.3f}" if name in metrics else "-" for name in ("auc", "ks", "brier")
        ]
        table.add_row(model, *values, f"{took.total_seconds():.0f} s")
    console.print("On the last months of the snapshot, which training did not see:")
    console.print(table)
