"""Files of applications, CSV or Parquet: what is no such file is refused before a row is read."""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from chalicelib.profile import Profile

CHUNK = 1 << 16  # rows in memory at a time
BLOCK = 1 << 22  # bytes of a CSV
MEND = "Mend the file and score it again: what was written of the answer can't be read."


class UnfitFile(Exception):
    """A file that does not hold applications of the profile."""


@dataclass(frozen=True)
class Applications:
    schema: pa.Schema
    rows: int | None  # if that is known before all are read
    batches: Iterator[pa.RecordBatch]


def opened(path: Path, deployed: Profile) -> Applications:
    """Open a file of applications.

    Raises UnfitFile, pyarrow's ArrowInvalid and OSError, and so does reading its `batches`.
    """
    return (_parquet if path.suffix.lower() == ".parquet" else _csv)(path, deployed)


def _parquet(path: Path, deployed: Profile) -> Applications:
    schema = pa.parquet.read_schema(path).remove_metadata()
    _check(schema.names, deployed)
    texts = [
        name
        for name, feature in deployed.asked_for().items()
        if name in schema.names
        and not feature.is_number
        and pa.types.is_string(schema.field(name).type)
    ]
    file = pa.parquet.ParquetFile(path, read_dictionary=texts)
    return Applications(schema, file.metadata.num_rows, file.iter_batches(CHUNK))


def _csv(path: Path, deployed: Profile) -> Applications:
    """Open a CSV. All columns are read as text: a column's kind shows only in its last row."""
    names = _header(path)
    _check(names, deployed)
    types = dict.fromkeys(names, pa.string())
    for name, feature in deployed.asked_for().items():
        if name in types and not feature.is_number:
            types[name] = pa.dictionary(pa.int32(), pa.string())
    ragged: list[pa.csv.InvalidRow] = []
    try:
        reader = pa.csv.open_csv(
            path,
            # One thread: rows are read no faster than they are scored, and have their numbers.
            read_options=pa.csv.ReadOptions(block_size=BLOCK, use_threads=False),
            parse_options=pa.csv.ParseOptions(
                newlines_in_values=True, invalid_row_handler=partial(_noted, ragged)
            ),
            convert_options=pa.csv.ConvertOptions(
                column_types=types, strings_can_be_null=True, null_values=[""]
            ),
        )
    except pa.ArrowInvalid as fault:
        raise UnfitFile(_unread(path, 0, ragged, fault)) from fault
    return Applications(reader.schema, None, _batches(path, reader, ragged))


def _noted(ragged: list[pa.csv.InvalidRow], row: pa.csv.InvalidRow) -> str:
    ragged.append(row)
    return "error"


def _batches(
    path: Path, reader: pa.csv.CSVStreamingReader, ragged: list[pa.csv.InvalidRow]
) -> Iterator[pa.RecordBatch]:
    done = 0
    try:
        for rows in reader:
            yield rows
            done += rows.num_rows
    except pa.ArrowInvalid as fault:
        raise UnfitFile(_unread(path, done, ragged, fault)) from fault


def _unread(path: Path, done: int, ragged: list[pa.csv.InvalidRow], fault: pa.ArrowInvalid) -> str:
    """Return why a row can't be read; row 1 follows the header. Quotes nothing of the file."""
    if ragged:
        row = ragged[0]
        return (
            f"{path.name}: row {row.number - 1:,} has {row.actual_columns} fields, and the header "
            f"{row.expected_columns}: a comma or a quote is missing, or too many. {MEND}"
        )
    if "UTF8" in str(fault):
        what = "it is no CSV in UTF-8"
    else:
        what = f"a quote is not closed, or a row is longer than {BLOCK >> 20} MB"
    return f"{path.name}: somewhere after row {done:,}, {what}. {MEND}"


def _header(path: Path) -> list[str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return next(csv.reader(file), [])
    except (UnicodeDecodeError, csv.Error) as fault:
        raise UnfitFile(f"{path.name} is no CSV in UTF-8: {fault}") from fault


def _check(names: Sequence[str], deployed: Profile) -> None:
    asked_for = deployed.asked_for()
    if not asked_for.keys() & {*names}:
        if any(";" in name or "\t" in name for name in names):
            raise UnfitFile("Its columns are not separated by commas: write it with commas.")
        raise UnfitFile(
            f"No column is a feature of the profile; its features: {', '.join(asked_for)}."
        )
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise UnfitFile(f"Columns that are there more than once: {', '.join(twice)}.")
    required = {n for n, feature in asked_for.items() if feature.required}
    absent = [n for n in asked_for if n in required - deployed.withheld(()) - {*names}]
    if absent:
        raise UnfitFile(f"Columns that the profile requires are missing: {', '.join(absent)}.")
    if taken := [n for n in names if n == "error" or n.startswith("probabilityOfDefault")]:
        raise UnfitFile(f"The answer has columns of these names, rename: {', '.join(taken)}.")
