"""Rows of a caller's Parquet as JSON lines, each the body of a POST /predict: a processing job.

The functions that decide a batch have no reader of Parquet, so lotesCredito starts this job first.
It writes rows.jsonl and columns.json, or unreadable.json with a code of why not; the function
indexBatch has the words. The file may be anything: columns, rows and bytes are bounded.

python3 -m training.batch_scoring.parquet_rows --rows FILE --converted FOLDER
"""

import argparse
import json
import math
import resource
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

MOST_ROWS, MOST_BYTES, MOST_COLUMNS = 1_000_000, 1 << 30, 256
MEMORY_BYTES = 6 << 30  # a page may hold far more than the file: ml.m5.large has 8 GB
AT_ONCE = 2_000  # rows
CLIENT, CONSENTS = "clientId", "consents"

Row = dict[str, Any]


class Unreadable(Exception):
    """A file that can't be read; its argument is a code."""


def convert(file: Path, folder: Path) -> int:
    """Write a file's rows and columns into a folder, and return how many rows there are. Raises
    Unreadable.
    """
    try:
        opened = pq.ParquetFile(file, pre_buffer=False)  # no thread reads, as in read_parquet
        columns = _columns(opened.schema_arrow)
        if opened.metadata.num_rows > MOST_ROWS:
            raise Unreadable("TOO_MANY")
        count = _write(_rows(opened), folder / "rows.jsonl")
    except (MemoryError, pa.ArrowMemoryError) as fault:
        raise Unreadable("TOO_LARGE") from fault
    except (pa.ArrowException, OSError, ValueError, LookupError, OverflowError) as fault:
        raise Unreadable("NOT_PARQUET") from fault
    (folder / "columns.json").write_text(json.dumps(columns), encoding="utf-8")
    return count


def _columns(schema: pa.Schema) -> list[str]:
    """Return the names of the columns. Raises Unreadable for nested and for repeated ones."""
    names: list[str] = schema.names
    nested = [one.name for one in schema if pa.types.is_nested(one.type) and one.name != CONSENTS]
    is_wrong = len(names) > MOST_COLUMNS or len({*names}) < len(names) or CLIENT not in names
    if is_wrong or nested:
        raise Unreadable("COLUMNS")
    return names


def _rows(opened: pq.ParquetFile) -> Iterator[Row]:
    for batch in opened.iter_batches(AT_ONCE, use_threads=False):
        for row in batch.to_pylist():
            given = {name: _plain(value) for name, value in row.items() if not _is_missing(value)}
            client = {CLIENT: given.pop(CLIENT)} if CLIENT in given else {}
            consents = given.pop(CONSENTS, None)
            if isinstance(consents, str):
                consents = consents.split()
            asked = {CONSENTS: consents} if consents else {}
            yield client | asked | {"application": given}


def _write(rows: Iterator[Row], target: Path) -> int:
    size = count = 0
    with target.open("w", encoding="utf-8") as lines:
        for row in rows:
            line = json.dumps(row, allow_nan=False) + "\n"  # ASCII: a character is a byte
            size, count = size + len(line), count + 1
            if size > MOST_BYTES:
                raise Unreadable("TOO_LARGE")
            lines.write(line)
    return count


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _plain(value: Any) -> Any:
    """Return a value of JSON; what JSON does not have is a text, which an application refuses."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, list):
        return [str(one) for one in value]
    is_json = isinstance(value, str | int | float) and value not in (math.inf, -math.inf)
    return value if is_json else str(value)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=Path, required=True)
    parser.add_argument("--converted", type=Path, required=True)
    given = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    given.converted.mkdir(parents=True, exist_ok=True)
    try:
        print(f"{convert(given.rows, given.converted)} rows", flush=True)
    except Unreadable as fault:
        (given.converted / "rows.jsonl").unlink(missing_ok=True)
        told = json.dumps({"code": str(fault)})
        (given.converted / "unreadable.json").write_text(told, encoding="utf-8")
        print(f"unreadable: {fault}", flush=True)


if __name__ == "__main__":
    main()
