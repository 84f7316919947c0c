"""A model's history: each kind of event with its reason, the newest first."""

from datetime import UTC, datetime

from chalicelib.foundation.text import Text
from chalicelib.governance.model_acts import model_history
from chalicelib.governance.model_acts.model_act_bucket import ModelAct
from chalicelib.models.challengers import Challenger, Signer, SignOff, Waiting
from chalicelib.models.model_bucket import Arrival, Ending, Refusal

BY = {"sub": "1", "username": "ana"}
DAY = "2026-11-29T10:00:0"
NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


def test_each_kind_of_event_is_there_once_in_the_order_of_time():
    challenger = Challenger("M", "v3", "job", "ab", "v2")
    signed = SignOff("REFUSE", "no", f"{DAY}8.000Z", Signer("2", "eva"), "ab")
    verdict = {"version": "v3", "verdict": "rejected", "reasons": ["AUC: low"]}
    act = ModelAct("1", "UPLOAD", "M", "v2", f"{DAY}1.000Z", BY, "why", "cd", 5)
    events = model_history.newest_first(
        model_history.of_endings([Ending("2026-11-29T10:00:04+00:00", "v2", "in-service"),
                                  Ending("2026-11-29T12:00:06+02:00", "v1", "failed")]),
        model_history.of_acts([act]),
        model_history.of_refusals([Refusal("v2", f"{DAY}2.000Z", Text("roto", "torn"))], "en"),
        model_history.of_arrivals([Arrival(f"{DAY}3.000Z", "v2", attempted=True)]),
        model_history.of_verdicts([(NOON, verdict), (NOON, verdict | {"verdict": "passed"})]),
        model_history.of_sign_offs([(Waiting(challenger, "arn", NOON), signed),
                                    (Waiting(challenger, "arn", NOON), None)]),
    )  # fmt: skip

    kinds = ["PASSED", "REJECTED", "SIGN_OFF_REFUSED", "FAILED", "IN_SERVICE", "VERIFIED"]
    assert [one["kind"] for one in events] == [*kinds, "REFUSED", "UPLOAD"]
    assert events[1]["reasons"] == ["AUC: low"]
    assert (events[2]["by"]["username"], events[2]["reason"]) == ("eva", "no")
    assert events[-2]["reason"] == "torn"
    assert events[-1] == {
        "kind": "UPLOAD", "version": "v2", "at": f"{DAY}1.000Z", "by": BY, "reason": "why",
        "sha256": "cd", "size": 5,
    }  # fmt: skip


def test_the_newest_events_alone_are_shown():
    refusals = [Refusal(f"v{n}", f"2026-{n:05}", "torn") for n in range(101)]
    events = model_history.newest_first(model_history.of_refusals(refusals, "es"))

    assert [events[0]["version"], events[-1]["version"], len(events)] == ["v100", "v1", 100]


def test_a_refusal_is_said_in_the_language_of_who_asks_and_an_older_one_as_it_is():
    now = Refusal("v2", f"{DAY}2.000Z", Text("roto", "torn"))
    before = Refusal("v1", f"{DAY}1.000Z", "torn")
    said = [model_history.shown_refusal(one, "es")["reason"] for one in (now, before)]

    assert said == ["roto", "torn"]
    assert model_history.shown_refusal(now, "en")["reason"] == "torn"
