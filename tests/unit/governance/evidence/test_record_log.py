"""Each item that DynamoDB can have is a record with a digest, so that none stops the chain."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.foundation.dynamodb_items import from_item, to_item
from chalicelib.governance.evidence import record_digest
from chalicelib.governance.evidence.record_log import record_of

KEYS = {"clientId": {"S": "c"}, "predictionId": {"S": "p"}, "day": {"S": "2026-11-01#00"}}
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=5).map(lambda one: f"{one:.9g}")
VALUES = st.recursive(
    st.one_of(
        st.builds(lambda one: {"S": one}, st.text(max_size=4)),
        st.builds(lambda one: {"N": one}, NUMBERS),
        st.builds(lambda one: {"B": one}, st.binary(max_size=4)),
        st.builds(lambda one: {"SS": one}, st.lists(st.text(max_size=3), min_size=1, unique=True)),
        st.builds(lambda one: {"NS": one}, st.lists(NUMBERS, min_size=1, unique=True)),
        st.builds(
            lambda one: {"BS": one}, st.lists(st.binary(max_size=3), min_size=1, unique=True)
        ),
        st.sampled_from([{"NULL": True}, {"BOOL": False}]),
    ),
    lambda inner: st.one_of(
        st.builds(lambda one: {"L": one}, st.lists(inner, max_size=3)),
        st.builds(lambda one: {"M": one}, st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    ),
    max_leaves=5,
)
NAMES = st.sampled_from(
    ["application", "models", "evidence", "evidenceSalt", "personalDigest", "expiresAt", "score"]
)


@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_any_item_has_a_digest_and_is_a_line_of_the_archive(attributes):
    record = record_of({**attributes, **KEYS})
    line = {name: part for name, part in record.items() if name not in ("day", "expiresAt")}

    assert record_digest.digest(record) == record_digest.digest(line)
    assert record_digest.canonical(line)
    assert (record["clientId"], record["predictionId"]) == ("c", "p")


@pytest.mark.parametrize(
    "attribute",
    [
        {"x": {"B": b"\x00"}},
        {"models": {"M": {"A": {"SS": ["a", "b"]}}}},
        {"evidenceSalt": {"S": "no hexadecimal digits"}},
        {"evidenceSalt": {"B": b"\x00"}},
        {"personalDigest": {"NS": ["1"]}},
    ],
)
def test_an_item_that_has_no_digest_is_recorded_in_dynamodb_s_form(attribute):
    record = record_of({**KEYS, **attribute, "expiresAt": {"N": "1"}})

    assert record_digest.UNREADABLE in record
    assert {*record} == {"clientId", "predictionId", "day", record_digest.UNREADABLE}
    assert {*record[record_digest.UNREADABLE]} == {"clientId", "predictionId", *attribute}


def test_members_of_a_set_may_come_in_any_order():
    one, other = (
        record_of({**KEYS, "x": {"L": [{"BS": members}]}})
        for members in ([b"a", b"b"], [b"b", b"a"])
    )
    assert one == other


def test_a_changed_byte_changes_the_digest():
    one, other = (record_of({**KEYS, "x": {"B": byte}}) for byte in (b"a", b"b"))
    assert record_digest.digest(one) != record_digest.digest(other)


def test_a_record_of_the_bank_is_as_it_was():
    stored = to_item({"clientId": "c", "predictionId": "p", "score": 600.0, "evidenceSalt": "00"})
    assert record_of(stored) == from_item(stored)
