"""The endpoint's trees against LightGBM's own: the same logits and the same exact reasons."""

import lightgbm
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.training.given import plain
from training.batch_scoring.quick_trees import QuickTrees
from training.fitting import fit_trees
from training.serving import tree_text, trees

NAMES = ("number", "gaps", "whole", "category")
CATEGORIES = 40


def matrix(seed, rows=600):
    """A number, one with gaps, whole numbers around 0, and a category with gaps."""
    random = np.random.default_rng(seed)
    number, gaps = random.normal(size=(2, rows))
    gaps[random.random(rows) < 0.2] = np.nan
    whole = random.integers(-3, 4, rows).astype(float)
    category = random.integers(0, CATEGORIES, rows).astype(float)
    category[random.random(rows) < 0.1] = np.nan
    return np.column_stack([number, gaps, whole, category])


def grown(seed=1, rounds=12, **more):
    known = matrix(seed)
    risk = np.nan_to_num(known).sum(axis=1) + 3 * np.isin(known[:, 3], [1, 7, 33, 38])
    data = lightgbm.Dataset(
        known, label=risk > np.median(risk), categorical_feature=[3], feature_name=list(NAMES)
    )
    settings = {"objective": "binary", "verbosity": -1, "seed": seed, "num_threads": 1}
    loose = {"min_data_in_leaf": 2, "cat_smooth": 1, "min_data_per_group": 2}
    return lightgbm.train(settings | loose | more, data, num_boost_round=rounds)


def served(booster):
    columns = [{"feature": name} for name in NAMES[:3]]
    category = {"feature": NAMES[3], "values": [str(code) for code in range(CATEGORIES)]}
    return trees.Trees(booster.model_to_string(), [*columns, category])


def asked(booster, seed):
    """Rows like those that were learnt from, with gaps, zeros and thresholds anywhere."""
    rows = matrix(seed, rows=60)
    rows[:20, :3][np.random.default_rng(seed).random((20, 3)) < 0.4] = np.nan
    rows[20:30, :3] = 0.0
    edges = served(booster).ranks.edges
    for feature in range(3):
        some = edges[feature][:15] or [0.0]
        rows[30 : 30 + len(some), feature] = some
    rows[50:55, :3] = [1e-36, -1e-36, 1e14]
    return rows


def as_row(values):
    row = dict(zip(NAMES, (None if np.isnan(value) else value for value in values), strict=True))
    code = row["category"]
    return row | {"category": None if code is None else f"{code:.0f}"}


def explained(model, rows):
    said = (model.explain(as_row(values)) for values in rows)
    return np.array([[*contributions.values(), baseline] for baseline, contributions in said])


def quick_logits(model, rows):
    ranks = [
        np.array([model._rank(n, as_row(values)[name]) for values in rows])
        for n, name in enumerate(NAMES)
    ]
    return QuickTrees(model.trees, model.ranks).logits(ranks)


SETTINGS = st.fixed_dictionaries(
    {
        "num_leaves": st.sampled_from([2, 3, 8, 16, 17, 40, 100]),
        "max_bin": st.sampled_from([4, 15, 255]),
        "use_missing": st.booleans(),
        "zero_as_missing": st.booleans(),
        "max_cat_to_onehot": st.sampled_from([1, 4, 64]),
        "boost_from_average": st.booleans(),
        "bagging_fraction": st.sampled_from([0.5, 1.0]),
        "bagging_freq": st.just(1),
    }
)


@given(settings=SETTINGS, seed=st.integers(0, 1_000))
@example(settings={"num_leaves": 100, "zero_as_missing": True}, seed=3)
@example(settings={"num_leaves": 16, "use_missing": False}, seed=3)
@example(settings={"num_leaves": 100, "max_depth": 20, "max_bin": 255}, seed=5)
def test_trees_of_any_shape_say_what_lightgbm_says(settings, seed):
    booster = grown(seed, **settings)
    model, rows = served(booster), asked(booster, seed + 1)
    expected = booster.predict(rows, pred_contrib=True, num_threads=1)
    logits = booster.predict(rows, raw_score=True, num_threads=1)
    assert np.abs(explained(model, rows) - expected).max() < 1e-9
    assert np.abs(quick_logits(model, rows) - logits).max() < 1e-9


