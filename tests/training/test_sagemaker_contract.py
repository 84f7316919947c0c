"""train.py, unchanged, under AWS's own sagemaker-training; tests/serving has what serves."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from datasets import sba
from tests.training.given import unpacked

TRAINING = """
from sagemaker_training import entry_point, environment
env = environment.Environment()
entry_point.run(
    env.module_dir, env.user_entry_point, env.to_cmd_args(), env.to_env_vars(), capture_error=True
)
"""


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def opt_ml(channel, tmp_path_factory) -> Path:
    """What the container finds under /opt/ml."""
    base = tmp_path_factory.mktemp("opt_ml")
    shutil.copytree(channel, base / "input/data/training")
    (base / "input/data/profile").mkdir(parents=True)
    shutil.copy(sba.PROFILE, base / "input/data/profile/credit.toml")
    unpacked(base / "code")
    for name in ("model", "output/data", "input/config"):
        (base / name).mkdir(parents=True)
    return base


def train(base: Path, model: str) -> subprocess.CompletedProcess:
    given = {
        "model": model,
        "version": "20050701T000000",
        "schema": "5c4e3a",
        "snapshot": "2005-06-30",
        "sagemaker_program": "train.py",
        "sagemaker_submit_directory": str(base / "code"),
    }
    channel = {"TrainingInputMode": "File"}
    documents = {
        "hyperparameters": {name: json.dumps(value) for name, value in given.items()},
        "inputdataconfig": {"training": channel, "profile": channel},
        "resourceconfig": {"current_host": "localhost", "hosts": ["localhost"]},
    }
    for name, document in documents.items():
        (base / f"input/config/{name}.json").write_text(json.dumps(document))
    return subprocess.run(
        [sys.executable, "-c", TRAINING],
        env=os.environ | {"SAGEMAKER_BASE_DIR": str(base)},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("model", ["AppVengersAccelerator", "NetworkingAccelerator"])
def test_aws_trains_the_same_model(model, opt_ml, artifacts):
    run = train(opt_ml, model)
    assert run.returncode == 0, run.stderr
    assert contents(opt_ml / "model") == contents(artifacts[model])
    shutil.rmtree(opt_ml / "model")


def test_aws_reports_why_a_training_failed(opt_ml):
    run = train(opt_ml, "Oracle")
    assert run.returncode != 0
    assert "the profile has no model 'Oracle'" in (opt_ml / "output/failure").read_text()
