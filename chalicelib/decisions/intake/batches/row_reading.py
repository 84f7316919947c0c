"""Readers of a batch's rows: JSON lines, and CSV by its header. Pure.

A row of JSON lines is the body of a POST /predict. A CSV has a column for clientId, one for each
feature that is sent, and maybe one for consents, whose names are separated by blanks.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from chalicelib.decisions.application import CreditApplication
from chalicelib.decisions.intake.batches.chunk_index import LONGEST_LINE
from chalicelib.foundation import strict_json
from chalicelib.foundation.errors import InvalidApplication, InvalidRequest
from chalicelib.foundation.request_fields import naming
from chalicelib.foundation.text import Text
from chalicelib.profile import Profile

Form = Literal["csv", "jsonl", "parquet"]
FORMS: tuple[Form, ...] = ("csv", "jsonl", "parquet")
DELIMITERS = (",", ";", "\t")
CLIENT, CONSENTS = "clientId", "consents"
# As JSON writes a number. A comma may be a decimal sign or separate thousands: it is no number.
NUMBER = re.compile(r"-?[0-9]{1,300}(\.[0-9]{1,300})?([eE][+-]?[0-9]{1,3})?")
MOST_SHOWN = 20  # problems of a row
LONGEST_SHOWN = 100  # characters of a field's name

ROW = "body"  # as POST /predict calls the whole of it
TOO_LONG = Text(
    es="tiene más de {most} bytes", en="has more than {most} bytes"
).format(most=LONGEST_LINE)  # fmt: skip
NOT_UTF8 = Text(es="no está en UTF-8", en="is not UTF-8")
NOT_CSV = Text(
    es="no es CSV: unas comillas no se cierran o están fuera de lugar; un valor no puede tener "
    "saltos de línea",
    en="is not CSV: a quote is never closed or out of place; a value can't hold a line break",
)
OTHER_COLUMNS = Text(
    es="tiene {found} valores y la cabecera {columns} columnas",
    en="has {found} values, and the header {columns} columns",
)
NO_HEADER = Text(
    es="La primera línea debe ser la cabecera, con la columna clientId y separada por comas, "
    "puntos y comas o tabuladores.",
    en="The first line must be the header, with the column clientId and separated by commas, "
    "semicolons or tabs.",
)
REPEATED = Text(
    es="La cabecera repite columnas: {names}.", en="The header repeats columns: {names}."
)
UNKNOWN = Text(
    es="La cabecera tiene columnas que no se piden: {names}.",
    en="The header has columns that are not asked for: {names}.",
)
LACKING = Text(
    es="A la cabecera le faltan columnas obligatorias: {names}.",
    en="The header lacks required columns: {names}.",
)


class NoTable(Exception):
    """A file whose header makes no sense; `fault` says why."""

    def __init__(self, fault: Text) -> None:
        super().__init__(fault.en)
        self.fault = fault


class Reader(Protocol):
    def payload(self, line: bytes) -> Any:
        """Return a row as the body of POST /predict. Raises InvalidRequest."""


class JsonLines:
    def payload(self, line: bytes) -> Any:
        return strict_json.value_of(line)


@dataclass(frozen=True)
class Table:
    """A CSV by its columns; `numbers` are those of features that are numbers."""

    columns: tuple[str, ...]
    delimiter: str
    numbers: frozenset[str]

    @classmethod
    def of(cls, columns: Sequence[str], delimiter: str, profile: Profile) -> "Table":
        """Return a table whose columns are known to be right."""
        numbers = (name for name, one in profile.asked_for().items() if one.is_number)
        return cls(tuple(columns), delimiter, frozenset(numbers))

    def payload(self, line: bytes) -> Any:
        """Return a row; an empty value is missing, and a column of the header is never."""
        values = _values(line, self.delimiter)
        if len(values) != len(self.columns):
            fault = OTHER_COLUMNS.format(found=len(values), columns=len(self.columns))
            raise _invalid(ROW, fault)
        given = {name: value for name, value in zip(self.columns, values, strict=True) if value}
        consents = {CONSENTS: given.pop(CONSENTS).split()} if CONSENTS in given else {}
        client = {CLIENT: given.pop(CLIENT)} if CLIENT in given else {}
        features = {name: self._feature(name, value) for name, value in given.items()}
        return client | consents | {"application": features}

    def _feature(self, name: str, value: str) -> Any:
        """Return a number as one; what is none stays a text, which the application refuses."""
        if name not in self.numbers or not NUMBER.fullmatch(value):
            return value
        return float(value) if "." in value or "e" in value.lower() else int(value)


def table_of(header: bytes, profile: Profile) -> Table:
    """Return the table that a CSV's first line describes. Raises NoTable."""
    found = _columns(header)
    if found is None:
        raise NoTable(NO_HEADER)
    columns, delimiter = found
    require_columns(columns, profile)
    return Table.of(columns, delimiter, profile)


