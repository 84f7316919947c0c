"""A contest comes until its last day, once, and its case is opened before it is stored."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from chalicelib.governance.reviews.contests import contest, filed
from chalicelib.governance.reviews.review_problems import ContestClosed
from chalicelib.profile import load

PROFILE = load()
STORED = {
    "clientId": "ana", "predictionId": "0a", "decision": "DECLINE", "decisionBasis": "SCORE",
    "createdAt": "2026-11-01T10:00:00.000Z", "application": {"amount": 1.0},
}  # fmt: skip
LAST = datetime(2026, 11, 1, 23, 59, 59, tzinfo=UTC) + timedelta(days=PROFILE.rights.contest_days)
BY = {"source": "apiKey:a1"}


class Records:
    """Acts and cases, in the order in which they were written."""

    def __init__(self, other=None):
        self.written = []
        self.stored = []
        self._other = other

    def acts(self, client_id, prediction_id):
        return list(self.stored)

    def add_act(self, client_id, prediction_id, number, act):
        self.written.append("act")
        if self._other:
            return self._other
        if number == len(self.stored):
            self.stored.append(act)
        return self.stored[number]

    def open(self, case):
        self.written.append(f"case {case['kind']}")


class Offered:
    """A counter-offer that nobody has tried to take."""

    taken = None
    is_pending = False


class Taken(Offered):
    taken = "0b"


class BeingTaken(Offered):
    is_pending = True


def ask(records, now=LAST, text="Please look.", stored=STORED, offered=Offered):
    act = filed({"text": text}, BY, now)
    contest(stored, act, records, records, lambda *_: offered, PROFILE)


@pytest.mark.parametrize("offered", [Taken, BeingTaken])
def test_what_a_counter_offer_took_the_place_of_is_not_contested(offered):
    with pytest.raises(ContestClosed, match="took the counter-offer, or is taking it"):
        ask(Records(), offered=offered)


def test_an_attempt_that_was_not_approved_leads_to_the_first_decision():
    with pytest.raises(ContestClosed, match="contest the first decision, 09"):
        ask(Records(), stored=STORED | {"counterOfferOf": "09"})


def test_an_attempt_at_the_same_moment_comes_first():
    with pytest.raises(ContestClosed, match="is taking it"):
        ask(Records(other={"act": "OFFER", "at": "2026-11-01", "by": BY, "text": ""}))


def test_the_case_is_written_before_the_contest():
    records = Records()
    ask(records)

    assert records.written == ["case CONTEST", "act"]


@pytest.mark.parametrize(("late", "closed"), [(0, False), (1, True)])
def test_the_last_day_is_the_last(late, closed):
    now = LAST + timedelta(seconds=late)
    if closed:
        with pytest.raises(ContestClosed, match="could be contested until"):
            ask(Records(), now)
    else:
        ask(Records(), now)


def test_a_repeat_on_a_later_day_opens_the_case_that_was_lost_and_stores_nothing():
    records = Records()
    ask(records)
    records.written.clear()
    ask(records, LAST + timedelta(days=9))

    assert records.written == ["case CONTEST"]
    assert len(records.stored) == 1


def test_a_contest_that_came_second_at_the_same_moment_is_told():
    first = Records()
    ask(first)
    with pytest.raises(ContestClosed, match="was contested on"):
        ask(Records(other=first.stored[0]), text="Another's words.")


def test_what_waits_for_a_person_is_not_contested():
    with pytest.raises(ContestClosed, match="has yet to decide"):
        ask(Records(), stored=STORED | {"decision": "REVIEW"})


def test_the_words_are_kept_as_they_came():
    records = Records()
    ask(records, text="¿Por qué? <b>")

    assert msgspec.convert(records.stored[0], dict)["text"] == "¿Por qué? <b>"
