import hashlib
import json
import shutil

import pytest

from datasets import sba
from tests.training.given import MODELS, options
from training import train
from training.serving import inference


def contents(directory):
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def copy(artifacts, tmp_path):
    return shutil.copytree(artifacts["Tradicional"], tmp_path / "model")


@pytest.mark.parametrize("model", MODELS)
def test_training_twice_gives_the_same_bytes(model, artifacts, channel, tmp_path):
    train.train(options(model), channel, sba.PROFILE, tmp_path)
    assert contents(tmp_path) == contents(artifacts[model])


@pytest.mark.parametrize("model", MODELS)
def test_the_manifest_has_the_digest_of_every_other_file(model, artifacts):
    found = contents(artifacts[model])
    manifest = json.loads(found.pop("manifest.json"))
    assert manifest["members"] == {n: hashlib.sha256(b).hexdigest() for n, b in found.items()}


def test_the_manifest_says_what_the_model_learnt_from(artifacts, bank):
    manifest = json.loads((artifacts["AppVengersAccelerator"] / "manifest.json").read_text())
    assert manifest["window"] == {"from": "2003-07-01", "to": "2005-03-31"}
    assert manifest["calibration"]["from"] == "2005-01-03"
    assert manifest["holdout"]["from"] == "2005-04-01"
    assert 0.5 < manifest["metrics"]["auc"] < 0.75
    low, high = manifest["intervals"]["auc"]
    assert 0.5 < low < manifest["metrics"]["auc"] < high < 0.8
    assert set(manifest["reference"]) == set(bank.profile.models["AppVengersAccelerator"].features)


def test_the_reference_covers_every_training_row(artifacts):
    manifest = json.loads((artifacts["Tradicional"] / "manifest.json").read_text())
    amount = manifest["reference"]["amount"]
    assert len(amount["shares"]) == len(amount["edges"]) + 1
    assert sum(amount["shares"]) + amount["missing"] == pytest.approx(1, abs=1e-4)


def test_no_borrower_is_in_an_artifact(artifacts, loans):
    text = b"".join(contents(artifacts["NetworkingAccelerator"]).values()).decode()
    assert not any(number in text for number in loans["loanNumber"].head(2_000))


@pytest.mark.parametrize("name", ["scorecard.json", "features.json", "code/features.py"])
def test_a_changed_member_is_refused(copy, name):
    (copy / name).write_bytes((copy / name).read_bytes() + b" ")
    with pytest.raises(inference.Refused, match=f"{name} was changed"):
        inference.model_fn(str(copy))


def test_a_member_that_is_not_in_the_manifest_is_refused(copy):
    (copy / "model.pkl").write_bytes(b"\x80\x04.")
    with pytest.raises(inference.Refused, match="model.pkl is not in the manifest"):
        inference.model_fn(str(copy))


def test_a_pickle_is_refused_even_with_a_manifest_that_lists_it(copy):
    (copy / "model.pkl").write_bytes(b"\x80\x04.")
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["members"]["model.pkl"] = hashlib.sha256(b"\x80\x04.").hexdigest()
    (copy / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(inference.Refused, match="no part of a model"):
        inference.model_fn(str(copy))


@pytest.mark.parametrize("name", ["features.json", "manifest.json"])
def test_a_missing_member_is_refused(copy, name):
    (copy / name).unlink()
    with pytest.raises(inference.Refused, match=f"{name} is missing"):
        inference.model_fn(str(copy))
