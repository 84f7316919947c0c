"""Reading of a database that may be damaged: read-only, every row with its checksum."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.kept_state.sqlite.layout import BLOBS, COLUMNS, KEYS, LAYOUT, is_whole, mistyped
from localcloud.kept_state.sqlite.reading_pool import add_functions, forget_doubt, has_doubt

WHOLE_BYTES = 1 << 28  # of about 30,000 decisions: a start reads all of a file up to this size
_WITHOUT_INDEXES, _WITH_INDEXES = "quick_check", "integrity_check"
_LARGE = "items"  # the table whose rows are checked when they are read, too
_FAR_OFF = 100  # layouts ahead: no version that anybody would start with these files
MALFORMED = "malformed JSON"
_DAMAGE = ("SQLITE_CORRUPT", "SQLITE_NOTADB")


@dataclass(frozen=True)
class Facts:
    """The identity of a database, empty if it is older than identities, and its transactions."""

    identity: str
    committed: int


def fault_of(path: Path, most_bytes: int = WHOLE_BYTES) -> str:
    """Return the fault of a database; empty if it is whole. Raises sqlite3.Error if it can't be
    opened.

    Items of a file beyond `most_bytes` are left to those who read them. Whoever finds one that is
    not as it was written leaves a doubt: then the next start checks all.
    """
    whole = path.stat().st_size <= most_bytes or has_doubt(path)
    try:
        with closing(read_only(path)) as db:
            found = _fault(db, [one for one in COLUMNS if whole or one != _LARGE])
    except UnicodeDecodeError as error:
        return f"its schema is not as it was written: {error}"
    except sqlite3.DatabaseError as error:
        if "no such column" in str(error):
            return f"its schema is not as it was written: {error}"
        if getattr(error, "sqlite_errorname", "").startswith(_DAMAGE):
            return str(error)
        raise
    if not found and whole:
        forget_doubt(path)
    return found


def _fault(db: sqlite3.Connection, tables: list[str]) -> str:
    whole = len(tables) == len(COLUMNS)
    checked = [""] if whole else [one for one in tables if _count_of_columns(db, one)]
    if not any(_by_sqlite(db, _WITH_INDEXES, table) for table in checked):
        return _by_rows(db, tables)
    # A wrong byte in a row is told as that, though an index tells of it first.
    faults = [_by_sqlite(db, _WITHOUT_INDEXES, table) for table in checked]
    return "".join(faults) or _by_rows(db, tables) or _by_sqlite(db, _WITH_INDEXES)


def newer_layout(path: Path) -> int | None:
    """Return the layout of a database that a newer version wrote, and SQLite finds whole. None for
    others. A number that is far off is damage.
    """
    try:
        with closing(read_only(path)) as db:
            layout = layout_of(db)
            is_newer = LAYOUT < layout < LAYOUT + _FAR_OFF
            return layout if is_newer and not _by_sqlite(db, _WITH_INDEXES) else None
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        return None


def _by_rows(db: sqlite3.Connection, tables: Iterable[str]) -> str:
    """Return what our checksums and the types of the values find; empty if that is nothing."""
    if (layout := layout_of(db)) not in range(LAYOUT + 1):
        return f"its layout is {layout}, and this version reads 0 to {LAYOUT}"
    there = [table for table in tables if _count_of_columns(db, table)]
    wrong = sum(not is_whole(t, row, layout) for t in there for row in _rows(db, t))
    wrong += sum(mistyped(db, table) for table in there)
    return f"{wrong} rows are not as they were written" if wrong else ""


def _by_sqlite(db: sqlite3.Connection, check: str, table: str = "") -> str:
    """Return the last line of one of SQLite's own checks; empty if it finds nothing."""
    try:
        row = db.execute(f"pragma {check}({table or 1})").fetchone()
    except sqlite3.OperationalError as error:
        if MALFORMED not in str(error):
            raise
        return str(error)  # an index of a JSON text reads a row's
    found: str = row[0].decode(errors="replace")
    return "" if found == "ok" else found.splitlines()[-1]


def facts_of(path: Path) -> Facts | None:
    """Return the facts of a whole database; None if it is not there, or has no tables."""
    if not path.exists() or not path.stat().st_size:
        return None
    with closing(read_only(path)) as db:
        if not _count_of_columns(db, "items"):
            return None
        identity = next((row["id"].decode() for row in _rows(db, "identity")), "")
        committed = next((row["transactions"] for row in _rows(db, "committed")), 0)
        return Facts(identity, committed)


def readable(db: sqlite3.Connection, table: str) -> Iterator[dict[str, Any]]:
    """Yield the whole rows, from the front to the damage, then from the back to it. A row may be
    yielded more than once.
    """
    keys = [f'"{key}"' for key in KEYS.get(table, ())]
    ways = ("asc", "desc") if keys else ()
    for order in ("", *(f"order by {', '.join(f'{key} {way}' for key in keys)}" for way in ways)):
        try:
            layout = layout_of(db)
            for row in _rows(db, table, order):
                if is_whole(table, row, layout):
                    yield {name: _as_it_was(name, row[name]) for name in COLUMNS[table]}
        except (sqlite3.DatabaseError, UnicodeDecodeError):  # the latter: a column's name
            continue


def listed(db: sqlite3.Connection, table: str) -> set[tuple[Any, ...]]:
    """Return the keys that a table lists or, if those are more, the index of its keys: whole rows
    and damaged ones. A table and its index have pages of their own.
    """
    keys = ", ".join(f'"{key}"' for key in KEYS[table])
    everything = f"select {keys} from {table}"  # noqa: S608
    ways = (_keys_until_damage(db, f"{everything} {way}") for way in ("", "not indexed"))
    return max(ways, key=len)


def _keys_until_damage(db: sqlite3.Connection, sql: str) -> set[tuple[Any, ...]]:
    found: set[tuple[Any, ...]] = set()
    try:
        for row in db.execute(sql):
            found.add(tuple(row))
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        return found
    return found


def read_only(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    db.text_factory = bytes  # a broken byte in a text is no text
    add_functions(db)
    return db


def layout_of(db: sqlite3.Connection) -> int:
    return int(db.execute("pragma user_version").fetchone()[0])


def _count_of_columns(db: sqlite3.Connection, table: str) -> int:
    return len(db.execute(f"pragma table_info({table})").fetchall())


def _rows(db: sqlite3.Connection, table: str, order: str = "") -> Iterator[dict[str, Any]]:
    """Yield each row by column; a row of an older layout may lack its checksum.

    Columns go by their place: a wrong byte in a column's name must not lose its values. Raises
    sqlite3.DatabaseError where the table is damaged.
    """
    if _count_of_columns(db, table):
        for row in db.execute(f"select * from {table} {order}"):  # noqa: S608
            yield dict(zip((*COLUMNS[table], "crc"), row, strict=False))


def _as_it_was(column: str, value: Any) -> Any:
    """Return a value as text or bytes, as it was written."""
    if isinstance(value, bytes) and column not in BLOBS:
        return value.decode()
    return value
