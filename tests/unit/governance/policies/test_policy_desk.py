"""The desk of policies: drafts, approvals and rollbacks, on the bucket's own adapter."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from chalicelib.foundation.errors import InvalidRequest, PolicyUnavailable
from chalicelib.foundation.settings import Settings
from chalicelib.governance.policies.in_force import SECONDS_UNTIL_SEEN, PolicyInForce
from chalicelib.governance.policies.policy_bucket import PolicyBucket
from chalicelib.governance.policies.policy_desk import PolicyDesk
from chalicelib.governance.policies.policy_problems import (
    InvalidPolicy,
    PolicyConflict,
    PolicyNotFound,
)
from chalicelib.governance.policies.policy_swap_set import Decided
from chalicelib.profile import load
from chalicelib.retraining.swap_set import ModelAnswer
from infrastructure.deploy.steps import policy_in_force
from tests.fakes import S3

PROFILE = load()
NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)
ANA, BEA = ({"sub": name, "username": name} for name in ("ana", "bea"))
DECISION = msgspec.to_builtins(PROFILE.decision)
STRICT = {"policy": {"decision": DECISION | {"approve_from": 570}}, "reason": "Losses rise."}


class Bank:
    """A bank's bucket, and a clock that a test moves."""

    def __init__(self) -> None:
        self.s3 = S3({})
        self.now = NOW
        self.ticks = 0.0
        self.desk.deploy({"deployment": "arn"}, at_once=False)
        self._in_force = PolicyInForce(self.bucket, PROFILE, lambda: self.ticks)

    @property
    def bucket(self) -> PolicyBucket:
        return PolicyBucket(self.s3, "data")

    @property
    def desk(self) -> PolicyDesk:
        self.now += timedelta(milliseconds=1)
        return PolicyDesk(self.bucket, PROFILE, self.now)

    def deployed(self, profile, *, at_once):
        self.now += timedelta(milliseconds=1)
        desk = PolicyDesk(self.bucket, profile, self.now)
        return desk.deploy({"deployment": "arn"}, at_once=at_once)

    def cut(self) -> float:
        self.ticks += SECONDS_UNTIL_SEEN
        return self._in_force.profile(self.now).decision.approve_from

    def approved(self, draft: str) -> None:
        for person in (ANA, BEA):
            self.desk.approve(draft, person)


@pytest.fixture
def bank() -> Bank:
    return Bank()


def test_the_first_deployments_policy_is_in_force_and_a_repeat_adds_nothing(bank):
    before = dict(bank.s3.objects)
    assert bank.desk.deploy({"deployment": "arn"}, at_once=True) is None
    assert bank.s3.objects == before
    assert bank.desk.overview()["inForce"]["policy"] == PROFILE.policy_version()
    assert bank.cut() == 561


def test_before_the_first_policy_the_deployments_own_decides(bank):
    settings, earlier = Settings("appvengers", "dev", "us-east-1"), NOW - timedelta(days=1)
    said = policy_in_force.put(bank.s3, settings, PROFILE, "arn", earlier)

    assert said.startswith(f"{PROFILE.policy_version()} decides until")
    assert PolicyInForce(bank.bucket, PROFILE).profile(earlier).policy == PROFILE.policy


def test_two_people_put_a_draft_in_force_without_a_deployment(bank):
    drafted = bank.desk.draft(STRICT, ANA)
    first = bank.desk.approve(drafted["id"], ANA)
    assert (first["missingApprovals"], first["inForceFrom"]) == (1, None)
    assert bank.cut() == 561
    second = bank.desk.approve(drafted["id"], BEA)

    assert second["missingApprovals"] == 0
    assert second["inForceFrom"] == bank.desk.overview()["inForce"]["from"]
    assert bank.cut() == 570
    assert bank.desk.overview()["drafts"] == []


