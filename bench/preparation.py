"""Preparation of a run: environments, a bank with three trained models, the peers' pipelines, and
the applications with the answers that they must get.
"""

import shutil
from itertools import islice
from pathlib import Path
from typing import Any

import boto3
import requests
from rich.console import Console

from bank.first_run import body_of
from bench.floor.own_decision import OwnDecision
from bench.peer_servers.pipeline_scoring import PipelineScoring
from bench.rounds import Question, serve
from bench.servers.contestants import Body, Contestant, Place, Prepared, without_consents
from bench.servers.server_process import free_ports
from bench.sklearn_pipelines import fit_all
from chalicelib.foundation.settings import VERIFIED_PREFIX, Settings
from chalicelib.models import artifact
from datasets import Dataset, sba
from infrastructure import embedded
from infrastructure.project import app_name
from training import training_profile

APPLICATIONS = 500


def train(prepared: Prepared, bank: Contestant, dataset: Dataset, console: Console) -> None:
    """Start a new bank, which trains its models; copy their artifacts; fit the pipelines."""
    for folder in prepared.folders:
        shutil.rmtree(folder, ignore_errors=True)
    asked = body_of(next(dataset.cases()))
    with console.status("Training the bank's models, as make run does"):
        place = Place(free_ports(3)[0], prepared.bank, prepared)
        with serve(bank, place, asked) as serving:
            _copy_artifacts(serving.url, serving.headers, place.port + 1, prepared.artifacts)
    console.print("Trained the bank's models")
    with console.status("Fitting the peers' pipelines"):
        fit_all(dataset, training_profile.read(sba.PROFILE), prepared.pipelines)
    console.print("Fitted the peers' pipelines")


def questions(prepared: Prepared, dataset: Dataset) -> dict[bool, Question]:
    """Return what the bank's contestants are asked (True) and what the peers are (False), with
    answers that were computed here, outside every server.
    """
    bodies = [body_of(case) for case in islice(dataset.cases(), APPLICATIONS)]
    own, pipelines = OwnDecision(prepared.artifacts), PipelineScoring(prepared.pipelines)
    plain = [without_consents(body) for body in bodies]
    return {
        True: Question(bodies, [_expected(own.decide(body)[1]) for body in bodies]),
        False: Question(plain, [_expected(pipelines.score(body["application"])) for body in plain]),
    }


def _expected(answer: dict[str, Any]) -> Body:
    """Return the decision and each probability of an answer."""
    models = {
        name: {"probabilityOfDefault": one["probabilityOfDefault"]}
        for name, one in answer["models"].items()
    }
    return {name: answer[name] for name in ("decision", "probabilityOfDefault")} | {
        "models": models
    }


def _copy_artifacts(url: str, headers: dict[str, str], aws_port: int, into: Path) -> None:
    """Unpack the artifact of each model in service."""
    said = requests.get(url.replace("/predict", "/models"), headers=headers, timeout=30).json()
    s3 = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{aws_port}",
        region_name=embedded.CLIENT["AWS_DEFAULT_REGION"],
        aws_access_key_id=embedded.CLIENT["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=embedded.CLIENT["AWS_SECRET_ACCESS_KEY"],
    )
    settings = Settings(app_name(), "dev", embedded.CLIENT["AWS_DEFAULT_REGION"])
    for model, one in said["models"].items():
        key = f"{VERIFIED_PREFIX}{model}/{one['version']}/model.tar.gz"
        body = s3.get_object(Bucket=settings.model_bucket, Key=key)["Body"].read()
        for name, content in artifact.members(body):
            path = into / model / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
