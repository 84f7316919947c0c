"""The size of a batch's file, as a request states it."""

import pytest

from chalicelib.decisions.intake.batches.batch_desk import MOST_BYTES, _size


@pytest.mark.parametrize(
    ("given", "size"),
    [
        (1, 1),
        (5.0, 5),
        (MOST_BYTES, MOST_BYTES),
        (MOST_BYTES + 1, None),
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
    assert _size(given) == size
