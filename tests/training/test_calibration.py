import numpy as np
import pandas as pd
import pytest
from click import ClickException

from training.fitting import calibration
from training.validation import measures
from workbench import blend


def drawn(logits, seed=3):
    chances = np.random.default_rng(seed).random(len(logits))
    return pd.Series((chances < calibration.probability(logits)).astype(int))


@pytest.fixture
def true():
    return np.random.default_rng(7).normal(-2, 1, 40_000)


def test_what_was_bent_is_straightened(true):
    bent = (true - 0.7) / 0.5
    found = calibration.fit(bent, drawn(true))
    assert (found.slope, found.intercept) == pytest.approx((0.5, 0.7), abs=0.06)
    measured = measures.metrics(drawn(true, 4), calibration.probability(found(bent)))
    assert measured["ece"] < 0.01
    assert measured["slope"] == pytest.approx(1, abs=0.1)


def test_a_model_that_ranks_the_wrong_way_round_keeps_its_direction_and_gets_its_level(true):
    outcomes = drawn(true)
    found = calibration.fit(-true, outcomes)
    assert found.slope == 1
    assert calibration.probability(found(-true)).mean() == pytest.approx(outcomes.mean(), abs=1e-6)


def test_a_gap_between_probability_and_bad_rate_is_the_error():
    outcomes = pd.Series([0, 1] * 500)
    assert measures.expected_calibration_error(outcomes, np.full(1_000, 0.3)) == pytest.approx(0.2)


def test_the_blend_finds_the_weights_and_none_is_below_the_least(true):
    random = np.random.default_rng(9)
    noise = random.normal(0, 1, len(true))
    columns = np.column_stack([true + noise, -true, random.normal(size=len(true))])
    free = blend.fit(columns, drawn(true), least=0)
    assert free.weights == pytest.approx([1, 0, 0], abs=0.07)
    held = blend.fit(columns, drawn(true), least=0.1)
    assert held.weights.min() >= 0.1 - 1e-6
    assert held.weights.sum() == pytest.approx(1)


def test_the_printed_weights_sum_to_one_and_are_calibrated(true):
    columns = np.column_stack([true, 0.5 * true - 1])
    outcomes = drawn(true)
    printed = blend.rounded(blend.fit(columns, outcomes), columns, outcomes)
    assert printed.weights.sum() == pytest.approx(1)
    expected = calibration.probability(printed(columns)).mean()
    assert expected == pytest.approx(outcomes.mean(), abs=1e-3)


def test_models_that_only_mislead_are_not_blended(true):
    with pytest.raises(ClickException, match="No model tells good from bad"):
        blend.fit(np.column_stack([-true, -true]), drawn(true))


def test_the_period_of_the_calibration_lies_between_training_and_holdout(learning):
    part = learning["Tradicional"]
    ends = [
        p.window[end]
        for p in (part.training, part.calibration, part.holdout)
        for end in ("from", "to")
    ]
    assert ends == sorted(ends)


def test_an_application_older_by_a_half_life_counts_half(learning):
    part = learning["Tradicional"].training
    weights = part.weights(6)
    assert weights.mean() == pytest.approx(1)
    first, last = part.ages.iloc[[0, -1]]
    assert weights[0] / weights[-1] == pytest.approx(0.5 ** ((first - last) / 6))
