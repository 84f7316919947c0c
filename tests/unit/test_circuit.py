"""When an endpoint is asked no more, and when it is asked again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import CircuitOpen, EndpointTimeout, ModelRejected
from chalicelib.scoring.circuit import FEWEST, FORGOTTEN_SECONDS, PAUSE_SECONDS, Circuit

COLD_START = 20.0


class Endpoint:
    """One behind a circuit, at a time that the test sets."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.asked = 0
        self.circuit = Circuit(lambda: self.now, cold_start=COLD_START)

    def call(self, seconds: float = 8.0, fault: Exception | None = None) -> str:
        """The name of what the caller got; a time-out takes `seconds`."""
        try:
            with self.circuit.calling("x"):
                self.asked += 1
                self.now += seconds
                if fault:
                    raise fault
        except (EndpointTimeout, ModelRejected, CircuitOpen) as raised:
            return type(raised).__name__
        return "answer"

    def times_out(self, seconds: float = 8.0) -> str:
        return self.call(seconds, EndpointTimeout())


@pytest.fixture
def opened():
    endpoint = Endpoint()
    while endpoint.times_out() != "CircuitOpen":
        assert endpoint.asked < 10
    return endpoint


def test_it_opens_when_time_outs_have_lasted_longer_than_a_cold_start(opened):
    assert opened.asked == FEWEST
    assert opened.now - 1_000 > COLD_START


def test_a_silence_as_long_as_a_cold_start_does_not_open_it_and_a_longer_does():
    for last, then in ((COLD_START - 8, "EndpointTimeout"), (COLD_START - 7.9, "CircuitOpen")):
        endpoint = Endpoint()
        for seconds in (4, 4, last):
            endpoint.times_out(seconds)
        assert endpoint.times_out() == then


@given(st.integers(1, 50), st.floats(0.1, COLD_START))
def test_many_callers_of_a_cold_endpoint_do_not_open_it(callers, seconds):
    endpoint = Endpoint()
    calls = [endpoint.circuit.calling("x") for _ in range(callers)]
    for call in calls:
        call.__enter__()
    endpoint.now += seconds
    for call in calls:
        call.__exit__(EndpointTimeout, EndpointTimeout(), None)

    assert endpoint.call() == "answer"


def test_few_time_outs_do_not_open_it_however_long_they_take():
    endpoint = Endpoint()
    assert [endpoint.times_out(COLD_START) for _ in range(FEWEST)] == ["EndpointTimeout"] * FEWEST


@pytest.mark.parametrize("fault", [None, ModelRejected()], ids=["a score", "an error"])
def test_any_answer_starts_the_count_anew(fault):
    endpoint = Endpoint()
    for _ in range(FEWEST - 1):
        endpoint.times_out(COLD_START)
    endpoint.call(1, fault)

    assert [endpoint.times_out(COLD_START) for _ in range(FEWEST)] == ["EndpointTimeout"] * FEWEST


def test_one_caller_at_a_time_tests_an_open_circuit(opened):
    opened.now += PAUSE_SECONDS
    with opened.circuit.calling("x"):  # it takes its time
        assert [opened.call() for _ in range(5)] == ["CircuitOpen"] * 5

    assert opened.asked == FEWEST


def test_the_next_test_comes_after_the_pause_and_not_before(opened):
    since = opened.now
    opened.now = since + PAUSE_SECONDS - 0.1
    assert opened.times_out() == "CircuitOpen"
    opened.now = since + PAUSE_SECONDS
    assert opened.times_out() == "EndpointTimeout"
    assert opened.times_out() == "CircuitOpen"


def test_an_answer_to_the_test_closes_it(opened):
    opened.now += PAUSE_SECONDS
    assert [opened.call(0.1) for _ in range(4)] == ["answer"] * 4


def test_a_time_out_of_a_call_that_began_before_the_last_answer_says_nothing():
    endpoint = Endpoint()
    early = [endpoint.circuit.calling("x") for _ in range(FEWEST)]
    for call in early:
        call.__enter__()
    endpoint.now += COLD_START + 5
    endpoint.call(0)
    endpoint.now += 1
    for call in early:
        call.__exit__(EndpointTimeout, EndpointTimeout(), None)

    assert endpoint.call() == "answer"


@pytest.mark.parametrize(("idle", "open_then"), [(-0.1, True), (0, False)])
def test_what_timed_out_before_a_long_silence_is_forgotten(idle, open_then):
    """The first time-outs after an idle hour are a cold start."""
    endpoint = Endpoint()
    for _ in range(FEWEST - 1):
        endpoint.times_out(COLD_START)
    endpoint.now += FORGOTTEN_SECONDS + idle
    endpoint.times_out(COLD_START)

    assert (endpoint.times_out() == "CircuitOpen") == open_then
