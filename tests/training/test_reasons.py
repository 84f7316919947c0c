"""Reasons of real decisions: real loans through the three models, trained on real loans."""

import itertools
import math
import random

import msgspec
import pytest

from chalicelib import profile
from chalicelib.decisions.decision import blend, decide, weigh
from chalicelib.decisions.reasons import reasons
from chalicelib.scoring.branch_results import Scored
from datasets import sba
from tests.training.given import MODELS
from training.serving import inference

PROFILE = profile.load()
ROWS = 100


@pytest.fixture(scope="module")
def models(artifacts):
    return {name: inference.model_fn(str(artifacts[name])) for name in MODELS}


@pytest.fixture(scope="module")
def applications(loans):
    return [case["application"] for case in itertools.islice(sba.applications(loans), ROWS)]


def asked(models, application) -> dict[str, Scored]:
    return {
        name: msgspec.convert(inference.predict_fn(application, model) | {"status": "OK"}, Scored)
        for name, model in models.items()
    }


def test_unrounded_contributions_sum_to_each_models_and_to_the_decisions_logit(
    models, applications
):
    for application in applications:
        answers = asked(models, application)
        decided = weigh(application, answers, PROFILE.policy)
        mixed = blend(answers, PROFILE.decision)
        said = [(one.probability_of_default, one) for one in answers.values()]
        said.append((decided["probabilityOfDefault"], mixed))
        for probability, part in said:
            total = part.baseline + math.fsum(part.contributions.values())
            assert total == pytest.approx(math.log(probability / (1 - probability)), abs=1e-9)


def test_the_order_of_the_fields_changes_nothing(models, applications):
    shuffled = random.Random(1)
    for application in applications[:25]:
        names = shuffled.sample(list(application), len(application))
        again = {name: application[name] for name in names}
        first, second = (
            decide(one, asked(models, one), PROFILE, "es") for one in (application, again)
        )
        assert first == second


def test_a_reason_is_a_feature_that_worsened_this_very_score(models, applications):
    told = 0
    for application in applications:
        answers = asked(models, application)
        mixed = blend(answers, PROFILE.decision)
        for part in (mixed, *answers.values()):
            for reason in reasons(part.contributions, PROFILE.policy):
                assert part.contributions[reason["feature"]] > 0
                told += 1
    assert told > ROWS


def test_what_is_left_out_of_the_reasons_cost_no_more_than_what_is_told(models, applications):
    for application in applications:
        mixed = blend(asked(models, application), PROFILE.decision)
        told = {reason["feature"] for reason in reasons(mixed.contributions, PROFILE.policy)}
        worst = min((mixed.contributions[name] for name in told), default=math.inf)
        assert all(mixed.contributions[name] <= worst for name in mixed.contributions.keys() - told)


MONOTONE = {
    name: 1 if feature.monotone == "increasing" else -1
    for name, feature in PROFILE.features.items()
    if feature.monotone
}


def raised(row: dict, feature: str) -> list[dict]:
    """The row with the feature at rising values."""
    start = row.get(feature) or 0
    return [row | {feature: start + step} for step in (0, 0.2, 0.5, 1, 2)]


@pytest.mark.parametrize("feature", MONOTONE)
def test_where_the_profile_is_monotone_score_and_reason_move_the_right_way(
    models, applications, feature
):
    """Of scorecards each step; of trees the score at each step and the reason from end to end."""
    readers = [m for m in models.values() if feature in {**m.inputs, **m.rules}]
    assert readers
    for application in applications[::4]:
        for model in readers:
            row = inference.derive(application, model.rules, model.tables)
            explained = [model.evaluator.explain(one) for one in raised(row, feature)]
            logits = [baseline + sum(parts.values()) for baseline, parts in explained]
            rising = [parts.get(feature, 0.0) * MONOTONE[feature] for _, parts in explained]
            totals = [logit * MONOTONE[feature] for logit in logits]
            assert totals == sorted(totals) or totals == pytest.approx(sorted(totals), abs=1e-9)
            if hasattr(model.evaluator, "baseline"):
                assert rising == sorted(rising)
            assert rising[-1] >= rising[0] - 1e-9
