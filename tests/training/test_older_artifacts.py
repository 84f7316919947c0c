"""An artifact whose trees LightGBM evaluates, as releases up to November 2026 wrote them.

tests/data/lightgbm_release has their code. Decisions that it took part in are replayed by that very
code; a new endpoint is not started with it, as it would have to fetch LightGBM.
"""

import hashlib
import itertools
import json
import shutil

import pytest

from chalicelib import profile
from chalicelib.foundation.errors import InvalidArtifact
from chalicelib.models import artifact
from datasets import sba
from tests.training.given import ROOT
from tests.training.stored import VERSION, packed
from training.serving import inference
from workbench.replaying.artifact_process import evaluate

MODEL = "AppVengersAccelerator"
CODE = ROOT / "tests" / "data" / "lightgbm_release"


@pytest.fixture(scope="module")
def older(artifacts, tmp_path_factory):
    """Its folder."""
    folder = tmp_path_factory.mktemp("older") / MODEL
    left_out = shutil.ignore_patterns("code", "__pycache__")
    shutil.copytree(artifacts[MODEL], folder, ignore=left_out)
    shutil.copytree(CODE, folder / "code")
    (folder / "code/requirements.txt").write_text("lightgbm==4.7.0\n", encoding="utf-8")
    manifest = json.loads((folder / "manifest.json").read_bytes())
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    manifest["members"] = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if path.name != "manifest.json"
    }
    manifest["schema"] = profile.load().schema(MODEL)
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def body(older):
    return packed(older)


def test_its_own_code_replays_it_and_todays_says_the_same(older, body, loans):
    cases = itertools.islice(sba.applications(loans), 50)
    applications = [case["application"] for case in cases]
    sha256 = hashlib.sha256((older / "manifest.json").read_bytes()).hexdigest()
    replayed = evaluate(body, sha256, applications)
    today = inference.model_fn(str(older))
    for application, then in zip(applications, replayed, strict=True):
        now = inference.predict_fn(application, today)
        assert then.contributions == pytest.approx(now["contributions"], abs=1e-9)
        assert then.probability_of_default == pytest.approx(now["probabilityOfDefault"], abs=1e-9)


def test_no_endpoint_is_started_with_it(body):
    with pytest.raises(InvalidArtifact, match="no endpoint fetches any when it starts") as refused:
        artifact.verify(body, MODEL, VERSION, profile.load())
    assert "train it again" in str(refused.value)
