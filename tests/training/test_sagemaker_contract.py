"""train.py and inference.py, unchanged, under AWS's own sagemaker-training and -inference."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import inference
import pytest
from given import ROOT

from training.datasets import sba

TRAINING = """
from sagemaker_training import entry_point, environment
env = environment.Environment()
entry_point.run(
    env.module_dir, env.user_entry_point, env.to_cmd_args(), env.to_env_vars(), capture_error=True
)
"""

SERVING = """
import sys
from types import SimpleNamespace
from sagemaker_inference.transformer import Transformer
headers = {"Content-Type": "application/json", "Accept": "application/json"}
status = []
context = SimpleNamespace(
    system_properties={"model_dir": sys.argv[1]},
    request_processor=[SimpleNamespace(get_request_properties=lambda: headers)],
    set_response_content_type=lambda *_: None,
    set_response_status=lambda code, phrase: status.append(code),
)
(answer,) = Transformer().transform([{"body": sys.stdin.buffer.read()}], context)
print(answer)
sys.exit(bool(status))
"""


@pytest.fixture(scope="module")
def opt_ml(channel, tmp_path_factory) -> Path:
    """What the container finds under /opt/ml."""
    base = tmp_path_factory.mktemp("opt_ml")
    shutil.copytree(channel, base / "input/data/training")
    (base / "input/data/profile").mkdir(parents=True)
    shutil.copy(sba.PROFILE, base / "input/data/profile/credit.toml")
    left_out = shutil.ignore_patterns("datasets", "__pycache__")
    shutil.copytree(ROOT / "training", base / "code", ignore=left_out)
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
def test_aws_trains_and_serves_the_same_model(model, opt_ml, artifacts, loans):
    run = train(opt_ml, model)
    assert run.returncode == 0, run.stderr
    application = next(sba.applications(loans))["application"]
    served = subprocess.run(
        [sys.executable, "-c", SERVING, str(opt_ml / "model")],
        input=json.dumps(application).encode(),
        env=os.environ
        | {"SAGEMAKER_PROGRAM": "inference.py", "PYTHONPATH": str(opt_ml / "model/code")},
        capture_output=True,
    )
    assert served.returncode == 0, served.stdout
    ours = inference.predict_fn(application, inference.model_fn(str(artifacts[model])))
    assert json.loads(served.stdout) == ours
    shutil.rmtree(opt_ml / "model")


def test_aws_reports_why_a_training_failed(opt_ml):
    run = train(opt_ml, "Oracle")
    assert run.returncode != 0
    assert "the profile has no model 'Oracle'" in (opt_ml / "output/failure").read_text()
