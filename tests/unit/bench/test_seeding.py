"""Seeded decisions: in the form of the bank, on all days, and for many clients."""

from collections import Counter
from itertools import islice

from bench.long_run.seeding import A_CLIENT, BUSY_CLIENT, BUSY_EVERY, DAYS, _copies
from chalicelib.decisions import day_index

REAL = {
    "clientId": {"S": "real"},
    "predictionId": {"S": "01a228b0c0fb1c2e9b8c67ddbab2be32"},
    "createdAt": {"S": "2026-11-29T19:41:16.045Z"},
    "day": {"S": "2026-11-29#07"},
    "score": {"N": "561"},
}
MANY = 3_000


def test_copies_differ_in_who_and_when_alone() -> None:
    copies = [*islice(_copies([REAL], MANY), MANY)]

    assert {one["score"]["N"] for one in copies} == {"561"}
    assert {frozenset(one) for one in copies} == {frozenset(REAL)}
    ids = [one["predictionId"]["S"] for one in copies]
    assert (len({*ids}), {len(one) for one in ids}) == (MANY, {32})
    assert ids == sorted(ids)  # as their days are
    for one in copies:
        day = one["createdAt"]["S"][:10]
        assert one["day"]["S"] == day_index.key_of(day, one["predictionId"]["S"])
    assert len({one["day"]["S"][:10] for one in copies}) in (DAYS, DAYS + 1)


def test_one_client_is_busy_and_the_others_have_some_each() -> None:
    clients = Counter(one["clientId"]["S"] for one in islice(_copies([REAL], MANY), MANY))

    assert clients.pop(BUSY_CLIENT) == MANY // BUSY_EVERY
    assert max(clients.values()) == A_CLIENT
