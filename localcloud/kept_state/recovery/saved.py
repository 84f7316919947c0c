"""The whole rows of a damaged database: saved in another one, which `recover` puts in its place."""

import sqlite3
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from localcloud.kept_state.recovery.reading import Facts, facts_of, listed, read_only, readable
from localcloud.kept_state.sqlite import folder_mark
from localcloud.kept_state.sqlite.database import FILE
from localcloud.kept_state.sqlite.disk import write_whole
from localcloud.kept_state.sqlite.folder_mark import MARK, Mark
from localcloud.kept_state.sqlite.layout import COLUMNS, KEYS, RECOVERED, checksum, prepare
from localcloud.kept_state.sqlite.reading_pool import forget_doubt
from localcloud.kept_state.state_faults import MissingState

SAVED = FILE + ".saved"

Homes = Mapping[str, set[str]]  # the names that a table's rows may have in their first column


@dataclass(frozen=True)
class Rows:
    """Numbers of saved and of lost rows, by table, with the services of the records among them.

    Rows of pages that can't be read are counted only if an index lists them.
    """

    saved: Counter[str]
    lost: Counter[str]
    saved_services: list[str]
    lost_services: list[str]


def save(path: Path, saved: Path, homes: Homes | None = None) -> Rows:
    """Copy every row that can be read and is as it was written into a new database, which gets an
    identity if that of the old one is lost. Rows without a home are left out. Raises sqlite3.Error
    if there is no room for them.
    """
    saved.unlink(missing_ok=True)
    with closing(sqlite3.connect(saved, isolation_level=None)) as new:
        prepare(new)
        new.execute("begin")
        with closing(read_only(path)) as old:
            # Where the schema is damaged, SQLite then reads the tables that it still describes.
            old.execute("pragma writable_schema = on")
            for table in COLUMNS:
                for row in readable(old, table):
                    if homes is None or _has_a_home(table, row, homes):
                        _insert(new, table, row)
            lost = {table: listed(old, table) - listed(_as_bytes(new), table) for table in KEYS}
        if not _count(new, "identity"):
            _insert(new, "identity", {"id": uuid.uuid4().hex})
        new.execute("commit")
        return Rows(
            Counter({table: _count(new, table) for table in COLUMNS}),
            Counter({table: len(keys) for table, keys in lost.items()}),
            _services(listed(new, "records")),
            _services(lost["records"]),
        )


def recover(folder: Path) -> str:
    """Replace the damaged database with what was saved of it, and keep it beside. Write its mark.
    The saved database gets a record of the recovery. Return what was done. Raises MissingState.
    """
    path, saved = folder / FILE, folder / SAVED
    facts = facts_of(saved)
    if facts is None:
        raise MissingState(f"There is nothing to recover: {saved} does not exist. Now: make run")
    _mark_as_recovered(saved)
    broken = path.with_name(f"{FILE}.broken-{datetime.now(UTC):%Y%m%dT%H%M%S}")
    for suffix in ("-wal", "-shm", ""):
        if (part := path.with_name(FILE + suffix)).exists():
            part.rename(broken.with_name(broken.name + suffix))
    saved.rename(path)
    forget_doubt(path)
    write_whole(folder / MARK, _mark(folder, facts).text)
    return f"{path} is what could be saved; the damaged one is kept as {broken}. Now: make run"


def _mark_as_recovered(saved: Path) -> None:
    """Write the record that is read at the next start: before the rename, so that no kill comes
    between the two.
    """
    with closing(sqlite3.connect(saved)) as db, db:
        _insert(db, "records", {"service": RECOVERED, "content": b""})


def _mark(folder: Path, facts: Facts) -> Mark:
    """Return the mark of the saved database, with the day that the folder's mark has."""
    since = f"{datetime.now(UTC):%Y-%m-%d}"
    try:
        before = folder_mark.read(folder)
    except ValueError:
        before = None
    return Mark(facts.identity, before.since if before else since, facts.committed)


def _has_a_home(table: str, row: Mapping[str, Any], homes: Homes) -> bool:
    return table not in homes or row[COLUMNS[table][0]] in homes[table]


def _as_bytes(db: sqlite3.Connection) -> sqlite3.Connection:
    db.text_factory = bytes
    return db


def _services(keys: Iterable[tuple[Any, ...]]) -> list[str]:
    """Return the services of records; damage may have left a name that is no text."""
    names = (key[0] for key in keys)
    return sorted(n.decode(errors="replace") if isinstance(n, bytes) else str(n) for n in names)


def _insert(db: sqlite3.Connection, table: str, row: Mapping[str, Any]) -> None:
    values = [row[name] for name in COLUMNS[table]]
    marks = ", ".join("?" * (len(values) + 1))
    sql = f"insert or ignore into {table} values ({marks})"  # noqa: S608
    db.execute(sql, [*values, checksum(values)])


def _count(db: sqlite3.Connection, table: str) -> int:
    return int(db.execute(f"select count(*) from {table}").fetchone()[0])  # noqa: S608
