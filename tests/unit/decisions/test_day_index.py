"""Keys of the index byDay: stable, evenly used, and read as one sorted stream."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.decisions.day_index import SHARDS, key_of, keys_of, merged, page_of

DAY = "2026-11-28"
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
PARTITION_WRITES = 1000  # units a second
WRITES_A_SECOND = 1000 * 4  # decisions, each of 4 units at most: tests/workflow/test_growth.py
IDS = st.lists(st.text("0123456789abcdef", min_size=1, max_size=4), max_size=60, unique=True)


@given(st.text(min_size=1), st.sampled_from([DAY, f"outcomes#{DAY}"]))
def test_an_item_is_always_under_the_same_key_and_that_key_is_read(name, day):
    assert key_of(day, name) == key_of(day, name)
    assert key_of(day, name) in keys_of(day)
    assert key_of(day, name).startswith(f"{day}#")


def test_a_day_has_its_shards_and_first_the_key_of_before_there_were_any():
    assert keys_of(DAY)[0] == DAY
    assert len(set(keys_of(DAY))) == SHARDS + 1
    assert not set(keys_of(DAY)) & set(keys_of(f"outcomes#{DAY}"))


def test_ids_made_in_the_same_millisecond_use_all_shards():
    """An id is its time, then chance; only the shard may depend on all of it."""
    used = Counter(key_of(DAY, f"019acbde0000{number:020x}") for number in range(16_000))

    assert max(used.values()) / 16_000 * WRITES_A_SECOND <= PARTITION_WRITES / 2, (
        "a partition takes 1,000 write units a second, and keys of a day may share one for a while"
    )
    assert len(used) == SHARDS
    assert max(used.values()) < 1.15 * 16_000 / SHARDS


@given(IDS, st.lists(st.integers(0, 3), min_size=60, max_size=60), st.booleans())
def test_streams_are_merged_in_order_and_what_is_in_two_of_them_comes_once(ids, places, newest):
    streams = [[] for _ in range(4)]
    for name, place in zip(ids, places, strict=False):
        for stream in {place, places[0]}:
            streams[stream].append({"clientId": "ana", "predictionId": name})
    for stream in streams:
        stream.sort(key=lambda one: one["predictionId"], reverse=newest)
    found = merged(map(iter, streams), newest_first=newest)

    assert [one["predictionId"] for one in found] == sorted(ids, reverse=newest)


def test_clients_may_have_the_same_id():
    both = [{"clientId": name, "predictionId": "0a"} for name in ("ana", "eva")]

    assert list(merged([iter(both[:1]), iter(both[1:])])) == both


def test_a_page_is_never_empty():
    assert [page_of(wanted) for wanted in (0, 1, SHARDS, 1250)] == [1, 1, 3, 105]
