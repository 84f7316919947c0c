"""The language of an answer, by what the caller accepts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from chalicelib.foundation.text import Text, asks_for, preferred

ranges = st.sampled_from(["en", "es", "en-GB", "es-MX", "fr", "*"])
weights = st.sampled_from(["", ";q=0", ";q=0.1", ";q=0.5", ";q=0.9", ";q=1", "; q=0.3"])
headers = st.lists(st.builds(str.__add__, ranges, weights), max_size=5).map(", ".join)


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        ("", "es"),
        ("en", "en"),
        ("en-GB,es;q=0.5", "en"),
        ("es;q=0.1, en;q=0.9", "en"),
        ("en;q=0.2, es-MX;q=0.8", "es"),
        ("fr, de;q=0.9", "es"),
        ("fr, en;q=0.1", "en"),
        ("en;q=0", "es"),
        ("es;q=0, *;q=0.5", "en"),
        ("*", "es"),
        ("EN", "en"),
        ("en;q=2", "es"),
        ("en;q=nan", "es"),
        (";;,,=", "es"),
    ],
)
def test_the_language_of_the_greatest_weight_is_chosen(header, chosen):
    assert preferred(header, "es") == chosen


@given(headers)
def test_a_language_that_is_accepted_more_is_never_passed_over(header):
    accepted = [
        (tag.partition("-")[0], quality)
        for tag, quality in parse_accept_header(header, LanguageAccept)
    ]
    anything = max((quality for tag, quality in accepted if tag == "*"), default=0.0)
    weight = {
        language: max((quality for tag, quality in accepted if tag == language), default=anything)
        for language in ("es", "en")
    }

    assert weight[preferred(header, "es")] == max(weight.values())


@given(st.text())
def test_whatever_the_header_says_a_language_is_chosen(header):
    assert preferred(header, "en") in ("es", "en")


def test_a_value_is_said_in_the_language_of_its_text():
    text = Text(es="debe tener {format}", en="must have {format}")
    filled = text.format(format=Text(es="cinco cifras", en="five digits"))

    assert filled == Text(es="debe tener cinco cifras", en="must have five digits")


@pytest.mark.parametrize(
    ("header", "asked"),
    [
        ("text/html,application/xhtml+xml;q=0.9", True),
        ("TEXT/HTML; q=0.1", True),
        ("application/json, text/html;q=0", False),
        ("*/*", False),
        ("", False),
    ],
)
def test_a_media_type_is_asked_for_by_name_and_a_weight_above_0(header, asked):
    assert asks_for("text/html", header) == asked
