"""A call is tried ten times within two days, by the times of Standard Webhooks and SQS."""

import msgspec
import pytest

from chalicelib.governance.announcements import webhook_signature
from chalicelib.governance.announcements.announcement import Decided, announcement
from chalicelib.governance.announcements.delivering import ATTEMPTS, WAITS, Delivering
from chalicelib.governance.announcements.delivery_queue import Delivery
from chalicelib.governance.announcements.hanging_receivers import (
    HUNG_CALLS,
    SECONDS_ALONE,
    HangingReceivers,
)
from chalicelib.governance.announcements.publishing import due_calls
from chalicelib.governance.announcements.subscribers import Subscriber, parsed, written
from chalicelib.governance.announcements.webhook_call import ANSWER_SECONDS, NotCalled
from infrastructure.webhooks.verify_webhook import Verifier

OLD, NEW = webhook_signature.new_secret(), webhook_signature.new_secret()
EVENT = announcement("DecisionMade", "c/p", "2026-11-29T10:00:00.000Z", Decided("c", "p"))
KNOWN = {"core": Subscriber("https://bank.example/hook", ("DecisionMade",), (NEW, OLD))}
SQS_HIDES_SECONDS, SQS_KEEPS_SECONDS = 12 * 3600, 14 * 24 * 3600


class Queue:
    def __init__(self):
        self.put_offs = []

    def put_off(self, receipt_handle, seconds):
        self.put_offs.append((receipt_handle, seconds))


def message(attempt=1, subscriber="core"):
    (due,) = due_calls([EVENT], KNOWN)
    return {
        "messageId": "m",
        "receiptHandle": "r",
        "body": msgspec.json.encode(Delivery(subscriber, due.id, due.body)).decode(),
        "attributes": {"ApproximateReceiveCount": str(attempt)},
    }


def delivered(answer, *messages, chance=0.0):
    """What Lambda gets, what was put off, and the calls."""
    queue, calls = Queue(), []

    def post(url, headers, body):
        calls.append((url, headers, body))
        if isinstance(answer, Exception):
            raise answer
        return answer

    hanging = HangingReceivers(lambda: 0.0)
    delivering = Delivering(queue, lambda: KNOWN, post, hanging, lambda: 1000.0, lambda: chance)
    told = delivering.deliver({"Records": [*messages]})
    return [one["itemIdentifier"] for one in told["batchItemFailures"]], queue.put_offs, calls


@pytest.mark.parametrize("secret", [OLD, NEW], ids=["old", "new"])
def test_while_a_secret_is_rotated_a_receiver_may_have_either(secret):
    failed, _, ((url, headers, body),) = delivered(204, message())

    assert failed == []
    assert url == KNOWN["core"].url
    with Verifier([secret], clock=lambda: 1000.0).handling(headers, body) as event:
        assert event["id"] == EVENT.id


@pytest.mark.parametrize("answer", [199, 300, 302, 400, 404, 410, 500, NotCalled("TimeoutError")])
def test_all_but_a_2xx_is_tried_again(answer):
    failed, put_off, _ = delivered(answer, message())

    assert (failed, put_off) == (["m"], [("r", 5)])


@pytest.mark.parametrize("answer", [200, 202, 299])
def test_a_2xx_ends_it(answer):
    assert delivered(answer, message())[:2] == ([], [])


@pytest.mark.parametrize(("attempt", "wait"), [*enumerate(WAITS, 1), (10, 0), (11, 0)])
def test_each_attempt_waits_longer_and_the_last_for_nothing(attempt, wait):
    assert delivered(500, message(attempt))[1] == [("r", wait)]


def test_calls_that_failed_together_come_back_apart():
    assert delivered(500, message(2), chance=1.0)[1] == [("r", 270)]


def test_the_waits_fit_the_queue():
    assert ATTEMPTS == 10
    assert max(WAITS) <= SQS_HIDES_SECONDS
    assert 48 * 3600 < sum(WAITS) < SQS_KEEPS_SECONDS


def test_a_call_for_whoever_has_left_is_dropped():
    assert delivered(500, message(subscriber="gone")) == ([], [], [])


def test_who_did_not_ask_for_a_type_gets_no_call():
    other = {"risk": Subscriber("https://bank.example/risk", ("ModelPromoted",), (OLD,))}

    assert [one.subscriber for one in due_calls([EVENT], KNOWN | other)] == ["core"]


def test_a_replay_for_one_subscriber_calls_no_other():
    both = KNOWN | {"risk": KNOWN["core"]}

    assert [one.subscriber for one in due_calls([EVENT], both, "risk")] == ["risk"]


def test_subscribers_are_read_as_written_and_shown_without_secrets():
    assert parsed(written(KNOWN)) == KNOWN
    assert OLD not in repr(KNOWN)
    assert "bank.example" not in repr(KNOWN)


class Clock:
    seconds = 0.0

    def __call__(self):
        return self.seconds


@pytest.mark.parametrize(
    ("lasting", "fault", "calls"),
    [
        (ANSWER_SECONDS, NotCalled("TimeoutError"), [True, True, False, False, True, False]),
        (ANSWER_SECONDS / 2, NotCalled("ConnectionRefusedError"), [True] * 6),
        (ANSWER_SECONDS, None, [True] * 6),
    ],
    ids=["hangs", "refuses", "answers late"],
)
def test_a_receiver_that_hangs_twice_is_left_alone_until_one_call_tries_again(
    lasting, fault, calls
):
    """Its calls count as failed attempts, and the places of the queue stay free for others."""
    clock, queue, called = Clock(), Queue(), []

    def post(url, headers, body):
        called.append(url)
        clock.seconds += lasting
        if fault:
            raise fault
        return 204

    delivering = Delivering(queue, lambda: KNOWN, post, HangingReceivers(clock), lambda: 1000.0)
    found = []
    for waited in (0.0, 0.0, 0.0, SECONDS_ALONE - 0.5, 0.5, 0.0):
        clock.seconds += waited
        before = len(called)
        delivering.deliver({"Records": [message()]})
        found.append(len(called) > before)

    assert found == calls
    assert len(queue.put_offs) == (0 if fault is None else 6)


def test_an_answer_ends_the_time_alone():
    clock = Clock()
    hanging = HangingReceivers(clock)
    for _ in range(HUNG_CALLS):
        hanging.hung("core")
    assert not hanging.may_be_called("core")
    assert hanging.may_be_called("another")

    hanging.answered("core")

    assert hanging.may_be_called("core")
