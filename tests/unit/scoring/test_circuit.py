"""When an endpoint is asked no more, by whom it is tested, and when it is asked again."""

from contextlib import AbstractContextManager, ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.foundation.errors import (
    CircuitOpen,
    EndpointThrottled,
    EndpointTimeout,
    ModelRejected,
)
from chalicelib.scoring.circuit import (
    ALIVE_SECONDS,
    FEWEST,
    FORGOTTEN_SECONDS,
    PAUSE_SECONDS,
    SILENT_SECONDS,
    SLOW_SECONDS,
    WARM_SECONDS,
    WATCHED_SECONDS,
    Circuit,
)

ATTEMPT, TEST = 8.0, 1.0  # seconds until a time-out


class Endpoint:
    """An endpoint behind a circuit, at a time that the test sets."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.asked: list[str] = []
        self.circuit = Circuit(lambda: self.now)

    def call(self, waited: float = 0, fault: Exception | None = None, seconds: float = 0.0) -> str:
        """Return the name of the caller's result."""
        try:
            with self.circuit.calling("x", waited) as is_short:
                self.asked.append("short" if is_short else "call")
                if isinstance(fault, EndpointTimeout):
                    seconds = TEST if is_short else ATTEMPT
                self.now += seconds
                if fault:
                    raise fault
        except (EndpointTimeout, EndpointThrottled, ModelRejected, CircuitOpen) as raised:
            return type(raised).__name__
        return "answer"

    def times_out(self, waited: float = 0) -> str:
        return self.call(waited, EndpointTimeout())

    def together(self, callers: int) -> None:
        """Let so many callers come at once, and time out together."""
        calls = self.begun(callers)
        self.now += ATTEMPT
        for call in calls:
            call.__exit__(EndpointTimeout, EndpointTimeout(), None)

    def begun(self, callers: int) -> list[AbstractContextManager[bool]]:
        calls = [self.circuit.calling("x") for _ in range(callers)]
        for call in calls:
            call.__enter__()
            self.asked.append("call")
        return calls


@pytest.fixture
def opened():
    endpoint = Endpoint()
    endpoint.together(FEWEST)
    endpoint.now += SILENT_SECONDS - ATTEMPT
    endpoint.asked.clear()
    return endpoint


@given(st.integers(FEWEST, 50))
def test_it_opens_after_time_outs_and_a_silence_longer_than_a_cold_start(callers):
    endpoint = Endpoint()
    endpoint.together(callers)
    endpoint.now += SILENT_SECONDS - ATTEMPT

    assert endpoint.call() == "CircuitOpen"
    assert len(endpoint.asked) == callers


@given(st.floats(ATTEMPT, SILENT_SECONDS - 0.01))
def test_whoever_comes_within_a_cold_start_is_not_sent_away(since):
    endpoint = Endpoint()
    endpoint.together(50)
    endpoint.now = 1_000.0 + since

    assert endpoint.call() == "answer"


def test_both_time_outs_of_one_caller_open_it():
    """A container of Lambda has one caller at a time."""
    endpoint = Endpoint()

    assert [endpoint.times_out(), endpoint.times_out(waited=9)] == ["EndpointTimeout"] * 2
    assert endpoint.call() == "CircuitOpen"
    assert endpoint.asked == ["call"] * 2


def test_fewer_time_outs_do_not_open_it():
    endpoint = Endpoint()
    endpoint.together(FEWEST - 1)

    assert endpoint.call() == "answer"


@pytest.mark.parametrize("since", [0.1, 1.0, 9.0])
def test_whoever_came_before_it_opened_keeps_the_second_attempt(opened, since):
    """A cold endpoint is as silent as one that hangs."""
    opened.now += since

    assert opened.call(waited=ATTEMPT + since) == "answer"
    assert opened.asked == ["call"]


@pytest.mark.parametrize(("earlier", "got"), [(0.0, "CircuitOpen"), (0.1, "answer")])
def test_whoever_came_as_it_opened_came_later(opened, earlier, got):
    assert opened.call(waited=earlier) == got


def test_a_second_attempt_in_vain_does_not_put_off_the_test(opened):
    opened.times_out(waited=ATTEMPT)

    assert opened.call() == "answer"
    assert opened.asked == ["call", "short"]


