"""Fire drills of the gate: challengers that are spoiled, each refused for its own reason while the
champion goes on answering. A link or a path out of an archive, a bomb, another profile's model and
an unknown model are refused in test_models_arrive.py, where whatever is promoted arrives, too.
"""

import json

import pytest

from tests.workflow import retraining
from tests.workflow.retraining import MODELS

FIRST, SECOND = "20320101T000000", "20320102T000000"

# A training script of somebody else's: what it spoils goes by the model.
SPOIL = """
import hashlib, json, os, sys
from pathlib import Path
import pandas as pd
import honest

MODEL_DIR, TRAINING = Path(os.environ["SM_MODEL_DIR"]), Path(os.environ["SM_CHANNEL_TRAINING"])


def in_the_data(change):
    for path in TRAINING.glob("*.parquet"):
        change(pd.read_parquet(path)).to_parquet(path)


def in_the_artifact(member, change):
    path, manifest = MODEL_DIR / member, MODEL_DIR / "manifest.json"
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    stated = json.loads(manifest.read_text())
    stated["members"][member] = hashlib.sha256(path.read_bytes()).hexdigest()
    manifest.write_text(json.dumps(stated))


def shuffled(rows):
    return rows.assign(defaulted=rows["defaulted"].sample(frac=1, random_state=1).to_numpy())


def turned(card):
    card["features"]["industryPeers"]["contributions"].reverse()
    return card


def bumped(calibration):
    return calibration | {"intercept": calibration["intercept"] + 1.5}


def shifted(rows):
    return rows.assign(employees=rows["employees"] * 40)


name = json.loads(os.environ["SM_HPS"])["model"]
DRILLS
"""
FIRST_DRILLS = """
if name == "AppVengersAccelerator":
    in_the_data(shuffled)
if honest.main():
    sys.exit(1)
if name == "Tradicional":
    in_the_artifact("calibration.json", bumped)
if name == "NetworkingAccelerator":
    in_the_artifact("scorecard.json", turned)
"""
SECOND_DRILLS = """
if name == "Tradicional":
    in_the_data(shifted)
if honest.main():
    sys.exit(1)
if name == "NetworkingAccelerator":
    path = MODEL_DIR / "scorecard.json"
    path.write_text(path.read_text().replace("0.1", "0.2"))
if name == "AppVengersAccelerator":
    import pickle
    (MODEL_DIR / "model.pkl").write_bytes(pickle.dumps({"a": 1}))
"""


def drill(served, sample, version: str, drills: str) -> dict[str, dict]:
    with retraining.source(train=SPOIL.replace("DRILLS", drills), honest=retraining.TRAIN):
        retraining.put_snapshot(version, sample.snapshot())
        found = retraining.outcome(served, retraining.start(served, version, profile_name="few"))
    retraining.forget(version)
    return found


@pytest.fixture(scope="module")
def spoiled(served, sample):
    return drill(served, sample, FIRST, FIRST_DRILLS)


@pytest.fixture(scope="module")
def tampered(served, sample):
    return drill(served, sample, SECOND, SECOND_DRILLS)


def rules(found: dict) -> set[str]:
    return {reason.partition(":")[0] for reason in found["reasons"]}


def test_a_miscalibrated_challenger_is_refused(spoiled):
    found = spoiled["Tradicional"]

    assert found["verdict"] == "rejected"
    assert rules(found) == {"calibración"}


def test_a_challenger_that_breaks_monotonicity_is_refused(spoiled):
    found = spoiled["NetworkingAccelerator"]

    assert found["verdict"] == "rejected"
    assert "monotonía de industryPeers" in rules(found)


def test_a_worse_challenger_is_refused(spoiled):
    found = spoiled["AppVengersAccelerator"]

    assert found["verdict"] == "rejected"
    assert "AUC contra el modelo en servicio" in rules(found), found["reasons"]


def test_one_trained_on_shifted_data_is_refused(tampered):
    found = tampered["Tradicional"]

    assert found["verdict"] == "rejected"
    assert "CSI de employees" in rules(found)


def test_a_tampered_artifact_is_refused(tampered):
    found = tampered["NetworkingAccelerator"]

    assert found["verdict"] == "rejected"
    assert rules(found) == {"artefacto", "medición"}
    assert "scorecard.json no es lo que dice el manifiesto" in " ".join(found["reasons"])


def test_a_pickle_inside_is_refused(tampered):
    found = tampered["AppVengersAccelerator"]

    assert found["verdict"] == "rejected"
    assert "'model.pkl' no tiene lugar en un modelo" in " ".join(found["reasons"])


@pytest.mark.parametrize("model", MODELS)
def test_the_champion_answers_on_and_the_refusal_is_told(served, loans, spoiled, tampered, model):
    champion = spoiled[model]["champion"]
    refusals = [
        notice.message
        for notice in served.bank.cloud.notices
        if notice.subject == "Modelo rechazado"
        and any(f"{model} {version}" in notice.message for version in (FIRST, SECOND))
    ]

    assert served.predict(loans[0])["models"][model]["version"] == champion
    assert len(refusals) == 2
    assert all(reason in refusals[0] for reason in spoiled[model]["reasons"])
    assert json.dumps(refusals).count("clientId") == 0
