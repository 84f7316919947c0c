"""Another bank's product: its own credit.toml and data, and no line of Python."""

import shutil

import msgspec
import pandas as pd
import pytest

from chalicelib import profile
from chalicelib.decisions.decision import blend, weigh
from chalicelib.scoring.branch_results import Scored
from tests.training.given import MODELS, ROOT, options, plain
from training import train
from training.serving import inference

DATA = ROOT / "tests" / "data"


@pytest.fixture(scope="module")
def german(tmp_path_factory):
    directory = tmp_path_factory.mktemp("german")
    (directory / "training").mkdir()
    shutil.copy(DATA / "german_credit.csv", directory / "training")
    return directory


@pytest.mark.parametrize("model", MODELS)
def test_a_product_without_dates_trains_and_scores(model, german):
    train.train(options(model), german / "training", DATA / "german.toml", german / model)
    served = inference.model_fn(str(german / model))
    rows = pd.read_csv(DATA / "german_credit.csv", keep_default_na=False)
    said = [inference.predict_fn(row, served)["probabilityOfDefault"] for row in plain(rows)]
    bad = rows["defaulted"] == 1
    assert pd.Series(said)[bad].mean() > pd.Series(said)[~bad].mean()


def test_no_model_reads_a_protected_attribute(german):
    used = set().union(*(inference.model_fn(str(german / model)).inputs for model in MODELS))
    assert not used & {"age", "personalStatus", "foreignWorker"}


FIELD = "instalmentRate"  # an applicant's own, and no other feature is derived from it


@pytest.fixture(scope="module")
def directed(german, tmp_path_factory):
    """The product with a direction for that field, and its models."""
    folder = tmp_path_factory.mktemp("directed")
    file, head = folder / "german.toml", f"[features.{FIELD}]\n"
    text = (DATA / "german.toml").read_text("utf-8")
    assert head in text
    file.write_text(text.replace(head, f'{head}monotone = "increasing"\n'), "utf-8")
    for model in MODELS:
        train.train(options(model), german / "training", file, folder / model)
    models = {model: inference.model_fn(str(folder / model)) for model in MODELS}
    return profile.load(file), models


def test_the_decision_and_the_reason_of_a_field_with_a_direction_move_that_way(directed):
    bank, models = directed
    rows = pd.read_csv(DATA / "german_credit.csv", keep_default_na=False)
    moved = 0
    for row in plain(rows[[*bank.asked_for()]])[::20]:
        risks, told = [], []
        for value in range(1, 5):
            answers = {
                name: msgspec.convert(
                    inference.predict_fn(row | {FIELD: value}, model) | {"status": "OK"}, Scored
                )
                for name, model in models.items()
            }
            risks.append(weigh({}, answers, bank.policy)["probabilityOfDefault"])
            told.append(blend(answers, bank.decision).contributions[FIELD])
        assert risks == sorted(risks)
        assert told[-1] >= told[0]
        moved += told[-1] > told[0]
    assert moved
