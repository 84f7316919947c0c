"""The model inventory: who answers for a model, and whose review is overdue."""

from datetime import timedelta

import msgspec

from chalicelib.monitoring.inventory import publish_overdue
from chalicelib.profile import load

PROFILE = load()
DUE = min(model.inventory.next_review for model in PROFILE.models.values())
DAY = timedelta(days=1)


class Topic:
    def __init__(self):
        self.notices = []

    def publish(self, *notice):
        self.notices.append(notice)


def notices(profile, today):
    topic = Topic()
    publish_overdue(profile, today, topic)
    return topic.notices


def test_a_review_is_overdue_from_the_day_after():
    (overdue,) = (m for m in PROFILE.models.values() if m.inventory.next_review == DUE)

    assert not overdue.inventory.is_overdue(DUE)
    assert overdue.inventory.is_overdue(DUE + DAY)


def test_overdue_reviews_are_one_notice_with_model_day_and_validator():
    assert notices(PROFILE, DUE) == []
    ((kind, day, text),) = notices(PROFILE, DUE + DAY)
    assert (kind, day) == ("review overdue", "2027-04-01")
    assert text == "AppVengersAccelerator: 2027-03-31, Validación de modelos"


def test_a_profile_without_an_inventory_is_fine():
    bare = {n: msgspec.structs.replace(m, inventory=None) for n, m in PROFILE.models.items()}

    assert notices(msgspec.structs.replace(PROFILE, models=bare), DUE + DAY) == []
