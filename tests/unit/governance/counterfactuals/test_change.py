"""What would have to change, of three models that are known."""

import itertools
import json
import math

import msgspec
import pytest

from chalicelib.foundation.errors import AnalysisUnavailable, EndpointUnavailable
from chalicelib.governance.rights.counterfactuals import change
from chalicelib.governance.rights.counterfactuals.committee import PATIENCE_SECONDS, Committee
from chalicelib.profile import Actionable
from chalicelib.scoring.branch_results import Scored

APPLICATION = {"amount": 900_000, "guaranteeShare": 0.8, "employees": 3, "earlierDefaults": 0}
PREDICTION = {"clientId": "ana", "predictionId": "0a", "application": APPLICATION}
NOW = itertools.repeat(0.0).__next__


class Scoring:
    """Each model's logit falls with the amount; `floor` is what no change goes below."""

    def __init__(self, floor: float, silent: str | None = None) -> None:
        self._floor = floor
        self._silent = silent

    def score_all(self, model, applications):
        if model == self._silent:
            raise EndpointUnavailable(f"dev-appvengers-{model} can't be reached.")
        return [self._scored(max(self._floor, one["amount"] / 1e5 - 8)) for one in applications]

    def _scored(self, logit):
        return Scored("v1", "ab" * 32, 1 / (1 + math.exp(-logit)), logit, {})


class Manifests:
    def manifest(self, model, version):
        return json.dumps({"reference": {"amount": {"edges": [1e4, 1e5]}}}).encode()


def needed(profile, scoring, language="es", clock=NOW):
    committee = Committee(profile, scoring, clock)
    return change.needed(PREDICTION, language, profile, committee, Manifests())


def test_the_change_and_both_decisions_are_told(sba):
    told = needed(sba, Scoring(floor=-9), "en")
    [amount] = told["changes"]

    assert told["outcome"] == "CHANGE"
    assert (amount["feature"], amount["title"]) == ("amount", "Requested amount")
    assert amount["to"] < amount["from"] == 900_000
    assert told["today"]["decision"] != "APPROVE"
    assert told["afterwards"]["decision"] == "APPROVE"
    assert told["afterwards"]["models"] == dict.fromkeys(sba.models, "v1")
    assert told["policyVersion"] == sba.policy_version()


def test_that_nothing_would_help_is_said_with_what_was_tried(sba):
    told = needed(sba, Scoring(floor=0))

    assert (told["outcome"], told["changes"], told["afterwards"]) == ("NONE", [], None)
    assert told["tried"] > 50
    assert told["text"] == (
        f"Ninguna de las {told['tried']} solicitudes que se probaron se aprobaría, cambiando hasta "
        "4 datos a la vez. Los valores intermedios no se probaron."
    )


class Blank(Scoring):
    """Only who says that the credit is revolving is approved."""

    def score_all(self, model, applications):
        return [self._scored(-9 if "revolving" in one else 0) for one in applications]


def test_that_a_blank_would_help_is_said_as_such(sba):
    told = needed(sba, Blank(floor=0), "en")

    assert told["outcome"] == "FILL_IN"
    assert told["changes"] == [
        {"feature": "revolving", "title": "Revolving line of credit", "from": None, "to": "no"}
    ]
    assert told["text"].startswith("Left blank: Revolving line of credit. No change that was tried")
    assert told["afterwards"]["decision"] == "APPROVE"


def test_what_would_be_approved_today_as_it_is_needs_nothing(sba):
    told = change.needed(
        PREDICTION | {"application": APPLICATION | {"amount": 1_000}},
        "es",
        sba,
        Committee(sba, Scoring(floor=-9), NOW),
        Manifests(),
    )

    assert (told["outcome"], told["changes"], told["tried"]) == ("NOT_NEEDED", [], 1)
    assert told["today"]["decision"] == "APPROVE"


@pytest.mark.parametrize("amount", [1_000, 900_000])
def test_while_a_person_decides_on_all_no_approval_is_promised_and_none_is_searched(sba, amount):
    asked = PREDICTION | {"application": APPLICATION | {"amount": amount}}
    committee = Committee(sba, Scoring(floor=-9), NOW, review_only=True)
    told = change.needed(asked, "en", sba, committee, Manifests())

    assert (told["outcome"], told["changes"], told["tried"]) == ("REVIEW_ONLY", [], 1)
    assert told["text"].startswith("Today a person decides on every application")
    assert (told["today"]["decision"], told["today"]["decisionBasis"]) == ("REVIEW", "REVIEW_ONLY")
    assert told["afterwards"] is None


class NewLender(Scoring):
    def _scored(self, logit):
        return msgspec.structs.replace(super()._scored(logit), unseen=("lender",))


def reviewing(sba, *features, **changed):
    decision = msgspec.structs.replace(sba.decision, review_unseen=features)
    features = sba.features | {
        name: msgspec.structs.replace(sba.features[name], actionable=actionable)
        for name, actionable in changed.items()
    }
    return msgspec.structs.replace(sba, decision=decision, features=features)


def test_where_a_person_decides_for_a_code_is_new_no_change_is_searched(sba):
    told = needed(reviewing(sba, "lender"), NewLender(floor=-9), "en")

    assert (told["outcome"], told["changes"], told["tried"]) == ("UNSEEN_CODE", [], 1)
    assert "hardly any recent loans with the same in Lender" in told["text"]
    assert told["today"]["unseen"] == ["lender"]


def test_a_new_code_that_the_policy_does_not_name_or_that_can_be_changed_ends_no_search(sba):
    asked = [reviewing(sba), reviewing(sba, "lender", lender=Actionable(values=("A", "B")))]

    assert needed(asked[0], NewLender(floor=-9))["outcome"] == "CHANGE"
    assert needed(asked[1], NewLender(floor=-9))["tried"] > 50


@pytest.mark.parametrize("silent", ["Tradicional", "AppVengersAccelerator"])
def test_without_all_three_models_nothing_is_promised(sba, silent):
    with pytest.raises(AnalysisUnavailable, match=f"{silent} did not answer"):
        needed(sba, Scoring(floor=-9, silent=silent))


def test_a_search_that_takes_too_long_ends_before_the_gateway_does(sba):
    ticks = itertools.count(0, PATIENCE_SECONDS)
    with pytest.raises(AnalysisUnavailable, match="too long"):
        needed(sba, Scoring(floor=0), clock=lambda: next(ticks))


def test_the_bound_of_a_rule_is_the_smallest_change_where_only_the_rule_stands_against_it(sba):
    asked = PREDICTION | {"application": APPLICATION | {"amount": 1_200_000, "employees": 90}}
    rich = Scoring(floor=-9.0)
    rich.score_all = lambda model, many: [rich._scored(-9.0) for _ in many]
    answer = change.needed(asked, "en", sba, Committee(sba, rich, NOW), Manifests())

    assert [(one["feature"], one["to"]) for one in answer["changes"]] == [("amount", 1_000_000)]
    assert answer["today"]["rules"][0]["code"] == "LARGE_LOAN"
    assert answer["today"]["rules"][0]["text"].startswith("A person decides")