def require_columns(columns: Sequence[str], profile: Profile) -> None:
    """Raise NoTable unless the columns are those of applications, each once."""
    known = {CLIENT, CONSENTS, *profile.asked_for()}
    withheld = profile.withheld(())
    needed = [n for n, one in profile.asked_for().items() if one.required and n not in withheld]
    for text, names in (
        (REPEATED, [name for name in dict.fromkeys(columns) if columns.count(name) > 1]),
        (UNKNOWN, [name for name in columns if name not in known]),
        (LACKING, [name for name in needed if name not in columns]),
    ):
        if names:
            raise NoTable(text.format(names=shown(names)))


def shown(names: Sequence[str]) -> str:
    """Return the first names as a text, each cut: a header may be anything."""
    return ", ".join(name[:LONGEST_SHOWN] for name in names[:MOST_SHOWN])


def _columns(header: bytes) -> tuple[list[str], str] | None:
    """Return the names of a header's columns and their delimiter; None unless one is clientId."""
    if len(header) > LONGEST_LINE:
        return None
    for delimiter in DELIMITERS:
        try:
            names = [name.strip() for name in _values(header, delimiter)]
        except InvalidRequest:
            return None
        if CLIENT in names and (len(names) > 1 or delimiter == DELIMITERS[-1]):
            return names, delimiter
    return None


def _values(line: bytes, delimiter: str) -> list[str]:
    try:
        text = line.decode().rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise _invalid(ROW, NOT_UTF8) from error
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True))
    except (csv.Error, StopIteration) as error:
        raise _invalid(ROW, NOT_CSV) from error


def rows(lines: bytes, first: int) -> Iterator[tuple[int, bytes]]:
    """Yield the number and the line of each row in a chunk; `first` is its first line's number."""
    for number, line in enumerate(lines.split(b"\n"), first):
        if line.strip():
            yield number, line


def application(line: bytes, reader: Reader, profile: Profile) -> CreditApplication:
    """Return the application of a row. Raises InvalidApplication or InvalidRequest."""
    if len(line) > LONGEST_LINE:
        raise _invalid(ROW, TOO_LONG)
    return CreditApplication.from_payload(reader.payload(line), profile)


def problems(fault: InvalidRequest | InvalidApplication) -> InvalidRequest:
    """Return the problem of a row with its first faults. They hold no value of the row."""
    faults = fault.errors or {ROW: fault.detail}
    first = [*faults][:MOST_SHOWN]
    return InvalidRequest(None, {_cut(name): faults[name] for name in first})


def _cut(name: str) -> str:
    """Return a field's name, or the beginning of one that is too long to be shown."""
    return name if len(name) <= LONGEST_SHOWN else name[:LONGEST_SHOWN]


def _invalid(field: str, fault: Text) -> InvalidRequest:
    return naming(InvalidRequest, {field: fault})
