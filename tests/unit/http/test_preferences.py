"""The header Prefer, by RFC 7240."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.http.preferences import RESPOND_ASYNC, prefers

WORDS = st.from_regex(r"[A-Za-z-]{1,9}", fullmatch=True).filter(
    lambda word: word.lower() != RESPOND_ASYNC
)
QUOTED = st.text('abc,;= -\\"', max_size=9).map(
    lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
)
VALUES = st.one_of(st.just(""), WORDS.map("={}".format), QUOTED.map("={}".format))
OTHERS = st.builds("{}{}".format, WORDS, VALUES)


@pytest.mark.parametrize(
    "header",
    [
        "respond-async", "Respond-ASYNC", " respond-async ", "respond-async;a=b", "respond-async=",
        "wait=10, respond-async", 'respond-async=""', 'a="x, y", respond-async',
        "respond-async, respond-async=no", 'respond-async; foo="a, b"; bar',
    ],
)  # fmt: skip
def test_it_is_found_among_others(header):
    assert prefers(RESPOND_ASYNC, [header])


@pytest.mark.parametrize(
    "header",
    [
        "", ",", "respond-sync", "respond-async-now", 'a="respond-async"', 'a="x, respond-async"',
        "respond-async=no, respond-async", "return=minimal; respond-async", "respond async",
    ],
)  # fmt: skip
def test_what_only_looks_like_it_is_not(header):
    assert not prefers(RESPOND_ASYNC, [header])


def test_several_headers_are_one_list():
    assert prefers(RESPOND_ASYNC, ["wait=10", "respond-async"])
    assert not prefers(RESPOND_ASYNC, ["respond-async=no", "respond-async"])
    assert not prefers(RESPOND_ASYNC, [])


@given(st.lists(st.text()))
def test_any_text_is_read(headers):
    assert prefers(RESPOND_ASYNC, headers) in (True, False)


@given(st.lists(OTHERS, max_size=4), st.lists(OTHERS, max_size=4), st.booleans())
def test_it_is_found_behind_and_before_any_other(before, behind, is_there):
    header = ", ".join([*before, *[RESPOND_ASYNC] * is_there, *behind])
    assert prefers(RESPOND_ASYNC, [header]) == is_there