@pytest.mark.parametrize("fault", [None, ModelRejected()], ids=["a score", "an error"])
def test_any_answer_starts_the_count_anew(fault):
    endpoint = Endpoint()
    endpoint.together(FEWEST - 1)
    endpoint.call(fault=fault)
    endpoint.together(FEWEST - 1)

    assert endpoint.call() == "answer"


def test_one_caller_at_a_time_tests_an_open_circuit(opened):
    opened.now += PAUSE_SECONDS
    with opened.circuit.calling("x") as is_short:  # it takes its time
        assert is_short
        assert [opened.call() for _ in range(5)] == ["CircuitOpen"] * 5

    assert opened.asked == []


def test_the_next_test_comes_after_the_pause_and_not_before(opened):
    since = opened.now
    opened.now = since + PAUSE_SECONDS - 0.1
    assert (opened.times_out(), opened.asked) == ("CircuitOpen", [])
    opened.now = since + PAUSE_SECONDS
    assert (opened.times_out(), opened.asked) == ("CircuitOpen", ["short"])
    assert (opened.times_out(), opened.asked) == ("CircuitOpen", ["short"])


def test_a_test_in_vain_is_not_repeated_for_its_caller(opened):
    """The state machine repeats time-outs only: a caller would wait twice."""
    opened.now += PAUSE_SECONDS

    assert opened.times_out() == "CircuitOpen"


@pytest.mark.parametrize("fault", [None, ModelRejected()], ids=["a score", "an error"])
def test_an_answer_to_the_test_closes_it(opened, fault):
    opened.now += PAUSE_SECONDS
    opened.call(fault=fault)

    assert [opened.call() for _ in range(4)] == ["answer"] * 4
    assert opened.asked == ["short"] * 5


def test_an_answer_to_a_second_attempt_closes_it(opened):
    opened.call(waited=ATTEMPT + 1)

    assert opened.call() == "answer"


def test_a_time_out_of_a_call_that_began_before_the_last_answer_says_nothing():
    endpoint = Endpoint()
    early = endpoint.begun(FEWEST)
    endpoint.now += ATTEMPT - 1
    endpoint.call()
    endpoint.now += 1
    for call in early:
        call.__exit__(EndpointTimeout, EndpointTimeout(), None)

    assert endpoint.call() == "answer"


@pytest.mark.parametrize(("idle", "got"), [(-0.1, "CircuitOpen"), (0, "answer")])
def test_what_timed_out_before_a_long_silence_is_forgotten(idle, got):
    """The first time-outs after an idle hour are a cold start."""
    endpoint = Endpoint()
    endpoint.together(FEWEST - 1)
    endpoint.now += FORGOTTEN_SECONDS + idle
    endpoint.times_out()

    assert endpoint.call() == got


def test_calls_that_are_throttled_alone_open_nothing():
    """The endpoint's places are taken by others, who are answered."""
    endpoint = Endpoint()
    for _ in range(9):
        assert endpoint.call(fault=EndpointThrottled()) == "EndpointThrottled"
        endpoint.now += SILENT_SECONDS

    assert endpoint.call() == "answer"


def test_a_call_that_is_throttled_after_a_time_out_counts_as_one():
    """The call that timed out keeps its place while the endpoint hangs."""
    endpoint = Endpoint()
    endpoint.together(FEWEST - 1)
    endpoint.call(ATTEMPT, EndpointThrottled())
    endpoint.now += SILENT_SECONDS - ATTEMPT

    assert endpoint.call() == "CircuitOpen"


def test_a_test_that_is_throttled_closes_nothing_and_is_not_repeated_for_its_caller(opened):
    """The state machine asks a throttled endpoint again until the branch's budget ends."""
    opened.now += PAUSE_SECONDS

    assert opened.call(fault=EndpointThrottled()) == "CircuitOpen"
    assert opened.call() == "CircuitOpen"
    assert opened.asked == ["short"]


@pytest.fixture
def warm():
    endpoint = Endpoint()
    endpoint.call()
    endpoint.asked.clear()
    return endpoint


@pytest.fixture
def watched(warm):
    """A warm endpoint whose circuit was open and has just been closed by an answer to a test."""
    warm.together(FEWEST)
    warm.now += PAUSE_SECONDS
    assert warm.call() == "answer"
    warm.asked.clear()
    return warm


