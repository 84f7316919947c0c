"""The command that records the examples of the API's description."""

import pytest

from bank.api_examples.example_recording import NoExample, Recording
from bank.api_examples.shortening import first_lines, shortened
from chalicelib.http.openapi.operations import OPERATIONS


def recording(**parts):
    kept = {one.name: {"answer": {}, "request": {}} for one in OPERATIONS}
    return Recording("http://127.0.0.1:1", "a-key", {}, operations=kept | parts)


def test_every_operation_with_its_examples_is_enough():
    recording().require_all({"predict"})
    recording(listModels={"answer": {}}).require_all({"predict"})


@pytest.mark.parametrize(
    ("name", "kept", "missing"),
    [
        ("listModels", {}, r"listModels \(GET /models\) has no example of its answer: ask"),
        (
            "predict",
            {},
            "has no example of its answer and request: ask for it in bank/api_examples",
        ),
        ("predict", {"answer": {}}, "has no example of its request"),
    ],
)
def test_an_operation_without_one_is_named(name, kept, missing):
    with pytest.raises(NoExample, match=missing):
        recording(**{name: kept}).require_all({"predict"})


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ([1, 2, 3], [1, 2]),
        ({"rows": [{"parts": [1, 2, 3]}]}, {"rows": [{"parts": [1, 2]}]}),
        ({"next": "eyJ2"}, {"next": "a-cursor"}),
        ({"next": None}, {"next": None}),
        (
            {"url": "http://127.0.0.1:9/data/a.csv?X-Amz-Signature=0f&X-Amz-Date=1"},
            {"url": "https://s3.amazonaws.com/data/a.csv?X-Amz-Signature=…"},
        ),
        ({"href": "https://a.bank/?page=2"}, {"href": "https://a.bank/?page=2"}),
        (["X-Amz-Signature"], ["X-Amz-Signature"]),
    ],
)
def test_an_answer_is_short_and_opens_nothing(answer, shown):
    assert shortened(answer) == shown


def test_a_page_keeps_its_fields_and_two_rows():
    assert first_lines("a,b\r\n1,2\r\n3,4\r\n5,6\r\n") == "a,b\r\n1,2\r\n3,4\r\n"
