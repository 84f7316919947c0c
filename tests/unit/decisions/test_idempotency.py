"""One key, one decision: repeats, 24 hours, 202 and what follows it."""

import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.decisions.application import CreditApplication
from chalicelib.decisions.intake import pending_analyses
from chalicelib.decisions.intake.analysis import Analyses, new_request
from chalicelib.decisions.intake.idempotency_keys import claim_key, only_key
from chalicelib.decisions.intake.pending_analyses import AnalysisFailed
from chalicelib.foundation.errors import (
    AnalysisPending,
    AnalysisUnavailable,
    IdempotencyConflict,
    InvalidRequest,
    NoModelInService,
    PredictionNotFound,
    TableUnavailable,
)
from chalicelib.scoring.time_budgets import HELD_SECONDS, PENDING_SECONDS
from tests.fakes import PredictionList, StoringMachine

ANA = CreditApplication("ana", {"amount": 5000.0})
OTHER = CreditApplication("ana", {"amount": 1.0})
START = datetime(2026, 11, 29, 12, tzinfo=UTC)


class Bank:
    """Analyses by a clock that the test moves."""

    def __init__(self, served: bool = True) -> None:
        self.now = START
        self.served = served
        self.predictions = PredictionList(lambda: self.now)
        self.machine = StoringMachine(self.predictions)

    def ask(self, key, application=ANA, machine=None, by=None, **more):
        parts = (machine or self.machine, self.predictions, lambda: self.served)
        analyses = Analyses(*parts, lambda: self.now)
        request = new_request(application, "es", by) | {"createdAt": self.now.isoformat()}
        return analyses.analyse(request, key, **more)

    def look(self, pending: AnalysisPending):
        """Ask for the decision where 202 says that it will be."""
        _, _, client, name = pending.location.split("/")
        with pending_analyses.known(client, name, self.predictions, self.now):
            return self.predictions.get(client, name)


class Lost:
    def run(self, request):
        raise AnalysisUnavailable


class Slow:
    """A machine whose caller does not wait for its end."""

    def run(self, request):
        raise AnalysisPending(f"/predictions/{request['clientId']}/{request['predictionId']}")


class Killed:
    """A machine whose caller's process ends before there is an answer."""

    def run(self, request):
        raise SystemExit


@pytest.fixture
def bank():
    return Bank()


def test_the_same_key_gives_the_same_prediction_and_runs_once(bank):
    one, other = bank.ask("k1"), bank.ask("k1")

    assert one.decision == other.decision
    assert (one.is_replayed, other.is_replayed) == (False, True)
    assert len(bank.machine.runs) == 1


@pytest.mark.parametrize(
    ("after", "is_new"),
    [
        (timedelta(0), False),
        (timedelta(hours=24, microseconds=-1), False),
        (timedelta(hours=24), True),
    ],
)
def test_a_key_lives_for_24_hours(bank, after, is_new):
    first = bank.ask("k1").decision
    bank.now += after
    again = bank.ask("k1")

    assert (again.decision["predictionId"] != first["predictionId"]) == is_new
    assert again.is_replayed != is_new


def test_after_24_hours_a_key_is_free_for_another_application(bank):
    bank.ask("k1")
    bank.now += timedelta(hours=24)
    assert not bank.ask("k1", OTHER).is_replayed
    with pytest.raises(IdempotencyConflict):
        bank.ask("k1", ANA)


def test_a_name_for_good_outlives_24_hours(bank):
    analyses = Analyses(bank.machine, bank.predictions, lambda: True)
    first = analyses.analyse_for_good(new_request(ANA, "es"), "counter-offer")
    bank.now += timedelta(days=10_000)

    assert analyses.analyse_for_good(new_request(ANA, "es"), "counter-offer") == first


def test_a_key_whose_run_was_lost_runs_again_under_the_same_id(bank):
    with pytest.raises(AnalysisUnavailable):
        bank.ask("k1", machine=Lost())
    one = bank.ask("k1")

    assert not one.is_replayed
    assert bank.ask("k1").decision == one.decision


@pytest.mark.parametrize("first", [{"sub": "1", "username": "ana"}, None])
@pytest.mark.parametrize("second", [{"sub": "2", "username": "eva"}, None])
def test_a_lost_run_is_repeated_for_whoever_asked_first(bank, first, second):
    with pytest.raises(AnalysisUnavailable):
        bank.ask("k1", machine=Lost(), by=first)
    bank.ask("k1", by=second)

    (request,) = bank.machine.runs
    assert request.get("requestedBy") == first
    assert ("requestedBy" in request) == (first is not None)


