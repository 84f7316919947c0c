import io
from pathlib import Path

import boto3
import pandas as pd
import pytest

from datasets import sba
from infrastructure.deploy.steps.stack import deploy
from localcloud.embedded_cloud import embedded_cloud
from tests.training.collected import emptied
from tests.training.given import MODELS, options
from training import train, training_profile
from training.snapshots import snapshot


@pytest.fixture(scope="session")
def loans() -> pd.DataFrame:
    return pd.read_parquet(sba.SAMPLE)


@pytest.fixture(scope="session")
def bank() -> training_profile.TrainingProfile:
    return training_profile.read(sba.PROFILE)


@pytest.fixture(scope="session")
def channel(loans, tmp_path_factory) -> Path:
    directory = tmp_path_factory.mktemp("training")
    sba.snapshot(loans).to_parquet(directory / "loans.parquet")
    return directory


@pytest.fixture(scope="session")
def learning(channel, bank):
    """By model: what it learns from."""
    models = {name: bank.model(name) for name in MODELS}
    return {
        name: snapshot.prepare(snapshot.read(channel, bank, model), bank, model)
        for name, model in models.items()
    }


@pytest.fixture(scope="session")
def artifacts(channel, tmp_path_factory) -> dict[str, Path]:
    """By model: the directory that SageMaker would tar."""
    directory = tmp_path_factory.mktemp("models")
    for name in MODELS:
        train.train(options(name), channel, sba.PROFILE, directory / name)
    return {name: directory / name for name in MODELS}


@pytest.fixture(scope="module")
def first(loans):
    """The snapshot that a bank starts with."""
    body = io.BytesIO()
    sba.snapshot(loans, first=pd.Timestamp("2004-07-01")).to_parquet(body, index=False)
    return body.getvalue()


@pytest.fixture(scope="module")
def cloud():
    with embedded_cloud(None) as cloud:
        deploy(boto3.client("cloudformation"), "appvengers", "dev")
        yield cloud


@pytest.fixture
def place(cloud, bank, first):
    return emptied(bank, first)


@pytest.fixture(scope="module")
def later(loans):
    """Real loans of the months after it, with what became of them."""
    found = sba.snapshot(loans, sba.TEST_FROM, sba.TEST_TO).reset_index(drop=True)
    return found[found["defaulted"].notna()].head(300)


@pytest.fixture(scope="module")
def cases(loans):
    return list(sba.applications(loans))[:20]
