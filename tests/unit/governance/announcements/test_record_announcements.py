"""Each stored thing announces what it is, once, with ids alone."""

import json

import msgspec
import pytest

from chalicelib.governance.announcements.record_announcements import (
    NotARecord,
    of_object,
    of_record,
)
from chalicelib.governance.policies.acts import Act

P, C, AT = "019a" + "0" * 28, "client-1", "2026-11-29T10:00:00.000Z"
DECISION = {"clientId": C, "predictionId": P, "createdAt": AT, "decision": "APPROVE"}
ACT = {"clientId": C, "predictionId": f"review#{P}#0000", "of": P, "at": AT, "act": "VERDICT"}
OUTCOME = {"clientId": C, "predictionId": f"outcome#{P}#a", "of": P, "toldAt": AT}
BATCH = {"batch": {"batchId": P, "row": 3}}
DRAFT = Act("01-a", "DRAFTED", "v2", AT, {"sub": "a"}, effective_from="2026-12-01T00:00:00.000Z")
FIRST = Act("02-b", "APPROVED", "v2", AT, {"sub": "b"}, draft="01-a")
SECOND = Act("03-c", "APPROVED", "v2", AT, {"sub": "c"}, draft="01-a")
THIRD = Act("04-d", "APPROVED", "v2", AT, {"sub": "d"}, draft="01-a")
BACK = Act("05-e", "ROLLED_BACK", "v1", AT, {"sub": "e"})
ACTS = [DRAFT, FIRST, SECOND, THIRD, BACK]


@pytest.mark.parametrize(
    ("record", "kinds"),
    [
        (DECISION, ["DecisionMade"]),
        (DECISION | {"decision": "REVIEW"}, ["DecisionMade", "ReviewNeeded"]),
        (DECISION | {"decision": "REVIEW", "counterOfferOf": "q"}, ["DecisionMade"]),
        (DECISION | BATCH, []),
        (DECISION | BATCH | {"decision": "REVIEW"}, ["ReviewNeeded"]),
        (DECISION | {"personalDigest": "d"}, []),
        (DECISION | {"clientId": "erased#00"}, []),
        (DECISION | {"predictionId": "idempotency#k"}, []),
        ({"clientId": "#erasures", "predictionId": "erasure#1"}, []),
        ({"clientId": C, "predictionId": P, "unreadable": {}}, []),
        (OUTCOME, ["OutcomeReported"]),
        (ACT, []),
        (ACT | {"final": "APPROVE"}, ["ReviewDecided"]),
        (ACT | {"act": "CONTEST"}, ["ReviewNeeded"]),
        (ACT | {"act": "OFFER", "final": "APPROVE"}, []),
    ],
)
def test_a_record_announces(record, kinds):
    assert [one.type for one in of_record(record)] == kinds


@pytest.mark.parametrize(
    "record",
    [
        {"clientId": C, "predictionId": P, "decision": "DECLINE"},  # without its time
        DECISION | {"createdAt": "yesterday"},
        DECISION | {"createdAt": 1},
        DECISION | {"clientId": 7},
        {name: part for name, part in OUTCOME.items() if name != "of"},
        ACT | {"at": None, "act": "CONTEST"},
        ACT | {"final": "APPROVE", "case": "OTHER"},
    ],
)
def test_what_none_of_our_functions_wrote_is_no_record(record):
    with pytest.raises(NotARecord):
        of_record(record)


def test_a_contest_and_the_case_before_it_are_two_events():
    review = [*of_record(DECISION | {"decision": "REVIEW"})][1]
    (contest,) = of_record(ACT | {"act": "CONTEST"})

    assert review.id != contest.id
    assert (review.data.kind, contest.data.kind) == ("REVIEW", "CONTEST")


def test_no_value_of_a_record_but_its_ids_and_its_time_is_announced():
    record = DECISION | {"decision": "REVIEW", "application": {"a": "secret"}, "score": 612}

    for one in of_record(record):
        told = json.loads(msgspec.json.encode(one))
        assert told["data"].items() <= {"clientId": C, "predictionId": P, "kind": "REVIEW"}.items()
        assert told["timestamp"] == AT


def announced(role, key, body=b""):
    return [*of_object(role, key, AT, lambda _: body, lambda: ACTS)]


@pytest.mark.parametrize(
    ("role", "key", "body", "kinds"),
    [
        ("models", "manifests/M/1.json", b"", ["ModelPromoted"]),
        ("models", "manifests/M/note.txt", b"", []),
        ("models", "endings/M/2026-11-29T10:00:00.000Z/1/in-service", b"", ["ModelInService"]),
        ("models", "endings/M/2026-11-29T10:00:00.000Z/1/failed", b"", ["ModelDeploymentFailed"]),
        ("models", "endings/M/2026-11-29T10:00:00.000Z/1/failed-told", b"", []),
        ("data", f"credit/batch/{P}/summary.json", b'{"state": "DONE"}', ["BatchDecided"]),
        ("data", f"credit/batch/{P}/summary.json", b'{"state": "REFUSED"}', []),
        ("data", f"credit/batch/{P}/index.json", b"", []),
        ("data", "credit/reports/1/M/report.json",
         b'{"model": "M", "version": "1", "verdict": "rejected"}', ["ModelRefused"]),
        ("data", "credit/reports/1/M/report.json",
         b'{"model": "M", "version": "1", "verdict": "passed"}', []),
    ],
)  # fmt: skip
def test_an_object_announces(role, key, body, kinds):
    assert [one.type for one in announced(role, key, body)] == kinds


@pytest.mark.parametrize(
    ("act", "kind", "data"),
    [
        (DRAFT, "PolicyDrafted", {"policyVersion": "v2", "draft": "01-a"}),
        (SECOND, "PolicyInForce",
         {"policyVersion": "v2", "effectiveFrom": "2026-12-01T00:00:00.000Z"}),
        (BACK, "PolicyInForce", {"policyVersion": "v1", "effectiveFrom": AT}),
    ],
)  # fmt: skip
def test_an_act_on_a_policy_announces(act, kind, data):
    (one,) = announced("data", f"policies/acts/{act.id}.json", msgspec.json.encode(act))

    assert (one.type, json.loads(msgspec.json.encode(one.data))) == (kind, data)


@pytest.mark.parametrize("act", [FIRST, THIRD])
def test_an_approval_that_brings_nothing_into_force_is_not_told(act):
    assert announced("data", f"policies/acts/{act.id}.json", msgspec.json.encode(act)) == []
