"""Files of applications, CSV or Parquet: what is no such file is refused before a row is read."""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from chalicelib.profile import Profile

CHUNK = 1 << 16  # rows in memory at a time
BLOCK = 1 << 24  # bytes of a CSV


class UnfitFile(Exception):
    """It does not hold applications as the profile has them."""


@dataclass(frozen=True)
class Applications:
    schema: pa.Schema
    rows: int | None  # if that is known before all are read
    batches: Iterator[pa.RecordBatch]


def opened(path: Path, deployed: Profile) -> Applications:
    """Raises UnfitFile, pyarrow's ArrowInvalid and OSError."""
    return (_parquet if path.suffix == ".parquet" else _csv)(path, deployed)


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
    """All is read as text: what a column is like is not known before its last row."""
    names = _header(path)
    _check(names, deployed)
    types = dict.fromkeys(names, pa.string())
    for name, feature in deployed.asked_for().items():
        if name in types and not feature.is_number:
            types[name] = pa.dictionary(pa.int32(), pa.string())
    reader = pa.csv.open_csv(
        path,
        read_options=pa.csv.ReadOptions(block_size=BLOCK),
        convert_options=pa.csv.ConvertOptions(
            column_types=types, strings_can_be_null=True, null_values=[""]
        ),
    )
    return Applications(reader.schema, None, reader)


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
    absent = [n for n, feature in asked_for.items() if feature.required and n not in names]
    if absent:
        raise UnfitFile(f"Columns that the profile requires are missing: {', '.join(absent)}.")
    if taken := [n for n in names if n == "error" or n.startswith("probabilityOfDefault")]:
        raise UnfitFile(f"The answer has columns of these names, rename: {', '.join(taken)}.")
