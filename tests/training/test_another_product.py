"""Another bank's product: its own credit.toml and data, and no line of Python."""

import shutil

import inference
import pandas as pd
import pytest
import train
from given import MODELS, ROOT, options, plain

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
