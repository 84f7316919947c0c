"""Pages as CSV: what a reader gets back, and that no spreadsheet runs a cell."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.http.csv_page import csv_page

FIELDS = ("clientId", "score", "reasons", "offer")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("=+-@\t\r\n\0'\",; ＝"))
CELLS = (
    TEXTS
    | st.none()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.lists(st.dictionaries(st.just("text"), TEXTS), max_size=2)
    | st.dictionaries(st.just("rate"), st.floats(0, 1))
)
ROWS = st.lists(st.dictionaries(st.sampled_from(FIELDS), CELLS), max_size=5)


def read(text):
    return [*csv.reader(io.StringIO(text, newline=""), strict=True)]


def back(cell, value):
    """Return the value that a reader takes a cell for."""
    if isinstance(value, str):
        return cell.removeprefix("'")
    return json.loads(cell) if cell else None


@given(ROWS)
def test_each_value_comes_back(rows):
    header, *lines = read(csv_page(FIELDS, rows))

    assert header == [*FIELDS]
    assert len(lines) == len(rows)
    for line, row in zip(lines, rows, strict=True):
        values = [row.get(name) for name in FIELDS]
        assert [back(cell, value) for cell, value in zip(line, values, strict=True)] == values


@given(ROWS)
def test_no_text_begins_as_a_formula(rows):
    for line, row in zip(read(csv_page(FIELDS, rows))[1:], rows, strict=True):
        for name, cell in zip(FIELDS, line, strict=True):
            if isinstance(row.get(name), str):
                assert not cell.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))
                assert not cell.startswith(("\t", "\r", "\n", "\0"))


@pytest.mark.parametrize("text", [
    '=HYPERLINK("http://a.example")', "+1", "-1+cmd|' /C calc'!A0", "@SUM(1)", "\t=1", "\r=1",
    "\n=1", "\0=1", " =1", "＝1", "＋1", "－1", "＠a",
])  # fmt: skip
def test_each_start_of_a_formula_that_owasp_names_is_taken_as_text(text):
    assert read(csv_page(("text",), [{"text": text}])) == [["text"], ["'" + text]]


def test_lines_end_as_rfc_4180_says_and_numbers_are_plain():
    row = {"a": -0.5, "b": True, "c": 'say "x", y', "d": None}

    assert csv_page("abcde", [row]) == 'a,b,c,d,e\r\n-0.5,true,"say ""x"", y",,\r\n'
    assert csv_page(("a",), []) == "a\r\n"
