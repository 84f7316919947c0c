"""What would have to change, on real loans that were turned down: nothing cheaper would do."""

import itertools

import msgspec
import pytest

from chalicelib import profile
from chalicelib.governance.rights.counterfactuals import candidate_values, change
from chalicelib.governance.rights.counterfactuals.committee import Committee
from chalicelib.governance.rights.counterfactuals.search import cost, filled_in
from chalicelib.governance.rights.counterfactuals.training_loans import quantiles
from chalicelib.scoring.branch_results import Scored
from datasets import sba
from tests.training.given import MODELS
from training.serving import inference

PROFILE = profile.load()
CASES = 12  # of each outcome, at most
ASKED = 300


class Scoring:
    """The artifacts themselves, without an endpoint around them."""

    def __init__(self, artifacts):
        self._models = {name: inference.model_fn(str(artifacts[name])) for name in MODELS}

    def score_all(self, model, applications):
        answers = inference.predict_fn(list(applications), self._models[model])
        return [msgspec.convert({**answer, "status": "OK"}, Scored) for answer in answers]


class Manifests:
    def __init__(self, artifacts):
        self._artifacts = artifacts

    def manifest(self, model, version):
        return (self._artifacts[model] / "manifest.json").read_bytes()


@pytest.fixture(scope="module")
def scoring(artifacts):
    return Scoring(artifacts)


@pytest.fixture(scope="module")
def told(loans, scoring, artifacts):
    """By outcome: applications and what they were told."""
    found: dict[str, list] = {}
    for case in itertools.islice(sba.applications(loans), ASKED):
        for application in (case["application"], silent(case["application"])):
            prediction = {"clientId": "a", "predictionId": "b", "application": application}
            said = change.needed(
                prediction, "es", PROFILE, Committee(PROFILE, scoring), Manifests(artifacts)
            )
            found.setdefault(said["outcome"], []).append((application, said))
    return found


def silent(application: dict) -> dict:
    """The same, with what could be changed left blank."""
    blank = [name for name, one in PROFILE.features.items() if one.change and not one.required]
    return {name: value for name, value in application.items() if name not in blank}


def enough(application, scoring, artifacts, most: int, *, blanks: bool) -> list[dict]:
    """Every change of up to `most` fields that would be approved, one by one."""
    edges = quantiles({name: {"version": "v"} for name in MODELS}, Manifests(artifacts))
    values = candidate_values.steps(application, PROFILE, edges)
    names = [name for name in values if blanks or application.get(name) is not None]
    changes = [
        dict(zip(chosen, combination, strict=True))
        for size in range(1, most + 1)
        for chosen in itertools.combinations(names, size)
        for combination in itertools.product(*(values[name] for name in chosen))
    ]
    committee = Committee(PROFILE, scoring, itertools.repeat(0.0).__next__)
    approved = committee.approves([application | one for one in changes])
    return [one for one, is_approved in zip(changes, approved, strict=True) if is_approved]


def test_real_loans_are_told_each_of_the_outcomes(told):
    assert {*told} == {*change.STATEMENTS} - {"REVIEW_ONLY"}


def test_where_none_is_told_no_change_of_one_or_two_fields_is_enough(told, scoring, artifacts):
    for application, _ in told["NONE"][:CASES]:
        assert enough(application, scoring, artifacts, 2, blanks=True) == []


def test_where_a_blank_is_filled_in_no_change_of_what_was_told_is_enough(told, scoring, artifacts):
    for application, said in told["FILL_IN"][:CASES]:
        assert any(one["from"] is None for one in said["changes"])
        assert enough(application, scoring, artifacts, 4, blanks=False) == []


def test_where_a_change_is_told_none_that_costs_less_is_enough(told, scoring, artifacts):
    for application, said in told["CHANGE"][:CASES]:
        proposed = {one["feature"]: one["to"] for one in said["changes"]}
        others = enough(application, scoring, artifacts, len(proposed), blanks=False)

        assert filled_in(application, proposed) == []
        assert cost(application, proposed) <= min(cost(application, other) for other in others)


def test_what_is_asked_of_the_models_stays_small(told):
    assert max(said["tried"] for _, said in itertools.chain(*told.values())) < 1_000
