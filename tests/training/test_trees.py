import numpy as np
import pytest
import trees
from given import plain


def fit(data, model, threads=2):
    return trees.fit(
        data.training.rows,
        data.training.outcomes,
        monotone={f.name: f.monotone for f in model.features},
        text=frozenset(f.name for f in model.features if f.is_text),
        parameters=model.parameters,
        seed=1,
        threads=threads,
    )


@pytest.fixture(scope="module")
def model(bank):
    return bank.model("AppVengersAccelerator")


@pytest.fixture(scope="module")
def data(learning):
    return learning["AppVengersAccelerator"]


@pytest.fixture(scope="module")
def fitted(data, model):
    return fit(data, model)


@pytest.fixture(scope="module")
def served(fitted):
    return trees.Trees(fitted.text(), fitted.columns())


def logits(served, rows):
    return np.array([b + sum(c.values()) for b, c in map(served.explain, rows)])


def test_baseline_and_contributions_sum_to_the_fitted_logit(fitted, served, data):
    rows = data.holdout.rows.head(200)
    probabilities = fitted.probabilities(rows)
    expected = np.log(probabilities / (1 - probabilities))
    assert logits(served, plain(rows)) == pytest.approx(expected, abs=1e-9)


def test_more_of_a_monotone_feature_never_lowers_the_risk(served, data, model):
    rows = plain(data.holdout.rows.head(20))
    for feature in model.features:
        if feature.monotone:
            steps = [
                logits(served, [{**row, feature.name: float(x)} for row in rows])
                for x in np.linspace(-3, 3, 7)
            ]
            assert (np.diff(steps, axis=0) * feature.monotone >= -1e-12).all()


def test_the_text_does_not_depend_on_the_number_of_threads(data, model, fitted):
    assert fit(data, model, threads=1).text() == fitted.text()


def test_a_state_nobody_saw_is_scored_as_missing(served, data):
    row = plain(data.holdout.rows.head(1))[0]
    unknown, missing = {**row, "state": "XX"}, {**row, "state": None}
    assert served.explain(unknown) == served.explain(missing)
