import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.profile import Score
from tests.training.given import plain
from training.fitting import fit_scorecard
from training.serving.scorecard import Scorecard
from training.training_profile import Feature, Scale

SCORECARDS = ("Tradicional", "NetworkingAccelerator")


@pytest.fixture(scope="module", params=SCORECARDS)
def fitted(request, learning, bank):
    model, data = bank.model(request.param), learning[request.param]
    parameters = fit_scorecard.Parameters(**model.parameters)
    return (
        fit_scorecard.fit(data.training.rows, data.training.outcomes, model.features, parameters),
        model,
        data,
    )


def test_the_evaluator_equals_the_fitted_estimator(fitted):
    estimator, _, data = fitted
    card = Scorecard(estimator.document())
    logits = [b + sum(c.values()) for b, c in map(card.explain, plain(data.holdout.rows))]
    expected = estimator.probabilities(data.holdout.rows)
    assert 1 / (1 + np.exp(-np.array(logits))) == pytest.approx(expected, abs=1e-9)


def test_contributions_are_relative_to_the_training_rows(fitted):
    estimator, _, data = fitted
    card = Scorecard(estimator.document())
    mean = pd.DataFrame([card.explain(row)[1] for row in plain(data.training.rows)]).mean()
    assert mean.abs().max() < 1e-9


def test_more_of_a_monotone_feature_never_lowers_the_risk(fitted):
    estimator, model, _ = fitted
    written = estimator.document()["features"]
    for feature in model.features:
        if feature.monotone and feature.name in written:
            steps = np.diff(written[feature.name]["contributions"]) * feature.monotone
            assert (steps >= 0).all()


def test_a_value_on_a_split_belongs_below_it(learning, bank):
    document = {
        "baseline": 0.0,
        "features": {"amount": {"splits": [5.0], "contributions": [1.0, 2.0], "missing": 3.0}},
    }
    card = Scorecard(document)
    values = [card.explain({"amount": value})[1]["amount"] for value in (5, 5.1, None)]
    assert values == [1.0, 2.0, 3.0]


def test_a_state_nobody_saw_is_scored_as_other(fitted):
    estimator, _, _ = fitted
    document = estimator.document()
    for name, bins in document["features"].items():
        if "categories" in bins:
            assert Scorecard(document).explain({name: "never seen"})[1][name] == bins["other"]


def test_a_column_that_says_nothing_leaves_nothing_to_fit(learning):
    data = learning["Tradicional"]
    constant = pd.DataFrame({"amount": np.ones(len(data.training.outcomes))})
    feature = Feature("amount", "number", None, 0, False)
    with pytest.raises(fit_scorecard.NothingLearnt):
        fit_scorecard.fit(constant, data.training.outcomes, (feature,), fit_scorecard.Parameters())


def test_no_contribution_is_out_of_proportion(fitted):
    estimator, _, _ = fitted
    for bins in estimator.document()["features"].values():
        values = bins.get("contributions") or list(bins["categories"].values())
        assert all(math.isfinite(v) and abs(v) < 3 for v in values)


@given(
    st.floats(5, 100),
    st.floats(0, 1000),
    st.floats(0.1, 100),
    st.lists(st.floats(-20, 20), min_size=1),
)
def test_training_and_decisions_give_a_log_odds_the_same_points(doubling, base, odds, logits):
    """Two implementations: a Lambda has no numpy, and training scores all loans at once."""
    scale = Scale(doubling, base, odds, approve_from=0)
    score = Score(points_to_double_odds=doubling, base_points=base, base_odds=odds)

    assert scale.points(np.array(logits)).tolist() == [score.points(one) for one in logits]
