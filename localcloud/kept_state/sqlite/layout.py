"""Layout of the database: its tables, and the checksum of each row.

A checksum covers every column of its row. In layout 0 it covered the content only, or was missing;
such a database is verified by that rule once, and its checksums are rewritten when it is opened.
"""

import sqlite3
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

LAYOUT = 1  # kept in SQLite's user_version

SCHEMA = """
    create table if not exists items (
        "table" text, key text, item text, crc integer, primary key ("table", key)) without rowid;
    create table if not exists objects (
        bucket text, key text, versions blob, crc integer, primary key (bucket, key));
    create table if not exists records (service text primary key, content blob, crc integer);
    create table if not exists events (
        id integer primary key autoincrement, function text, payload blob, restarts integer,
        crc integer);
    create table if not exists written_by (moto text, crc integer);
    create table if not exists identity (id text, crc integer);
    create table if not exists committed (
        row integer primary key check (row = 1), transactions integer, crc integer);
"""
COLUMNS = {
    "items": ("table", "key", "item"),
    "objects": ("bucket", "key", "versions"),
    "records": ("service", "content"),
    "events": ("id", "function", "payload", "restarts"),
    "written_by": ("moto",),
    "identity": ("id",),
    "committed": ("row", "transactions"),
}
TYPES = {  # SQLite keeps a type with each value, which no checksum of the value covers
    "items": ("text", "text", "text"),
    "objects": ("text", "text", "blob"),
    "records": ("text", "blob"),
    "events": ("integer", "text", "blob", "integer"),
    "written_by": ("text",),
    "identity": ("text",),
    "committed": ("integer", "integer"),
}
KEYS = {
    "items": ("table", "key"),
    "objects": ("bucket", "key"),
    "records": ("service",),
    "events": ("id",),
}
RECOVERED = "recovered"  # the record of a database that `recover` has put in its place
BLOBS = {"versions", "content", "payload"}
_COVERED_IN_LAYOUT_0 = {
    "items": "item",
    "objects": "versions",
    "records": "content",
    "events": "payload",
}


def checksum(values: Iterable[Any]) -> int:
    """Return the CRC-32 of a row's values, each with its length in front. Text counts as UTF-8."""
    crc = 0
    for value in values:
        data = value if isinstance(value, bytes) else str(value).encode()
        crc = zlib.crc32(data, zlib.crc32(b"%d:" % len(data), crc))
    return crc


def is_whole(table: str, row: Mapping[str, Any], layout: int) -> bool:
    """Return whether a row's checksum fits."""
    crc = row.get("crc")
    if crc == checksum(row[name] for name in COLUMNS[table]):
        return True
    return layout == 0 and _is_text(row) and _was_whole(table, row, crc)


def _is_text(row: Mapping[str, Any]) -> bool:
    """Return whether all texts of a row, which are read as bytes, are UTF-8."""
    try:
        for name in row.keys() - BLOBS:
            if isinstance(row[name], bytes):
                row[name].decode()
    except UnicodeDecodeError:
        return False
    return True


def _was_whole(table: str, row: Mapping[str, Any], crc: int | None) -> bool:
    if table == "committed":
        return isinstance(row["transactions"], int)
    if crc is None or table not in _COVERED_IN_LAYOUT_0:
        return True
    return crc == zlib.crc32(row[_COVERED_IN_LAYOUT_0[table]] or b"")


def mistyped(db: sqlite3.Connection, table: str) -> int:
    """Return how many rows have a value of another type than was written."""
    pairs = zip(COLUMNS[table], TYPES[table], strict=True)
    wrong = " or ".join(f"""typeof("{name}") <> '{kind}'""" for name, kind in pairs)
    return int(db.execute(f"select count(*) from {table} where {wrong}").fetchone()[0])  # noqa: S608


def prepare(db: sqlite3.Connection) -> None:
    """Create the tables, and bring those of an older layout to this one. Raises sqlite3.Error."""
    db.create_function("row_crc", -1, lambda *values: checksum(values), deterministic=True)
    if db.execute("pragma user_version").fetchone()[0] == LAYOUT:
        return
    db.execute("begin immediate")
    try:
        for statement in SCHEMA.split(";"):
            db.execute(statement)
        for table, names in COLUMNS.items():
            columns = [row[1] for row in db.execute(f"pragma table_info({table})")]
            if "crc" not in columns:
                db.execute(f"alter table {table} add column crc integer")
            db.execute(f"update {table} set crc = {crc_of(names)}")  # noqa: S608
        db.execute(f"pragma user_version = {LAYOUT}")
        db.execute("commit")
    except BaseException:
        if db.in_transaction:  # SQLite may have rolled back by itself
            db.execute("rollback")
        raise


def crc_of(names: Iterable[str]) -> str:
    """Return the SQL of a row's checksum."""
    columns = ", ".join(f'"{name}"' for name in names)
    return f"row_crc({columns})"