def test_a_draft_waits_for_its_time(bank):
    start = NOW + timedelta(days=3)
    drafted = bank.desk.draft(STRICT | {"effectiveFrom": start.isoformat()}, ANA)
    bank.approved(drafted["id"])
    assert bank.desk.overview()["scheduled"][0]["from"] == "2026-12-04T09:00:00.000Z"

    bank.now = start - timedelta(milliseconds=1)
    assert bank.cut() == 561
    bank.now = start
    assert bank.cut() == 570


def test_a_person_approves_once_and_a_third_approval_is_refused(bank):
    drafted = bank.desk.draft(STRICT, ANA)
    bank.desk.approve(drafted["id"], ANA)
    with pytest.raises(PolicyConflict, match="another person"):
        bank.desk.approve(drafted["id"], ANA)
    bank.desk.approve(drafted["id"], BEA)
    with pytest.raises(PolicyConflict, match="its approvals already"):
        bank.desk.approve(drafted["id"], {"sub": "carl"})


def test_one_person_rolls_back_to_what_was_in_force(bank):
    drafted = bank.desk.draft(STRICT, ANA)
    never = {"policy": drafted["policy"], "reason": "Too strict."}
    with pytest.raises(PolicyConflict, match="never in force"):
        bank.desk.roll_back(never, BEA)
    bank.approved(drafted["id"])
    assert bank.cut() == 570
    bank.desk.roll_back({"policy": PROFILE.policy_version(), "reason": "Too strict."}, BEA)
    assert bank.cut() == 561
    bank.desk.roll_back(never, BEA)
    assert bank.cut() == 570


def test_a_repeat_of_a_draft_is_the_same_draft(bank):
    later = STRICT | {"effectiveFrom": (NOW + timedelta(days=3)).isoformat()}
    first, timed = bank.desk.draft(STRICT, ANA), bank.desk.draft(later, ANA)

    assert bank.desk.draft(STRICT, ANA) == first
    assert bank.desk.draft(later, ANA) == timed
    ids = {first["id"], timed["id"]}
    others = [(STRICT | {"reason": "Another."}, ANA), (STRICT, BEA)]
    assert ids.isdisjoint(bank.desk.draft(body, by)["id"] for body, by in others)
    assert len(bank.desk.overview()["drafts"]) == 4


def test_a_repeat_of_the_newest_rollback_is_the_same_act(bank):
    bank.approved(bank.desk.draft(STRICT, ANA)["id"])
    back = {"policy": PROFILE.policy_version(), "reason": "Too strict."}
    first = bank.desk.roll_back(back, BEA)

    assert bank.desk.roll_back(back, BEA) == first
    assert bank.desk.roll_back(back, ANA)["id"] != first["id"]
    assert bank.desk.roll_back(back, BEA)["id"] != first["id"]


def test_a_draft_of_one_part_keeps_the_others_of_the_policy_in_force(bank):
    bank.approved(bank.desk.draft(STRICT, ANA)["id"])
    other = bank.desk.draft({"policy": {"rules": []}, "reason": "No rules."}, ANA)
    policy = bank.desk.document(other["policy"])["policy"]

    assert policy["decision"]["approve_from"] == 570
    assert "rules" not in policy
    assert policy["offer"] == msgspec.to_builtins(PROFILE.offer)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({}, "one or more of these parts: score, decision, rules, offer"),
        ({"weights": {}}, "one or more of these parts"),
        ([], "one or more of these parts"),
        ({"decision": {"approve_from": 1}}, "missing required field"),
        (
            {"decision": DECISION | {"decline_below": 562}},
            "corrected: policy.decision.decline_below",
        ),
        ({"decision": DECISION | {"approve": 562}}, "unknown field `approve`"),
        ({"rules": [{"code": "X"}]}, "missing required field"),
        ({"offer": {"amount": "state", "bands": []}}, "must name a required number"),
    ],
)
def test_a_policy_that_can_not_decide_is_not_drafted(bank, parts, said):
    before = dict(bank.s3.objects)
    with pytest.raises(InvalidPolicy, match=said.replace("[", r"\[")):
        bank.desk.draft({"policy": parts, "reason": "why"}, ANA)
    assert bank.s3.objects == before