def test_a_model_that_never_splits_says_the_same_of_everybody():
    booster = grown(min_data_in_leaf=600)
    model, rows = served(booster), matrix(2)
    said = explained(model, rows)
    assert not said[:, :-1].any()
    assert said[:, -1] == pytest.approx(booster.predict(rows, raw_score=True), abs=1e-12)
    assert quick_logits(model, rows) == pytest.approx(said[:, -1], abs=1e-12)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"objective": "regression"}, "regression"),
        ({"objective": "binary", "sigmoid": 2}, "sigmoid:2"),
        ({"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5}, "random forest"),
        ({"linear_tree": True}, "linear"),
    ],
)
def test_trees_that_would_be_read_wrongly_are_refused(more, reason):
    with pytest.raises(tree_text.UnknownTrees, match=reason):
        served(grown(**more))


def test_trees_that_are_cut_off_are_refused():
    text = grown().model_to_string()
    columns = [{"feature": name} for name in NAMES]
    with pytest.raises(tree_text.UnknownTrees, match="cut off"):
        trees.Trees(text[: text.index("Tree=9")], columns)


def test_a_text_feature_that_was_learnt_as_a_number_is_refused():
    text = grown().model_to_string()
    with pytest.raises(tree_text.UnknownTrees, match="feature 3"):
        trees.Trees(text, [{"feature": name} for name in NAMES])


def fit(data, model, threads=2, **more):
    return fit_trees.fit(
        data.training.rows,
        data.training.outcomes,
        monotone={f.name: f.monotone for f in model.features},
        text=frozenset(f.name for f in model.features if f.is_text),
        parameters=model.parameters | more,
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
def of_the_bank(fitted):
    return trees.Trees(fitted.text(), fitted.columns())


def logits(model, rows):
    return np.array([b + sum(c.values()) for b, c in map(model.explain, rows)])


def test_reasons_of_real_loans_are_lightgbms(fitted, of_the_bank, data):
    rows = data.holdout.rows
    said = [of_the_bank.explain(row) for row in plain(rows)]
    ours = np.array([[*contributions.values(), baseline] for baseline, contributions in said])
    assert len(rows) > 1_000
    assert np.abs(ours - fitted.contributions(rows)).max() < 1e-9


def test_baseline_and_contributions_sum_to_the_fitted_logit(fitted, of_the_bank, data):
    rows = data.holdout.rows.head(200)
    probabilities = fitted.probabilities(rows)
    expected = np.log(probabilities / (1 - probabilities))
    assert logits(of_the_bank, plain(rows)) == pytest.approx(expected, abs=1e-9)


def test_more_of_a_monotone_feature_never_lowers_the_risk(of_the_bank, data, model):
    rows = plain(data.holdout.rows.head(20))
    for feature in model.features:
        if feature.monotone:
            steps = [
                logits(of_the_bank, [{**row, feature.name: float(x)} for row in rows])
                for x in np.linspace(-3, 3, 7)
            ]
            assert (np.diff(steps, axis=0) * feature.monotone >= -1e-12).all()


def test_the_text_does_not_depend_on_the_number_of_threads(data, model, fitted):
    assert fit(data, model, threads=1).text() == fitted.text()


def test_a_state_nobody_saw_is_scored_as_missing(of_the_bank, data):
    row = plain(data.holdout.rows.head(1))[0]
    unknown, missing = {**row, "state": "XX"}, {**row, "state": None}
    assert of_the_bank.explain(unknown) == of_the_bank.explain(missing)


def test_a_training_that_the_endpoint_would_read_otherwise_is_refused(fitted, data):
    class Otherwise(fit_trees.FittedTrees):
        def text(self):
            return super().text().replace("leaf_count=", "leaf_count=9", 1)

    fitted.check(data.training.rows)
    with pytest.raises(fit_trees.Unlike, match="off LightGBM's own"):
        Otherwise(fitted.booster, fitted.encoding).check(data.training.rows)
