"""A subscriber is added, changed, given a new secret, and removed; wrong wishes change nothing."""

import pytest

from chalicelib.governance.announcements.announcement import TYPES
from infrastructure.webhooks.subscription import InvalidSubscription, Wish, changed

URL = "https://bank.example/hook?token=secret-token"


def after(known, **wish):
    return changed(known, Wish("core", **wish), local_too=False)


@pytest.fixture
def known():
    return after({}, url=URL, events="DecisionMade")[0]


def test_a_new_subscriber_gets_a_secret():
    known, secret = after({}, url=URL, events="DecisionMade,ReviewNeeded")

    assert known["core"].url == URL
    assert known["core"].events == ("DecisionMade", "ReviewNeeded")
    assert known["core"].secrets == (secret,)


def test_all_are_all():
    assert after({}, url=URL, events="all")[0]["core"].events == TYPES


def test_other_events_leave_the_secret_alone(known):
    changed_to, secret = after(known, events="ModelPromoted")

    assert secret == ""
    assert changed_to["core"].secrets == known["core"].secrets
    assert (changed_to["core"].url, changed_to["core"].events) == (URL, ("ModelPromoted",))


def test_a_rotation_signs_with_both_and_a_retirement_with_the_newest(known):
    rotated, first = after(known, rotate=True)
    retired, none = after(rotated, retire=True)

    assert rotated["core"].secrets == (first, *known["core"].secrets)
    assert (retired["core"].secrets, none) == ((first,), "")


def test_a_removal_leaves_the_others(known):
    others = {"risk": known["core"]}

    assert after(known | others, remove=True) == (others, "")


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        ({}, "is new"),
        ({"url": URL}, "is new"),
        ({"url": "http://bank.example/", "events": "all"}, "https"),
        ({"url": "http://127.0.0.1:8080/", "events": "all"}, "https"),
        ({"url": URL, "events": "DecisionMade,Nothing"}, "'Nothing' is no event"),
        ({"url": URL + "x" * 4096, "events": "all"}, "4 KB"),
    ],
)
def test_a_wrong_wish_is_refused_without_showing_the_address(wish, told):
    with pytest.raises(InvalidSubscription, match=told) as refused:
        after({}, **wish)

    assert "secret-token" not in str(refused.value)


@pytest.mark.parametrize("name", ["", "Core", "a b", "-a", "a" * 33])
def test_a_wrong_name_is_refused(name):
    with pytest.raises(InvalidSubscription, match="NAME"):
        changed({}, Wish(name, URL, "all"), local_too=False)


def test_a_second_rotation_would_cut_the_receiver_off_and_is_refused(known):
    rotated, _ = after(known, rotate=True)
    with pytest.raises(InvalidSubscription, match="RETIRE=yes first"):
        after(rotated, rotate=True)


def test_who_is_not_subscribed_is_not_removed(known):
    with pytest.raises(InvalidSubscription, match="not subscribed"):
        changed(known, Wish("cor", remove=True), local_too=False)
