"""DynamoDB's form of a document is that of boto3's own serializer, number by number."""

import json
from decimal import Decimal, Inexact
from enum import StrEnum

import pytest
from boto3.dynamodb.types import TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.foundation.dynamodb_items import from_item, to_item

# DynamoDB's numbers have 38 digits, and go to 1e126.
NUMBERS = st.integers(-(10**38) + 1, 10**38 - 1) | st.floats(
    allow_nan=False, allow_infinity=False
).filter(lambda number: number == 0 or 1e-130 <= abs(number) < 1e126)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), VALUES, max_size=5))
def test_it_is_what_boto3_makes_of_the_exact_numbers(document):
    exact = json.loads(json.dumps(document), parse_float=lambda text: Decimal(text) or 0)
    boto3s = {name: TypeSerializer().serialize(value) for name, value in exact.items()}

    assert to_item(document) == boto3s
    assert from_item(boto3s) == document


def test_a_number_that_is_too_small_is_0_and_the_smallest_is_not():
    assert to_item({"a": 1e-131, "b": 1e-130}) == {"a": {"N": "0"}, "b": {"N": "1E-130"}}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), b"bytes", {1, 2}, object()])
def test_what_json_does_not_have_has_no_form(value):
    with pytest.raises(TypeError):
        to_item({"a": [value]})


def test_a_number_of_more_than_38_digits_is_refused_and_one_of_38_is_not():
    assert to_item({"a": 10**38 - 1}) == {"a": {"N": "9" * 38}}
    with pytest.raises(Inexact):
        to_item({"a": 10**38 + 1})


def test_a_word_of_an_enumeration_is_a_plain_text():
    word = StrEnum("Word", ["approve"]).approve

    assert type(to_item({"a": word})["a"]["S"]) is str