def test_a_key_with_another_application_is_a_conflict(bank):
    bank.ask("k1")
    with pytest.raises(IdempotencyConflict):
        bank.ask("k1", OTHER)


@pytest.mark.parametrize("keys", [[""], ["k" * 256], ["a", "b"]])
def test_what_is_no_key_is_refused(keys):
    with pytest.raises(InvalidRequest):
        only_key(keys)


@pytest.mark.parametrize("keys", [[], ["k"], ["k" * 255]])
def test_a_request_has_one_key_or_none(keys):
    assert only_key(keys) == (keys[0] if keys else None)


@pytest.mark.parametrize("key", ["k1", None])
def test_nothing_begins_before_any_model_was_in_service(key):
    bank = Bank(served=False)
    with pytest.raises(NoModelInService):
        bank.ask(key, respond_async=True)
    assert bank.machine.starts == []


def test_a_key_is_not_claimed_before_any_model_was_in_service(bank):
    bank.served = False
    with pytest.raises(NoModelInService):
        bank.ask("k1")
    bank.served = True
    assert bank.ask("k1", OTHER).decision["clientId"] == "ana"


@pytest.mark.parametrize("key", ["k1", None])
def test_whoever_does_not_wait_is_answered_once_it_began_and_is_known_to_have(bank, key):
    with pytest.raises(AnalysisPending) as told:
        bank.ask(key, respond_async=True)
    (started,) = bank.machine.starts

    assert (told.value.is_asked, told.value.is_replayed) == (True, False)
    with pytest.raises(AnalysisPending):
        bank.look(told.value)
    bank.machine.run(started)
    assert bank.look(told.value)["predictionId"] == started["predictionId"]


def test_a_start_that_failed_leaves_no_mark_and_is_made_by_the_repeat(bank):
    class Refuses(StoringMachine):
        def start(self, request):
            raise AnalysisUnavailable

    with pytest.raises(AnalysisUnavailable):
        bank.ask("k1", machine=Refuses(bank.predictions), respond_async=True)
    with pytest.raises(AnalysisPending) as told:
        bank.ask("k1", respond_async=True)
    assert len(bank.machine.starts) == 1
    assert not told.value.is_replayed


@pytest.mark.parametrize("again", [True, False])
def test_a_repeat_while_it_is_under_way_starts_nothing(bank, again):
    with pytest.raises(AnalysisPending) as first:
        bank.ask("k1", respond_async=True)
    with pytest.raises(AnalysisPending) as second:
        bank.ask("k1", respond_async=again)

    assert second.value.location == first.value.location
    assert (second.value.is_replayed, second.value.is_asked) == (True, again)
    assert (len(bank.machine.starts), bank.machine.runs) == (1, [])


@pytest.mark.parametrize("respond_async", [True, False])
@pytest.mark.parametrize("seconds", [0, HELD_SECONDS - 0.001, HELD_SECONDS])
def test_a_repeat_runs_when_the_first_s_process_can_t_any_more(bank, seconds, respond_async):
    with pytest.raises(SystemExit):
        bank.ask("k1", machine=Killed())
    bank.now += timedelta(seconds=seconds)
    if seconds < HELD_SECONDS:
        with pytest.raises(AnalysisPending) as told:
            bank.ask("k1", respond_async=respond_async)
        assert told.value.is_replayed
        assert (bank.machine.runs, bank.machine.starts) == ([], [])
    elif respond_async:
        with pytest.raises(AnalysisPending) as told:
            bank.ask("k1", respond_async=True)
        assert not told.value.is_replayed
    else:
        assert not bank.ask("k1").is_replayed


def test_whoever_repeats_beside_a_process_that_died_is_told_of_its_failure(bank):
    with pytest.raises(SystemExit):
        bank.ask("k1", machine=Killed())
    bank.now += timedelta(seconds=1)
    with pytest.raises(AnalysisPending) as told:
        bank.ask("k1")
    for seconds, answer in ((PENDING_SECONDS - 1.001, AnalysisPending), (0.001, AnalysisFailed)):
        bank.now += timedelta(seconds=seconds)
        with pytest.raises(answer):
            bank.look(told.value)


def test_of_those_who_repeat_after_a_death_one_runs(bank):
    with pytest.raises(SystemExit):
        bank.ask("k1", machine=Killed())
    for _ in range(2):
        bank.now += timedelta(seconds=HELD_SECONDS)
        with pytest.raises(SystemExit):
            bank.ask("k1", machine=Killed())
        with pytest.raises(AnalysisPending):
            bank.ask("k1")
    assert bank.machine.runs == []


