from types import SimpleNamespace

import batch
import inference
import lightgbm
import numpy as np
import pandas as pd
import pytest
import quick_trees
from columns import places

ROWS = 3_000


def columns(seed):
    """Two numbers, one of them with gaps, whole numbers around 0, and a category with gaps."""
    random = np.random.default_rng(seed)
    number, gaps = random.normal(size=(2, ROWS))
    gaps[random.random(ROWS) < 0.2] = np.nan
    whole = random.integers(-3, 4, ROWS).astype(float)
    category = random.integers(0, 40, ROWS).astype(float)
    category[random.random(ROWS) < 0.1] = np.nan
    return [number, gaps, whole, category]


def booster(leaves=15, **more):
    matrix = np.column_stack(columns(1))
    risk = np.nan_to_num(matrix).sum(axis=1) + 3 * np.isin(matrix[:, 3], [1, 7, 33, 38])
    data = lightgbm.Dataset(matrix, label=(risk > np.median(risk)), categorical_feature=[3])
    settings = {"objective": "binary", "num_leaves": leaves, "verbosity": -1, "seed": 1}
    more = {"min_data_in_leaf": 5, "cat_smooth": 1, "min_data_per_group": 5} | more
    return lightgbm.train(settings | more, data, num_boost_round=30)


def ranks(quick, asked):
    """Of three numbers and a category."""
    numbers = [places(quick.thresholds[n], asked[n]) for n in range(3)]
    return [*numbers, np.nan_to_num(asked[3], nan=40).astype(np.intp)]


@pytest.mark.parametrize("more", [{}, {"use_missing": False}, {"max_bin": 15}])
def test_the_logits_are_lightgbms(more):
    model = booster(**more)
    quick = quick_trees.QuickTrees(model.model_to_string(), [None, None, None, 40])
    asked = columns(2)
    asked[0][:50] = np.nan  # where the training had no gaps
    asked[2][:700] = 0.0
    expected = model.predict(np.column_stack(asked), raw_score=True, num_threads=1)
    assert np.abs(quick.logits(ranks(quick, asked)) - expected).max() < 1e-12


def test_a_value_on_a_threshold_goes_where_lightgbm_sends_it():
    model = booster()
    text = model.model_to_string()
    quick = quick_trees.QuickTrees(text, [None, None, None, 40])
    asked = [np.resize(quick.thresholds[n], ROWS) for n in range(3)] + [np.zeros(ROWS)]
    expected = model.predict(np.column_stack(asked), raw_score=True, num_threads=1)
    assert np.abs(quick.logits(ranks(quick, asked)) - expected).max() < 1e-12


def test_a_model_that_never_splits_says_the_same_of_everybody():
    model = booster(min_data_in_leaf=ROWS)
    quick = quick_trees.QuickTrees(model.model_to_string(), [None, None, None, 40])
    assert set(quick.logits(ranks(quick, columns(2)))) == set(
        model.predict(np.zeros((1, 4)), raw_score=True)
    )


def test_trees_with_more_leaves_than_bits_are_left_to_lightgbm():
    encoding = [*((name, None) for name in "abc"), ("d", {str(n): n for n in range(40)})]
    large = SimpleNamespace(booster=booster(leaves=17), encoding=encoding)
    with pytest.raises(quick_trees.TooManyLeaves):
        quick_trees.QuickTrees(large.booster.model_to_string(), [None, None, None, 40])
    asked = columns(2)
    kinds = {"a": "number", "b": "number", "c": "number", "d": "text"}
    model = inference.Model("m", "1", "", kinds, {}, {}, {}, large)
    texts = [None if np.isnan(code) else f"{code:.0f}" for code in asked[3]]
    rows = pd.DataFrame(dict(zip("abcd", [*asked[:3], texts], strict=True)))
    expected = large.booster.predict(np.column_stack(asked), raw_score=True, num_threads=1)
    assert np.abs(batch.Batch([model]).logits(rows)["m"] - expected).max() < 1e-12
