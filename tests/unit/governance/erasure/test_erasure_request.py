"""Erasures that were begun and not finished, as the hourly watch has them finished."""

from datetime import UTC, datetime

import pytest

from chalicelib.governance.erasure.erasure_problems import ErasureUnfinished
from chalicelib.governance.erasure.erasure_request import UNFINISHED, finish_begun

AT = datetime(2026, 11, 29, 12, tzinfo=UTC)
ORDERS = [{"clientId": "ana"}, {"clientId": "ben"}, {"clientId": "eva"}]


class Begun:
    """The open erasures, and eraseClient, which can't finish those of `broken` clients."""

    def __init__(self, *broken):
        self.broken, self.tried, self.asked = broken, [], None

    def unfinished(self, before):
        self.asked = before
        yield from ORDERS

    def erase(self, event):
        self.tried.append(event)
        if event["clientId"] in self.broken:
            raise ErasureUnfinished
        return {}


def test_each_erasure_that_was_open_for_an_hour_is_ordered_again():
    begun = Begun()

    assert finish_begun(AT, begun, begun) == 3
    assert begun.tried == ORDERS
    assert begun.asked == AT - UNFINISHED


def test_one_that_does_not_end_fails_the_watch_after_all_others_were_tried():
    begun = Begun("ana")
    with pytest.raises(ErasureUnfinished):
        finish_begun(AT, begun, begun)

    assert begun.tried == ORDERS
