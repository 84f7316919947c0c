"""Policies over time, end to end: people change one, decisions follow, and replay knows which."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import msgspec
import pytest

from bank.first_run import body_of
from chalicelib.decisions.predictions import PredictionTable
from chalicelib.governance.policies.in_force import SECONDS_UNTIL_SEEN
from chalicelib.governance.policies.policy_bucket import PolicyBucket
from chalicelib.profile import load
from tests.workflow.conftest import Desk
from workbench.replay import artifacts_in
from workbench.replaying.policy_record import PolicyRecord
from workbench.replaying.replayed_decision import replay

PROFILE = load()
SECOND = "second-risk"
DECISION = msgspec.json.decode(msgspec.json.encode(PROFILE.decision))


@dataclass(frozen=True)
class Office:
    desk: Desk

    def post(self, role: str, path: str, body: Any = None) -> Any:
        return self.desk.ask(role, "POST", path, json=body)

    def draft(self, **decision: Any) -> dict[str, Any]:
        body = {"policy": {"decision": DECISION | decision}, "reason": "Losses rise."}
        answer = self.post("risk", "/policies", body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def cut_of_a_decision(self, body: Any) -> dict[str, Any]:
        time.sleep(SECONDS_UNTIL_SEEN)  # a function looks so often
        return dict(self.desk.served.post(body).json())


@pytest.fixture(scope="module")
def office(desk) -> Office:
    return Office(desk)


def replayed(served, keys) -> list[list[str]]:
    dynamodb, s3, settings = boto3.client("dynamodb"), boto3.client("s3"), served.bank.settings
    table = PredictionTable(dynamodb, settings.predictions_table)
    record = PolicyRecord(PolicyBucket(s3, settings.data_bucket))
    decisions = [table.get(*key) for key in keys]
    return replay(decisions, artifacts_in(s3, settings.model_bucket), record.fault)


def test_two_people_change_the_policy_one_takes_it_back_and_replay_knows_each(
    served, office, loans
):
    body = body_of(loans[0])
    made = [served.post(body).json()]
    drafted = office.draft(approve_from=made[0]["score"] + 1, decline_below=0)
    turned = office.desk.ask("auditor", "GET", f"/policy-drafts/{drafted['id']}/swap-set").json()
    assert turned["swapSet"]["noToYes"]["count"] == 0
    assert turned["swapSet"]["decisions"] >= 1

    approval = f"/policy-drafts/{drafted['id']}/approval"
    assert office.post("risk", approval).json()["missingApprovals"] == 1
    assert office.post("risk", approval).status_code == 409
    assert office.post("auditor", approval).status_code == 403
    assert office.cut_of_a_decision(body)["policyVersion"] == PROFILE.policy_version()
    assert office.post(SECOND, approval).json()["missingApprovals"] == 0

    made.append(office.cut_of_a_decision(body))
    assert made[1]["policyVersion"] == drafted["policy"]
    assert (made[1]["decision"], made[1]["decisionBasis"]) == ("REVIEW", "SCORE")
    back = {"policy": PROFILE.policy_version(), "reason": "Too many reviews."}
    assert office.post("risk", "/policy-rollback", back).json()["kind"] == "ROLLED_BACK"
    made.append(office.cut_of_a_decision(body))
    assert made[2]["policyVersion"] == PROFILE.policy_version()

    seen = served.get("/policies").json()
    assert [act["kind"] for act in seen["acts"]] == [
        "ROLLED_BACK", "APPROVED", "APPROVED", "DRAFTED", "DEPLOYED",
    ]  # fmt: skip
    assert seen["acts"][3]["by"] == office.desk.kept("risk")
    assert served.get(f"/policies/{drafted['policy']}").json()["policy"]["decision"] == (
        DECISION | {"approve_from": made[0]["score"] + 1.0, "decline_below": 0.0}
    )
    keys = [(one["clientId"], one["predictionId"]) for one in made]
    assert replayed(served, keys) == [[], [], []]


def test_a_decision_by_a_policy_that_was_never_the_banks_is_noticed(served, loans):
    """The forger knows everything: the policy, its hash and the decision agree with one another."""
    answer = served.post(body_of(loans[1])).json()
    decision = msgspec.structs.replace(PROFILE.decision, approve_from=300.0, decline_below=100.0)
    forged = msgspec.structs.replace(PROFILE, decision=decision).policy
    settings, s3 = served.bank.settings, boto3.client("s3")
    table = PredictionTable(boto3.client("dynamodb"), settings.predictions_table)
    stored = table.get(answer["clientId"], answer["predictionId"])
    stored["evidence"]["policy"] = msgspec.to_builtins(forged)
    stored["policyVersion"] = forged.version()
    stored["cutOffs"] = {"approveFrom": 300.0, "declineBelow": 100.0}
    record = PolicyRecord(PolicyBucket(s3, settings.data_bucket))
    artifacts = artifacts_in(s3, settings.model_bucket)

    assert replay([stored], artifacts) == [[]]
    [[fault]] = replay([stored], artifacts, record.fault)
    assert fault.startswith(f"policy {forged.version()}: not in force on {answer['createdAt']}: ")


def test_a_draft_is_for_later(office):
    start = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    body = {"policy": {"rules": []}, "reason": "No rules.", "effectiveFrom": start}
    drafted = office.post("risk", "/policies", body).json()
    for person in ("risk", SECOND):
        office.post(person, f"/policy-drafts/{drafted['id']}/approval")
    seen = office.desk.ask("auditor", "GET", "/policies").json()

    assert [one["policy"] for one in seen["scheduled"]] == [drafted["policy"]]
    assert seen["inForce"]["policy"] == PROFILE.policy_version()


@pytest.mark.parametrize("path", ["/policies", "/policy-rollback", "/policy-drafts/x/approval"])
def test_no_key_changes_a_policy(served, path):
    assert served.post({}, path=path).status_code == 404  # the route is of people alone
