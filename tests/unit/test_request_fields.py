"""Fields of what people send: sizes, and what stands beside them."""

import pytest

from chalicelib.foundation.request_fields import UNKNOWN_FIELD, fields_of, number_of_bytes

MOST = 1 << 30


@pytest.mark.parametrize(
    ("given", "size"),
    [
        (1, 1),
        (5.0, 5),
        (MOST, MOST),
        (MOST + 1, None),
        (0, None),
        (5.5, None),
        (1e300, None),
        (True, None),
        ("5", None),
        (None, None),
        ([5], None),
    ],
)
def test_a_size_is_a_whole_number_of_bytes_in_any_form_of_json(given, size):
    assert number_of_bytes(given, MOST) == size


@pytest.mark.parametrize("body", [None, [], "reason", 5])
def test_what_is_no_object_has_no_fields(body):
    given, faults = fields_of(body, {"reason"})

    assert (given, faults.keys()) == ({}, {"body"})


def test_a_field_that_is_not_known_hides_no_other():
    body = {"body": 1, "reason": "why"}

    assert fields_of(body, {"reason"}) == (body, {"body": UNKNOWN_FIELD})
