"""A record has one digest: stored or not, and after its personal part is erased."""

import copy
import hashlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.foundation.dynamodb_items import from_item, to_item
from chalicelib.foundation.record_salt import SALT, new_salt
from chalicelib.governance.evidence.record_digest import (
    ERASED,
    KEPT,
    STORAGE,
    canonical,
    digest,
    digests,
    erased,
    is_erased,
    kind,
    split,
)

DECISION = {
    "predictionId": "0198a2b3c4d5e6f7",
    "clientId": "0912345678",
    "createdAt": "2026-11-28T10:00:00.000Z",
    "application": {"amount": 59.0, "state": "CA", "newBusiness": True},
    "decision": "REVIEW",
    "score": 601,
    "probabilityOfDefault": 0.1,
    "reasons": [{"code": "AMOUNT", "text": "high"}],
    "models": {
        "Tradicional": {"status": "OK", "version": "v1", "score": 5, "reasons": [{"code": "A"}]},
        "AppVengersAccelerator": {"status": "UNAVAILABLE", "cause": "TIMEOUT"},
    },
    "evidence": {"policy": {"score": 1}, "features": {"amount": "abc"}},
    SALT: "00" * 16,
    "day": "2026-11-28#07",
}
NUMBERS = st.integers(-(2**62), 2**62) | st.floats(
    allow_nan=False, allow_infinity=False, min_value=-1e30, max_value=1e30
).filter(lambda number: number == 0 or abs(number) > 1e-30)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
NAMES = st.sampled_from([*KEPT, "clientId", "application", "reasons", "text", "of2"]) | st.text(
    max_size=6
).filter(lambda name: name not in (*STORAGE, ERASED))
RECORDS = st.dictionaries(NAMES, VALUES, max_size=8)


def test_what_identifies_the_applicant_is_personal_and_what_was_decided_is_kept():
    kept, personal = split(DECISION)

    assert personal == {
        "clientId": "0912345678",
        "application": DECISION["application"],
        "reasons": DECISION["reasons"],
        "models": {"Tradicional": {"reasons": [{"code": "A"}]}},
        "evidence": {"features": {"amount": "abc"}},
    }
    assert kept["models"]["Tradicional"] == {"status": "OK", "version": "v1", "score": 5}
    assert kept["models"]["AppVengersAccelerator"] == DECISION["models"]["AppVengersAccelerator"]
    assert kept["evidence"] == {"policy": {"score": 1}}


def test_the_digest_is_that_of_the_two_parts_as_documented():
    kept, personal = split(DECISION)
    of_kept = hashlib.sha256(canonical(kept)).hexdigest()
    of_personal = hashlib.sha256(bytes(16) + canonical(personal)).hexdigest()
    both = f'{{"kept":"{of_kept}","personal":"{of_personal}"}}'

    assert digests(DECISION) == (of_kept, of_personal)
    assert digest(DECISION) == hashlib.sha256(both.encode()).hexdigest()


def test_a_record_without_a_salt_has_an_empty_one():
    older = {name: value for name, value in DECISION.items() if name != SALT}
    _, personal = split(older)

    assert digests(older).personal == hashlib.sha256(canonical(personal)).hexdigest()


def test_a_field_that_nobody_has_heard_of_is_personal():
    assert split({"predictionId": "p", "phone": "099"})[1] == {"phone": "099"}


@pytest.mark.parametrize(
    ("record_id", "expected"),
    [("0198a2", "decision"), ("outcome#0198a2#ff", "outcome"), ("review#0198a2#0001", "review")],
)
def test_the_kind_of_a_record_is_in_its_id(record_id, expected):
    assert kind(record_id) == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (59.0, b"59"), (Decimal(59), b"59"), (Decimal("59.0"), b"59"), (Decimal("1E+2"), b"100"),
        (0.1, b"0.1"), (Decimal("0.1"), b"0.1"), (1e21, b"1e+21"), (10**21, b"1e+21"),
        (2**53 - 1, b"9007199254740991"), (2**53, b"9007199254740992"), (True, b"true"),
        (-0.0, b"0"), ({"é": 1, "a": None}, '{"a":null,"é":1}'.encode()),
    ],
)  # fmt: skip
def test_a_value_has_one_canonical_text(value, text):
    assert canonical(value) == text


@given(RECORDS)
def test_a_record_has_the_same_digest_before_dynamodb_has_it_and_after(record):
    salted = record | {SALT: "ab" * 16}
    assert digest(from_item(to_item(salted | {"day": "d#01"}))) == digest(salted)


@given(RECORDS)
def test_the_digest_stays_when_the_personal_part_is_erased(record):
    salted = record | {SALT: "ab" * 16, "day": "d#01", "expiresAt": 1}
    rest = erased(salted)

    assert is_erased(rest)
    assert not is_erased(salted)
    assert digest(rest) == digest(salted)
    assert digest(rest | {"clientId": "a pseudonym", "day": "d#01"}) == digest(salted)
    assert digest(erased(rest)) == digest(salted)
    assert split(rest)[1] == {}
    assert rest.keys() & {SALT, "clientId", "application", "reasons", "day"} == set()


@given(RECORDS, st.data())
def test_any_field_that_changes_changes_the_digest(record, data):
    salted = record | {"clientId": "c", SALT: "ab" * 16}
    name = data.draw(st.sampled_from(sorted({*record, "clientId"})))
    other = copy.deepcopy(salted) | {name: ["another", data.draw(VALUES)]}

    if canonical(other[name]) != canonical(salted[name]):
        assert digest(other) != digest(salted)


@given(RECORDS, NAMES, VALUES)
def test_a_field_that_goes_or_comes_changes_the_digest(record, name, value):
    salted = record | {name: value, SALT: "ab" * 16}
    without = {field: part for field, part in salted.items() if field != name}

    assert digest(without) != digest(salted)


def test_the_salt_hides_the_personal_part():
    assert len(new_salt()) == 32
    assert new_salt() != new_salt()
    other = DECISION | {SALT: "01" * 16}
    assert digests(other).kept == digests(DECISION).kept
    assert digests(other).personal != digests(DECISION).personal
