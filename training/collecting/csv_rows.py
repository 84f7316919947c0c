"""Reader of a CSV that skips a broken row, reports its number, and reads the next."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

BROKEN = "a quote in it is not closed, or stands where none may"

Fields = list[str]


@dataclass(frozen=True)
class Wrong:
    """Row 1 is the first after the header; row 0 is the file itself."""

    row: int
    what: str


class NoTable(Exception):
    """The message quotes nothing of the file."""


def read(text: str) -> tuple[pd.DataFrame, list[Wrong]]:
    """Parse a CSV to texts, and list the lines that are no records. Raises NoTable.

    An empty field is missing. The index is the row's number less one. A blank line has a number but
    is no row. A comma after the last field adds no field.
    """
    lines = list(io.StringIO(text, newline=""))
    start = next((at for at, line in enumerate(lines) if line.strip()), 0)
    header, after = _header(lines, start)
    rows: dict[int, Fields] = {}
    wrong = []
    for row, fields in enumerate(_records(lines, after, len(header))):
        if fields is None:
            wrong.append(Wrong(row + 1, BROKEN))
        elif len(fields) != len(header):
            what = f"it has {len(fields)} fields, and the header {len(header)}"
            if "".join(fields).strip():
                wrong.append(Wrong(row + 1, what))
        else:
            rows[row] = fields
    frame = pd.DataFrame([*rows.values()], index=[*rows], columns=header, dtype=object)
    return frame.mask(frame == ""), wrong


def _header(lines: list[str], start: int) -> tuple[Fields, int]:
    """Return the names of the columns, and the number of the line after them."""
    reader = csv.reader((lines[at] for at in range(start, len(lines))), strict=True)
    try:
        names = next(reader, [])
    except csv.Error as fault:
        raise NoTable(f"in the header, {BROKEN}") from fault
    if not names:
        raise NoTable("it is empty")
    if len(names) == 1 and ";" in names[0]:
        raise NoTable("its columns are separated by semicolons: write it with commas")
    if names[-1] == "":
        names.pop()
    if len(set(names)) < len(names):
        raise NoTable("two of its columns have the same name")
    return names, start + reader.line_num


def _records(lines: list[str], at: int, width: int) -> Iterator[Fields | None]:
    """Yield the fields of each record.

    Yields None for a line that is no record; the next line is read as a new record.
    """
    while at < len(lines):
        reader = csv.reader((lines[i] for i in range(at, len(lines))), strict=True)
        done = 0
        try:
            for fields in reader:
                if len(fields) == width + 1 and not fields[-1]:
                    fields.pop()
                if len(fields) != width and reader.line_num > done + 1:
                    break  # an open quote has swallowed other rows
                yield fields
                done = reader.line_num
            else:
                return
        except csv.Error:
            pass
        yield None
        at += done + 1