FROM_545 = {
    "code": "FROM_545",
    "effect": "APPROVE",
    "text": {"es": "si", "en": "if"},
    "all": [{"input": "score", "at_least": 545}],
}


@pytest.mark.parametrize(
    ("cuts", "rules", "wrong"),
    [
        ({"decline_below": 562}, [], {"decline_below": "desde la que se aprueba, 561"}),
        ({"approve_from": 542, "decline_below": 500}, [], {"approve_from": "debe ser 543 o más"}),
        (
            {"approve_from": 541, "decline_below": 542},
            [],
            {"approve_from": "543 o más", "decline_below": "se aprueba, 541"},
        ),
        ({"decline_below": 546}, [FROM_545], {"decline_below": "de 545: desde ahí aprueba"}),
    ],
)
def test_a_cut_off_that_can_not_be_is_named_with_its_place_in_words(bank, cuts, rules, wrong):
    with pytest.raises(InvalidPolicy) as refused:
        bank.desk.draft(
            {"policy": {"decision": DECISION | cuts, "rules": rules}, "reason": "why"}, ANA
        )
    errors = refused.value.to_payload(lambda text: text.es)["errors"]

    places = {one["pointer"].removeprefix("#/policy/decision/"): one for one in errors}
    assert places.keys() == wrong.keys()
    assert all(said in places[name]["message"] for name, said in wrong.items())


OFFER = msgspec.to_builtins(PROFILE.offer)
LATER = [band | {"score_from": band["score_from"] + 60} for band in OFFER["bands"]]


@pytest.mark.parametrize(
    ("parts", "wrong"),
    [
        ({"offer": OFFER | {"bands": LATER}}, {"#/policy/offer/bands": "must begin at 561"}),
        (
            {"offer": OFFER | {"bands": LATER, "open_days": 0}},
            {"#/policy/offer/bands": "must begin at 561", "#/policy": "open_days must be 1"},
        ),
        (
            {"decision": DECISION | {"approve_from": 542, "top_reasons": -1}, "rules": []},
            {
                "#/policy/decision/approve_from": "must be 543",
                "#/policy/decision/decline_below": "542",
                "#/policy": "decision.top_reasons must not be below 0",
            },
        ),
        (
            {"rules": [FROM_545 | {"all": [{"input": "score", "at_least": 500}]}], "offer": None},
            {"#/policy/rules": "below 543 is declined"},
        ),
    ],
)
def test_a_contradiction_is_at_a_part_that_the_draft_has_and_all_are_named(bank, parts, wrong):
    with pytest.raises(InvalidPolicy) as refused:
        bank.desk.draft({"policy": parts, "reason": "why"}, ANA)
    errors = refused.value.to_payload(lambda text: text.en)["errors"]

    places = {one["pointer"]: one["message"] for one in errors}
    assert places.keys() == wrong.keys()
    assert all(said in places[name] for name, said in wrong.items())
    assert all("decline_below must" not in one for one in places.values())


@pytest.mark.parametrize(
    ("cuts", "rules"),
    [({"approve_from": 543}, []), ({"decline_below": 545, "approve_from": 545}, [FROM_545])],
)
def test_a_cut_off_at_its_limit_is_drafted(bank, cuts, rules):
    parts = {"decision": DECISION | cuts, "rules": rules}

    assert bank.desk.draft({"policy": parts, "reason": "why"}, ANA)["kind"] == "DRAFTED"


