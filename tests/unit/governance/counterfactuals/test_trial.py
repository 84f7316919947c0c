"""A trial: other values of a stored application, within what its applicant can change."""

import math

import pytest

from chalicelib.foundation.errors import InvalidApplication
from chalicelib.governance.rights.counterfactuals import trial
from chalicelib.governance.rights.counterfactuals.committee import Committee
from chalicelib.profile import load
from chalicelib.scoring.branch_results import Scored

PROFILE = load()
EXAMPLE = PROFILE.examples["small"].application
STORED = {"clientId": "ana", "predictionId": "0" * 32, "application": dict(EXAMPLE)}
LOGIT, PARTS = -3.0, {"amount": 0.5, "sector": -0.25}


class Scoring:
    def score_all(self, model, applications):
        return [
            Scored("20260101T000000", "ab" * 32, 1 / (1 + math.exp(-LOGIT)), LOGIT, PARTS)
            for _ in applications
        ]


def tried(changes):
    return trial.tried(STORED, {"changes": changes}, "en", Committee(PROFILE, Scoring()))


def test_the_average_and_the_parts_sum_to_the_score():
    answer = tried({})
    total = answer["average"] + sum(one["points"] for one in answer["contributions"])

    assert total == pytest.approx(answer["score"], abs=1)
    assert [one["feature"] for one in answer["contributions"]] == ["amount", "sector"]
    assert answer["contributions"][0]["points"] < 0
    assert answer["contributions"][1]["title"] == "Sector"
    assert answer["application"] == EXAMPLE


def test_a_change_is_tried_and_the_stored_application_stays():
    answer = tried({"amount": 10_000, "revolving": None})

    assert answer["application"] == {
        name: value for name, value in {**EXAMPLE, "amount": 10_000}.items() if name != "revolving"
    }
    assert STORED["application"] == EXAMPLE


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"amount": 5_000_001}, "#/changes/amount"),
        ({"amount": 99}, "#/changes/amount"),
        ({"amount": "many"}, "#/changes/amount"),
        ({"amount": None}, "#/changes/amount"),  # it is required
        ({"guaranteeShare": 0.6}, "#/changes/guaranteeShare"),
        ({"lowDoc": "yes"}, "#/changes/lowDoc"),
        ({"state": "CA"}, "#/changes/state"),
        ({"sector": "45"}, "#/changes/sector"),
        ({"a/b": 1}, "#/changes/a~1b"),
    ],
)
def test_what_is_not_the_applicants_to_change_is_refused(changes, pointer):
    with pytest.raises(InvalidApplication) as refused:
        trial.changed(EXAMPLE, {"changes": changes}, PROFILE)

    told = refused.value.to_payload(lambda text: text.en)["errors"]
    assert [one["pointer"] for one in told] == [pointer]


@pytest.mark.parametrize("body", [None, [], {}, {"changes": []}, {"changes": {}, "other": 1}])
def test_another_body_is_refused(body):
    with pytest.raises(InvalidApplication):
        trial.changed(EXAMPLE, body, PROFILE)