@given(st.integers(FEWEST, 50))
def test_two_time_outs_of_a_warm_endpoint_open_it_at_once(callers):
    endpoint = Endpoint()
    endpoint.call()
    endpoint.now += 0.4
    endpoint.together(callers)

    assert endpoint.call() == "CircuitOpen"


@pytest.mark.parametrize(("idle", "got"), [(-0.1, "CircuitOpen"), (0, "answer")])
def test_an_endpoint_that_has_not_answered_for_two_minutes_may_be_starting(warm, idle, got):
    warm.now += WARM_SECONDS + idle
    warm.together(FEWEST)

    assert warm.call() == got


def test_whoever_opened_the_circuit_of_a_warm_endpoint_waits_a_second_at_the_second_attempt(warm):
    warm.together(FEWEST)

    assert warm.times_out(waited=ATTEMPT + 1) == "CircuitOpen"
    assert warm.asked == ["call"] * FEWEST + ["short"]


@pytest.mark.parametrize("seconds", [ATTEMPT - 0.5, 0.5])
def test_a_further_container_that_starts_while_others_are_answered_opens_nothing(warm, seconds):
    """AWS starts one for a request that finds the first container busy."""
    waiting = warm.begun(2)
    warm.now += seconds
    assert warm.call() == "answer"
    warm.now += ATTEMPT - seconds
    for call in waiting:
        call.__exit__(EndpointTimeout, EndpointTimeout(), None)

    assert [warm.call(waited=ATTEMPT + 1, seconds=3.0), warm.call()] == ["answer"] * 2
    assert warm.asked == ["call"] * 5


def test_a_circuit_that_was_open_a_minute_ago_opens_at_the_first_time_out_of_a_second(watched):
    watched.now += WATCHED_SECONDS - 0.1

    assert [watched.times_out(), watched.call()] == ["CircuitOpen"] * 2
    assert watched.asked == ["short"]


def test_the_watch_ends_after_a_minute(watched):
    watched.now += WATCHED_SECONDS

    assert [watched.times_out(), watched.call()] == ["EndpointTimeout", "answer"]
    assert watched.asked == ["call"] * 2


@pytest.mark.parametrize(
    ("since", "got", "then"),
    [(ALIVE_SECONDS - 0.1, "EndpointTimeout", "call"), (ALIVE_SECONDS, "CircuitOpen", "short")],
)
def test_the_watch_ends_when_others_are_answered_meanwhile(watched, since, got, then):
    [waiting] = watched.begun(1)
    watched.now += TEST - since
    watched.call()
    watched.now += since
    ended = ExitStack()
    ended.push(waiting)
    with pytest.raises((EndpointTimeout, CircuitOpen)) as raised, ended:
        raise EndpointTimeout

    watched.call(waited=TEST + 0.1)
    assert (raised.type.__name__, watched.asked[-1]) == (got, then)


@pytest.mark.parametrize(("took", "then"), [(SLOW_SECONDS, "short"), (SLOW_SECONDS - 0.1, "call")])
def test_a_warm_endpoint_that_falls_silent_twice_in_a_minute_is_watched(warm, took, then):
    warm.call(seconds=took)
    warm.call()  # a quick answer is no end of a stutter
    warm.call(seconds=took)
    warm.call()

    assert warm.asked == ["call"] * 3 + [then]


@pytest.mark.parametrize(("pause", "then"), [(0, "call"), (-0.1, "short")])
def test_silences_a_minute_apart_are_not_a_stutter(warm, pause, then):
    warm.call(seconds=SLOW_SECONDS)
    warm.now += WATCHED_SECONDS + pause - SLOW_SECONDS
    warm.call(seconds=SLOW_SECONDS)
    warm.call()

    assert warm.asked[-1] == then


def test_one_silence_that_several_callers_waited_for_is_one(warm):
    waiting = warm.begun(3)
    warm.now += SLOW_SECONDS
    for call in waiting:
        call.__exit__(None, None, None)
    warm.call()

    assert warm.asked == ["call"] * 4


def test_a_slow_start_of_a_cold_endpoint_is_no_silence():
    endpoint = Endpoint()
    for _ in range(3):
        endpoint.call(seconds=SLOW_SECONDS)
        endpoint.now += WARM_SECONDS

    assert endpoint.asked == ["call"] * 3