def test_a_draft_that_changes_nothing_is_refused(bank):
    with pytest.raises(PolicyConflict, match="changes nothing"):
        bank.desk.draft({"policy": {"decision": DECISION}, "reason": "why"}, ANA)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ([], ["body", "reason"]),
        ({"policy": {}}, ["reason"]),
        ({"policy": {}, "reason": " "}, ["reason"]),
        ({"policy": {}, "reason": "a" * 501}, ["reason"]),
        ({"policy": {}, "reason": "a", "by": "carl"}, ["by"]),
        ({"policy": {}, "reason": "a", "effectiveFrom": "tomorrow"}, ["effectiveFrom"]),
        ({"policy": {}, "reason": "a", "effectiveFrom": "2026-12-02"}, ["effectiveFrom"]),
        ({"policy": {}, "reason": "a", "effectiveFrom": "2026-12-01T08:59:59Z"}, ["effectiveFrom"]),
        ({"policy": {}, "reason": "a", "effectiveFrom": "2027-12-03T09:00:00Z"}, ["effectiveFrom"]),
    ],
)
def test_a_draft_that_is_not_one_is_refused_by_its_fields(bank, body, fields):
    with pytest.raises(InvalidRequest) as refused:
        bank.desk.draft(body, ANA)
    assert sorted(refused.value.errors) == sorted(fields)


def test_what_does_not_exist_is_not_found(bank):
    for call in (lambda: bank.desk.document("0" * 12), lambda: bank.desk.approve("x", ANA)):
        with pytest.raises(PolicyNotFound):
            call()


def decided(risk: float) -> Decided:
    models = {name: ModelAnswer("OK", risk) for name in PROFILE.models}
    return Decided("0a", {"amount": 50_000, "employees": 9, "earlierDefaults": 0}, models)


def test_a_swap_set_shows_what_a_draft_would_have_turned(bank):
    draft = bank.desk.draft(STRICT, ANA)["id"]
    asked: list[int] = []

    def newest(count):
        asked.append(count)
        return [decided(risk) for risk in (0.01, 0.045, 0.05, 0.3)]

    found = bank.desk.swap_set(draft, newest, "5000")
    assert asked == [5000]
    assert found["before"]["policy"] == PROFILE.policy_version()
    turned = found["before"]["decisions"]["APPROVE"] - found["after"]["decisions"]["APPROVE"]
    assert found["swapSet"]["yesToNo"]["count"] == turned
    assert found["swapSet"]["noToYes"]["count"] == 0
    for wrong in ("0", "5001", "-1", "x", "9" * 5000):
        with pytest.raises(InvalidRequest):
            bank.desk.swap_set(draft, newest, wrong)


def test_a_document_that_was_changed_decides_nothing(bank):
    drafted = bank.desk.draft(STRICT, ANA)
    bank.approved(drafted["id"])
    key = f"policies/documents/{drafted['policy']}.json"
    bank.s3.objects[key] = bank.s3.objects[key].replace(b"570.0", b"470.0")

    with pytest.raises(PolicyUnavailable):
        bank.cut()


def test_while_the_bucket_is_silent_what_was_read_last_counts(bank):
    bank.approved(bank.desk.draft(STRICT, ANA)["id"])
    assert bank.cut() == 570
    gone = lambda *_, **__: bank.s3._body("gone", "ListObjects")  # noqa: E731
    bank.s3.get_paginator = bank.s3.get_object = gone
    assert bank.cut() == 570
    with pytest.raises(PolicyUnavailable):
        PolicyInForce(bank.bucket, PROFILE).profile(bank.now)


def test_a_deployment_with_another_policy_drafts_it_or_puts_it_in_force(bank):
    decision = msgspec.structs.replace(PROFILE.decision, approve_from=580)
    changed = msgspec.structs.replace(PROFILE, decision=decision)
    drafted = bank.deployed(changed, at_once=False)
    assert (drafted.kind, bank.cut()) == ("DRAFTED", 561)
    assert bank.deployed(changed, at_once=True) is None

    back = bank.deployed(PROFILE, at_once=True)
    assert (back.kind, back.policy) == ("DEPLOYED", PROFILE.policy_version())
