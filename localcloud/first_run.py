"""What `make run` shows: the first models, and a first prediction of a real loan."""

import os
from collections.abc import Iterator, Sequence
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any

import boto3
import pandas as pd
import requests
from rich.console import Console
from rich.live import Live
from rich.table import Table

from chalicelib.profile import PROFILE_FILE
from chalicelib.settings import MANIFEST_PREFIX
from infrastructure import first_models
from localcloud.bank import Bank
from training.datasets import Case, Dataset, own, sba


class PredictionRefused(Exception):
    """The first prediction did not come out; the message is the API's answer."""


class NoSuchRow(Exception):
    """The data set has fewer rows."""


def needs_models(bank: Bank) -> bool:
    """Whether a model of the profile never had a version: one that was taken away stays away."""
    bucket = bank.settings.model_bucket
    accepted = boto3.client("s3").list_objects_v2(Bucket=bucket, Prefix=MANIFEST_PREFIX)
    keys = [one["Key"] for one in accepted.get("Contents", [])]
    return any(
        not any(key.startswith(f"{MANIFEST_PREFIX}{model}/") for key in keys)
        for model in _profile_models(bank)
    )


def chosen_dataset(folder: Path, console: Console) -> Dataset:
    """The bank's own file if DATA names one, now or when it was trained; else the loan register."""
    kept = folder / "data"
    if given := os.environ.get("DATA"):
        folder.mkdir(parents=True, exist_ok=True)
        kept.write_text(str(Path(given).resolve()), encoding="utf-8")
    if kept.exists():
        return own.dataset(Path(kept.read_text(encoding="utf-8")), PROFILE_FILE)
    return sba.dataset(console)


def train_and_deploy(bank: Bank, dataset: Dataset, console: Console) -> None:
    """Snapshot, training jobs, artifacts to S3: from there createEndpointModel does it."""
    from chalicelib.services import services  # after the bank is open: its clients are the cloud's

    sagemaker, settings = boto3.client("sagemaker"), bank.settings
    with console.status("Writing the snapshot"):
        table = dataset.snapshot()
        first_models.put_sources(boto3.client("s3"), settings, dataset.name, _parquet(table))
    console.print(f"Snapshot {dataset.name}: {len(table):,} rows in s3://{settings.data_bucket}")
    jobs = first_models.start(boto3.client("lambda"), settings)
    _show(console, "Training", first_models.job_statuses(sagemaker, jobs))
    _show_metrics(console, jobs)
    first_models.promote(services().data, settings, jobs)
    models = _profile_models(bank)
    _show(console, "Endpoint", first_models.endpoint_statuses(sagemaker, settings, models))


def shown_case(dataset: Dataset, row: int) -> Case:
    """An application that no model has seen. Raises NoSuchRow."""
    for case in islice(dataset.cases(), row, None):
        return case
    raise NoSuchRow(f"There is no row {row}: take a smaller one, from 0.")


def body_of(case: Case) -> dict[str, Any]:
    return {"clientId": case["clientId"], "application": case["application"]}


def first_prediction(url: str, api_key: str, body: dict[str, Any]) -> dict[str, Any]:
    """The API's answer. Raises PredictionRefused unless it is 200 and what the table holds."""
    headers = {"x-api-key": api_key}
    response = requests.post(f"{url}/predict", json=body, headers=headers, timeout=30)
    if response.status_code != 200:
        raise PredictionRefused(f"{response.status_code}: {response.text}")
    answer: dict[str, Any] = response.json()
    where = f"{url}/predictions/{answer['clientId']}/{answer['predictionId']}"
    stored = requests.get(where, headers=headers, timeout=30).json()
    if {name: stored.get(name) for name in answer} != answer:
        raise PredictionRefused(f"What is stored is not what was answered: {stored}")
    return answer


def print_prediction(console: Console, answer: dict[str, Any], defaulted: bool | None) -> None:
    if answer["score"] is None:
        console.print(f"{answer['decision']}: no model answered. {answer['models']}")
        return
    probability = answer["probabilityOfDefault"]
    console.print(
        f"\n[bold]{answer['decision']}[/bold]  score {answer['score']}, "
        f"probability of default {probability:.1%}  (client {answer['clientId']})"
    )
    for reason in answer["reasons"]:
        console.print(f"  {reason['points']:+4d} points  {reason['text']}")
    table = Table("Model", "Status", "Score", "Default", "Version")
    for name, model in answer["models"].items():
        if model["status"] == "OK":
            table.add_row(
                name,
                "OK",
                str(model["score"]),
                f"{model['probabilityOfDefault']:.1%}",
                model["version"],
            )
        else:
            table.add_row(name, model["status"], "", model["cause"], "")
    console.print(table)
    outcome = {True: "it defaulted", False: "it was paid", None: "nobody wrote it down"}[defaulted]
    console.print(f"What really happened to this loan: {outcome}.")


def _parquet(table: pd.DataFrame) -> bytes:
    body = BytesIO()
    table.to_parquet(body, index=False)
    return body.getvalue()


def _profile_models(bank: Bank) -> list[str]:
    from chalicelib.services import services  # see train_and_deploy

    return list(services().profile.models)


def _show(console: Console, title: str, statuses: Iterator[dict[str, str]]) -> None:
    with Live(console=console, refresh_per_second=4) as live:
        for current in statuses:
            live.update(_status_table(title, current))


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
