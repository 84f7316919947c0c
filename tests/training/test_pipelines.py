"""The peers' pipelines: fitted on the sample, and served by what a peer imports."""

import itertools
import json
import math
import sqlite3

import joblib
import pandas as pd
import pytest

from bench.peer_servers.pipeline_scoring import MODELS, DecisionTable, PipelineScoring
from bench.sklearn_pipelines import as_asked, fit_all
from datasets import sba
from training import training_profile

PRODUCT = training_profile.read(sba.PROFILE)


@pytest.fixture(scope="module")
def dataset():
    return sba.dataset_of(pd.read_parquet(sba.SAMPLE))


@pytest.fixture(scope="module")
def pipelines(dataset, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pipelines")
    fit_all(dataset, PRODUCT, folder)
    return folder


@pytest.fixture(scope="module")
def applications(dataset):
    return [case["application"] for case in itertools.islice(dataset.cases(), 50)]


def test_each_model_of_the_profile_has_a_pipeline(pipelines):
    assert {path.stem for path in pipelines.glob("*.joblib")} == {*PRODUCT.models}


def test_one_application_is_scored_as_a_table_of_them(pipelines, applications):
    scoring = PipelineScoring(pipelines)
    columns = json.loads((pipelines / MODELS).read_bytes())["columns"]
    rows = as_asked(pd.DataFrame(applications).reindex(columns=[*columns]), columns)
    for name in PRODUCT.models:
        together = joblib.load(pipelines / f"{name}.joblib").predict_proba(rows)[:, 1]
        alone = [scoring.score(one)["models"][name] for one in applications]

        assert [one["probabilityOfDefault"] for one in alone] == pytest.approx(
            [*together], abs=1e-12
        )


def test_a_decision_is_cut_where_the_bank_cuts(pipelines, applications):
    decision, scale = PRODUCT.profile.policy.decision, PRODUCT.profile.policy.score
    for answer in map(PipelineScoring(pipelines).score, applications):
        odds = answer["probabilityOfDefault"] / (1 - answer["probabilityOfDefault"])
        factor = scale.points_to_double_odds / math.log(2)
        points = scale.base_points - factor * (math.log(odds) + math.log(scale.base_odds))
        by_points = (
            "APPROVE" if points >= decision.approve_from
            else "DECLINE" if points < decision.decline_below
            else "REVIEW"
        )  # fmt: skip

        assert answer["decision"] == by_points


def test_models_differ_and_so_do_applications(pipelines, applications):
    scoring = PipelineScoring(pipelines)
    scored = [scoring.score(one)["models"] for one in applications]

    assert len({json.dumps(one) for one in scored}) > 40
    assert all(len({part["probabilityOfDefault"] for part in one.values()}) == 3 for one in scored)


def test_a_decision_is_on_the_disk_before_the_answer(tmp_path):
    table = DecisionTable(tmp_path / "decisions.sqlite")
    table.add("c", {"amount": 1}, {"predictionId": "p", "createdAt": "now"})
    with sqlite3.connect(tmp_path / "decisions.sqlite") as other:
        assert other.execute("select id, client from decisions").fetchall() == [("p", "c")]
    assert table._db.execute("pragma synchronous").fetchone() == (2,)  # FULL
    assert table._db.execute("pragma journal_mode").fetchone() == ("wal",)
