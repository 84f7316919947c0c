import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import profile
from chalicelib.decisions.application import CreditApplication
from chalicelib.decisions.intake.batches.chunk_index import LONGEST_LINE
from chalicelib.decisions.intake.batches.row_reading import (
    JsonLines,
    NoTable,
    application,
    problems,
    table_of,
)
from chalicelib.foundation.errors import InvalidApplication, InvalidRequest

BANK = profile.load()
ROW = {
    "amount": 25000,
    "guaranteeShare": 0.5,
    "employees": 4,
    "jobsCreated": 0,
    "jobsRetained": 4,
    "state": "CA",
    "naics": "722511",
    "lender": 'BANK OF "SOMEWHERE", N.A.',
    "earlierLoans": 0,
    "earlierDefaults": 0,
}
COLUMNS = ("clientId", *ROW)


def csv_line(values: dict, delimiter: str = ",") -> bytes:
    quoted = ('"' + str(values.get(name, "")).replace('"', '""') + '"' for name in COLUMNS)
    return delimiter.join(quoted).encode()


def header(delimiter: str = ",", *more: str) -> bytes:
    return delimiter.join((*COLUMNS, *more)).encode()


def faults(line: bytes, reader) -> dict[str, str]:
    with pytest.raises((InvalidApplication, InvalidRequest)) as refused:
        application(line, reader, BANK)
    return {name: text.en for name, text in problems(refused.value).errors.items()}


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_row_of_a_table_is_the_application_that_predict_takes(delimiter):
    table = table_of(header(delimiter) + b"\r", BANK)
    found = application(csv_line(ROW | {"clientId": "ana"}, delimiter) + b"\r", table, BANK)

    assert found == CreditApplication.from_payload({"clientId": "ana", "application": ROW}, BANK)


def test_a_row_of_json_lines_is_the_body_of_predict():
    body = {"clientId": "ana", "application": ROW, "consents": ["network"]}

    assert application(json.dumps(body).encode(), JsonLines(), BANK) == (
        CreditApplication.from_payload(body, BANK)
    )


def test_consents_of_a_table_are_separated_by_blanks():
    table = table_of(header(",", "consents"), BANK)
    line = csv_line(ROW | {"clientId": "ana"})

    assert application(line + b",network", table, BANK).consents == ("network",)
    assert application(line + b",", table, BANK).consents == ()
    assert [*faults(line + b",network other", table)] == ["consents"]


@pytest.mark.parametrize(
    ("column", "value", "fault"),
    [
        ("amount", "25000,50", "must be a number"),  # a comma may separate thousands, too
        ("amount", "25.000,50", "must be a number"),
        ("amount", "1_000", "must be a number"),
        ("amount", "٣٤", "must be a number"),
        ("amount", "NaN", "must be a number"),
        ("amount", "1e999", "must be a number"),
        ("amount", "9" * 400, "must be a number"),
        ("amount", " 25000", "must be a number"),
        ("amount", "99.99", "must be 100 or more"),
        ("employees", "1.5", "must be a whole number"),
        ("employees", "", "is required"),
        ("clientId", "", "must be 1 to 64 letters, digits, and . _ : - after the first"),
    ],
)
def test_a_wrong_value_of_a_table_is_refused_by_its_field(column, value, fault):
    table = table_of(header(";"), BANK)
    line = csv_line(ROW | {"clientId": "ana"} | {column: value}, ";")
    field = column if column == "clientId" else f"application.{column}"

    assert faults(line, table) == {field: fault}


def test_a_decimal_comma_between_commas_is_a_value_too_many():
    plain = b",".join(
        str(value).encode() for value in ("ana", "25000,5", *[*ROW.values()][1:7], "B", 0, 0)
    )

    assert faults(plain, table_of(header(), BANK)) == {
        "body": "has 12 values, and the header 11 columns"
    }


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b'"ana', "is not CSV: a quote is never closed or out of place"),
        (b'"ana"x,1', "is not CSV: a quote is never closed or out of place"),
        (b"\xe1na,1", "is not UTF-8"),
        (b"x" * (LONGEST_LINE + 1), f"has more than {LONGEST_LINE} bytes"),
        (b"x" * LONGEST_LINE, "has 1 values, and the header 11 columns"),
    ],
)
def test_what_is_no_row_of_a_table_is_refused(line, fault):
    found = faults(line, table_of(header(), BANK))

    assert [*found] == ["body"]
    assert found["body"].startswith(fault)


@pytest.mark.parametrize("line", [b"{", b"[]", b'{"a": NaN}', b'{"clientId": 1, "clientId": 2}',
                                  b"[" * 5000, b"null", b'"\xff"'])  # fmt: skip
def test_what_is_no_row_of_json_lines_is_refused(line):
    assert faults(line, JsonLines())


@pytest.mark.parametrize(
    ("first", "fault"),
    [
        (b"", "The first line must be the header"),
        (b"clientId", "The header lacks required columns: amount, guaranteeShare"),
        (b"amount,employees", "The first line must be the header"),
        (b"clientId,amount,amount", "The header repeats columns: amount."),
        (b"clientId,salary", "The header has columns that are not asked for: salary."),
        (b"clientId,sector", "The header has columns that are not asked for: sector."),
        (b'clientId,"amount', "The first line must be the header"),
        (b"clientId,\xff", "The first line must be the header"),
        (b"clientId," + b"x" * LONGEST_LINE, "The first line must be the header"),
        (b"clientId," + b",".join(b"c%d" % n for n in range(9000)), "The header has columns"),
    ],
)
def test_a_header_that_makes_no_sense_is_refused(first, fault):
    with pytest.raises(NoTable) as refused:
        table_of(first, BANK)

    assert refused.value.fault.en.startswith(fault)
    assert len(refused.value.fault.en) < 3000


@given(st.binary(max_size=300))
def test_any_bytes_are_a_row_or_are_refused_without_their_values(line):
    for reader in (JsonLines(), table_of(header(), BANK)):
        found = faults(line, reader)

        assert found
        assert len(found) <= 20


@given(st.floats(100, 5_000_000), st.integers(0, 10_000))
def test_a_number_of_a_table_is_read_exactly(amount, employees):
    row = ROW | {"clientId": "ana", "amount": repr(amount), "employees": employees}
    found = application(csv_line(row), table_of(header(), BANK), BANK)

    assert (found.values["amount"], found.values["employees"]) == (amount, employees)