def test_a_turn_that_failed_is_over_at_once_and_its_place_says_so(bank):
    with pytest.raises(AnalysisUnavailable):
        bank.ask("k1", machine=Lost())
    claim = bank.predictions.claimed("ana", claim_key("k1"))
    with pytest.raises(AnalysisFailed):
        bank.look(AnalysisPending(f"/predictions/ana/{claim['claimedId']}"))
    assert not bank.ask("k1").is_replayed


def test_a_turn_whose_end_can_t_be_stored_ends_by_itself(bank):
    class Full(PredictionList):
        def mark(self, *_):
            raise TableUnavailable

    bank.predictions = Full(lambda: bank.now)
    with pytest.raises(AnalysisUnavailable):
        bank.ask("k1", machine=Lost())
    with pytest.raises(AnalysisPending):
        bank.ask("k1")
    bank.now += timedelta(seconds=HELD_SECONDS)
    bank.machine = StoringMachine(bank.predictions)
    assert not bank.ask("k1").is_replayed


def test_a_decision_that_is_there_is_answered_to_who_would_not_wait(bank):
    with pytest.raises(AnalysisPending):
        bank.ask("k1", respond_async=True)
    bank.machine.run(bank.machine.starts[0])

    assert bank.ask("k1", respond_async=True).is_replayed


def test_patience_that_ends_leaves_a_mark(bank):
    with pytest.raises(AnalysisPending) as told:
        bank.ask("k1", machine=Slow())
    assert not told.value.is_asked
    with pytest.raises(AnalysisPending):
        bank.look(told.value)


@pytest.mark.parametrize("seconds", [0, PENDING_SECONDS - 0.001, PENDING_SECONDS])
def test_an_analysis_without_a_decision_has_failed_at_its_deadline(bank, seconds):
    with pytest.raises(AnalysisPending) as told:
        bank.ask("k1", respond_async=True)
    bank.now += timedelta(seconds=seconds)
    with pytest.raises(AnalysisFailed if seconds == PENDING_SECONDS else AnalysisPending):
        bank.look(told.value)


@pytest.mark.parametrize("respond_async", [True, False])
def test_a_failed_analysis_begins_again_under_its_id(bank, respond_async):
    with pytest.raises(AnalysisPending) as told:
        bank.ask("k1", respond_async=True)
    bank.now += timedelta(seconds=PENDING_SECONDS)
    if respond_async:
        with pytest.raises(AnalysisPending):
            bank.ask("k1", respond_async=True)
        with pytest.raises(AnalysisPending):  # it has a new deadline
            bank.look(told.value)
        bank.machine.run(bank.machine.starts[1])
    else:
        bank.ask("k1")
    assert told.value.location.endswith(bank.look(told.value)["predictionId"])


def test_a_decision_that_came_late_is_answered(bank):
    with pytest.raises(AnalysisPending) as told:
        bank.ask("k1", respond_async=True)
    bank.now += timedelta(seconds=PENDING_SECONDS)
    bank.machine.run(bank.machine.starts[0])

    assert bank.look(told.value)["decision"] == "APPROVE"


def test_what_never_began_is_not_found(bank):
    with pytest.raises(PredictionNotFound):
        bank.look(AnalysisPending("/predictions/ana/0a"))


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["sync", "async", "lost", "slow", "killed", "end", "look"]),
        st.sampled_from([0, 1, HELD_SECONDS, PENDING_SECONDS, 3_600, 86_400]),
    ),
    max_size=12,
)


def ids_of(bank, act, told) -> set:
    """Do one thing, and return the predictions that its answers name."""
    if act == "end":  # each execution runs at least once
        return {bank.machine.run(started)["predictionId"] for started in bank.machine.starts}
    if act == "look":
        with contextlib.suppress(AnalysisPending, AnalysisFailed, PredictionNotFound):
            return {bank.look(one)["predictionId"] for one in told}
        return set()
    machine = {"lost": Lost(), "slow": Slow(), "killed": Killed()}.get(act)
    try:
        done = bank.ask("k1", machine=machine, respond_async=act == "async")
    except AnalysisPending as pending:
        told.append(pending)
        return {pending.location.rpartition("/")[2]}
    except (AnalysisUnavailable, SystemExit):
        return set()
    return {done.decision["predictionId"]}


@given(STEPS)
def test_whatever_happens_a_key_has_one_decision_in_24_hours(steps):
    bank, ids, told = Bank(), set(), []
    ends = bank.now + timedelta(hours=24)
    with contextlib.suppress(AnalysisUnavailable):
        bank.ask("k1", machine=Lost())
    for act, seconds in steps:
        bank.now += timedelta(seconds=seconds)
        if bank.now >= ends:
            break
        ids |= ids_of(bank, act, told)
        assert len(ids) <= 1
