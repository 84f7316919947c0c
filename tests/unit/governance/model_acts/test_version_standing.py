"""Where a version stands, by what there is of it."""

import msgspec
import pytest

from chalicelib.governance.model_acts.model_act_bucket import ModelAct
from chalicelib.governance.model_acts.version_standing import state, state_of_repeat, traces
from chalicelib.models.model_bucket import Arrival, Refusal
from tests.fakes import endpoint

ASKED, LATER, LAST = (f"2026-11-29T10:00:0{second}.000Z" for second in range(3))
BEFORE = "2026-11-29T09:00:00.000Z"
ACT = ModelAct("1", "UPLOAD", "M", "v2", ASKED, {"username": "ana"}, "why")
REFUSED = Refusal("v2", LATER, "torn")
OLD_REFUSAL = Refusal("v2", BEFORE, "torn")
CAME, BEGUN = Arrival(LATER, "v2", attempted=False), Arrival(LATER, "v2", attempted=True)
OLD = Arrival(BEFORE, "v1", attempted=True)
OVERTAKEN = Arrival(LAST, "v3", attempted=True)
V1, V2 = endpoint("InService", "v1"), endpoint("InService", "v2")


def standing(acts=(ACT,), refusals=(), arrivals=(), live=V1):
    return state("v2", traces("v2", acts, refusals, [*arrivals], live))


@pytest.mark.parametrize(
    ("there", "wanted"),
    [
        ({}, "WAITING"),
        ({"refusals": [OLD_REFUSAL]}, "WAITING"),  # it is asked for anew
        ({"arrivals": [Arrival(BEFORE, "v2", attempted=True)], "live": V2}, "WAITING"),
        ({"refusals": [REFUSED]}, "REFUSED"),
        ({"acts": [], "refusals": [OLD_REFUSAL]}, "REFUSED"),
        ({"refusals": [Refusal("v2", LAST, "torn")], "arrivals": [CAME]}, "REFUSED"),
        ({"refusals": [REFUSED], "arrivals": [Arrival(LAST, "v2", attempted=False)]}, "VERIFIED"),
        ({"arrivals": [OLD, CAME]}, "VERIFIED"),
        ({"arrivals": [OLD, BEGUN], "live": endpoint("Updating", "v1")}, "DEPLOYING"),
        ({"arrivals": [BEGUN], "live": endpoint("Creating", "v2")}, "DEPLOYING"),
        ({"arrivals": [OLD, BEGUN], "live": V2}, "IN_SERVICE"),
        ({"arrivals": [BEGUN, OVERTAKEN], "live": V2}, "IN_SERVICE"),
        ({"arrivals": [BEGUN, OVERTAKEN], "live": endpoint("Updating", "v2")}, "SUPERSEDED"),
        ({"arrivals": [CAME, OVERTAKEN]}, "SUPERSEDED"),
        ({"arrivals": [BEGUN], "live": endpoint("InService", "v1", failure="alarm")}, "FAILED"),
        ({"arrivals": [BEGUN], "live": endpoint("Failed", "v2", failure="torn")}, "FAILED"),
        ({"arrivals": [BEGUN], "live": None}, "FAILED"),
    ],
)
def test_a_version_stands_where_its_newest_trace_is(there, wanted):
    assert standing(**there) == wanted


def test_a_version_without_a_trace_is_not_known():
    others = ([ACT], [REFUSED], [OVERTAKEN])

    assert not traces("v9", *others, V1).is_known
    assert traces("v2", [ACT], [], [], None).is_known
    assert traces("v2", [], [REFUSED], [], None).is_known
    assert traces("v3", [], [], [OVERTAKEN], None).is_known


def test_the_last_act_counts_of_those_on_a_version():
    again = ModelAct("2", "ROLLBACK", "M", "v2", LAST, {"username": "eva"}, "back")
    seen = traces("v2", [ACT, again], [REFUSED], [BEGUN], V1)

    assert (seen.act, seen.refusal, seen.arrival) == (again, None, None)
    assert state("v2", seen) == "WAITING"


BACK = ModelAct("2", "ROLLBACK", "M", "v2", ASKED, {"username": "eva"}, "bad", instead_of="v3")
AGAIN = msgspec.structs.replace(BACK, id="3", at=LAST, instead_of="")


@pytest.mark.parametrize(
    ("there", "wanted"),
    [
        ({"arrivals": [Arrival(BEFORE, "v3", attempted=True)]}, "WAITING"),
        ({"arrivals": [CAME]}, "VERIFIED"),
        ({"arrivals": [BEGUN], "live": V2}, "IN_SERVICE"),
        ({"acts": [ACT, BACK], "arrivals": [BEGUN], "live": V2}, "IN_SERVICE"),
        ({"acts": [], "arrivals": [BEGUN], "live": V2}, None),
        ({"acts": [BACK, ACT]}, None),  # something else was asked for since
        ({"arrivals": [BEGUN, OVERTAKEN], "live": V2}, None),  # another version came since
        ({"arrivals": [BEGUN], "live": endpoint("InService", "v1", failure="alarm")}, None),
        ({"refusals": [REFUSED]}, None),
        ({"act": {"reason": "worse"}}, None),
        ({"act": {"by": {"username": "ana"}}}, None),
        ({"act": {"version": "v1"}}, None),
    ],
)
def test_a_rollback_that_is_asked_for_again_is_the_same_while_it_stands(there, wanted):
    act = msgspec.structs.replace(AGAIN, **there.get("act", {}))
    marks = (there.get("acts", [BACK]), there.get("refusals", []), there.get("arrivals", []))

    assert state_of_repeat(act, *marks, there.get("live", V1)) == wanted
