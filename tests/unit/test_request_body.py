"""Bodies of requests: strict JSON or a problem that says why not."""

import gzip
import json
import zlib
from typing import Any

import pytest
from chalice.app import Request
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.foundation.errors import (
    InvalidRequest,
    Problem,
    RequestTooLarge,
    UnsupportedMediaType,
)
from chalicelib.http.request_body import LARGEST_BODY, json_body

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def read(body: Any, content_type: str = "application/json", **headers: str) -> Any:
    event: dict[str, Any] = {
        "multiValueQueryStringParameters": None,
        "headers": {"content-type": content_type} | headers,
        "pathParameters": {},
        "requestContext": {"httpMethod": "POST", "resourcePath": "/predict"},
        "body": body,
        "stageVariables": None,
    }
    return json_body(Request(event))


def refusal(body: Any, *headers: str, **more: str) -> Problem:
    with pytest.raises(Problem) as refused:
        read(body, *headers, **more)
    return refused.value


@given(values)
def test_every_json_value_is_read_as_it_was_written(value):
    text = json.dumps(value, ensure_ascii=False)
    if "\ufffd" in text or not text.isprintable():
        return
    assert read(text) == value


@given(st.text() | st.binary())
def test_whatever_comes_is_a_value_or_a_problem(body):
    try:
        read(body)
    except Problem as problem:
        assert problem.detail.es != problem.detail.en


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b'{"clientId": "Jos\xe9"}', "not UTF-8"),
        ('{"clientId": "Jos\ufffd"}', "not UTF-8"),  # as API Gateway hands it on
        (b"\xff\xfe{\x00}\x00", "not UTF-8"),
        ('\ufeff{"clientId": "ana"}', "byte order mark"),
        ('{"clientId": NaN}', "from byte 13"),
        ('{"clientId": Infinity}', "from byte 13"),
        ('{"clientId": "\\ud800 and more"}', "from byte"),
        ('{"clientId": "ana"', "ends too early"),
        ("{'clientId': 1}", "from byte 1"),
        ("[" * 60_000, "too many"),
        ('{"a":' * 10_000, "too many"),
    ],
)
def test_what_is_no_json_is_refused_with_the_reason(body, words):
    problem = refusal(body)

    assert isinstance(problem, InvalidRequest)
    assert words in problem.detail.en


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ('{"clientId": "ana", "clientId": "eva"}', ["clientId"]),
        ('{"application": {"amount": 1, "amount": 2}}', ["application.amount"]),
        (
            '{"application": {"a": [{"b": {"amount": 1, "\\u0061mount": 1}}]}}',
            ["application.a.0.b.amount"],
        ),
        ('{"outcome": "paid", "when": "2026-05-31", "outcome": "defaulted"}', ["outcome"]),
        ('{"a": 1, "b": 1, "b": 1, "b": 1, "a": 1}', ["a", "b"]),
        ('{"": 1, "": 1}', [""]),
    ],
)
def test_a_name_that_an_object_gives_twice_is_refused_by_name(body, names):
    problem = refusal(body)

    assert list(problem.errors) == names
    assert all(name in problem.detail.es for name in names)


def test_the_same_name_in_two_objects_is_fine():
    assert read('[{"a": 1}, {"a": 2}, {"b": {"a": 3}}]') == [{"a": 1}, {"a": 2}, {"b": {"a": 3}}]


def test_numbers_are_read_as_far_as_floating_point_goes():
    assert read("[1e3, -0.0, 1" + "0" * 308 + "]") == [1000, 0, 10**308]
    for number in ("1e999", "-1e999", "1" + "0" * 5000):
        assert "64-bit" in refusal(f"[{number}]").detail.en


def test_the_limit_is_64_kb():
    assert read('"' + "x" * (LARGEST_BODY - 2) + '"') == "x" * (LARGEST_BODY - 2)
    assert isinstance(refusal('"' + "x" * (LARGEST_BODY - 1) + '"'), RequestTooLarge)


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON; Charset=UTF-8", 'application/json; charset="utf-8"'],
)
def test_json_in_utf8_is_taken(content_type):
    assert read("{}", content_type) == {}


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/x-www-form-urlencoded", "json", "application/json; charset=l1"],
)
def test_another_media_type_is_refused(content_type):
    assert isinstance(refusal("{}", content_type), UnsupportedMediaType)


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "gzip, gzip"])
def test_a_coding_that_api_gateway_does_not_know_is_refused(coding):
    assert isinstance(refusal("{}", **{"content-encoding": coding}), UnsupportedMediaType)


def test_what_api_gateway_has_decompressed_is_read():
    assert read("{}", **{"content-encoding": "gzip"}) == {}
    faulty = refusal('{"a": 1, "a": 2}', **{"content-encoding": "gzip"})
    assert isinstance(faulty, InvalidRequest)


@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_what_is_still_compressed_is_refused(coding, pack):
    """A gateway decompresses once, and chalice local not at all."""
    received = pack(b"{}").decode(errors="replace")
    assert isinstance(refusal(received, **{"content-encoding": coding}), UnsupportedMediaType)
