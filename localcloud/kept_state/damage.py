"""Damage to the kept state: seen at the start, told in a sentence, and what is whole is saved."""

import os
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from localcloud.kept_state import folder_mark
from localcloud.kept_state.database import CONTENT, FILE, SCHEMA, Storage, checksum
from localcloud.kept_state.folder_mark import MARK, Mark, MarkFile

SAVED = FILE + ".saved"
_KEYS = {"items": ('"table"', "key"), "objects": ("bucket", "key"), "records": ("service",),
         "events": ("id",)}  # fmt: skip
_SMALL = ("written_by", "identity", "committed")
_BLOBS = ("versions", "content", "payload")
_DAMAGE = ("SQLITE_CORRUPT", "SQLITE_NOTADB")


class StateFault(Exception):
    """Kept state that the bank does not go on with; the message says what to do."""


class DamagedState(StateFault):
    """A database that can't be read, or not all of it."""


class MissingState(StateFault):
    """No database where one was."""


class UnusableState(StateFault):
    """A file or folder of another kind, or that can't be written."""


@contextmanager
def usable() -> Iterator[None]:
    """Raise UnusableState, in a sentence, for a file or folder that is not as it should be."""
    try:
        yield
    except OSError as error:
        raise UnusableState(
            f"{error.filename} can't be used: {error.strerror}. Move away what is there, make room "
            "or see that you may write there; then start again."
        ) from error


def require_file(path: Path) -> None:
    """Raise UnusableState for what is there and no file. Reading a pipe would never end, and a
    link to a disk that is not mounted would be taken for a file that is not there yet.
    """
    if path.is_file() or not os.path.lexists(path):
        return
    kind = "a folder" if path.is_dir() else "a pipe or a device"
    if not path.exists():
        kind = f"a link to {path.readlink()}, which does not exist"
    raise UnusableState(f"{path} is {kind}, and not a file. Move it away, then start again.")


def check(folder: Path) -> None:
    """Check a kept state. Raises DamagedState, MissingState or UnusableState."""
    path, mark = folder / FILE, folder / MARK
    require_file(path)
    require_file(mark)
    identity, committed = None, 0
    try:
        if path.exists() and path.stat().st_size:
            if fault := fault_of(path):
                raise DamagedState(_told(path, fault))
            identity, committed = _identity(path), _committed(path)
        known = folder_mark.read(folder)
    except (sqlite3.Error, OSError) as error:
        raise UnusableState(f"{path} can't be opened: {error}. Nothing was changed.") from error
    except ValueError as error:
        raise UnusableState(f"{mark} is not as it was written: delete it, then start.") from error
    if known and identity is None:
        raise MissingState(_without_rows(path, known.since))
    if known and identity and known.id != identity:
        raise MissingState(
            f"{path} is that of another bank than {mark} names: put the right one back, or, if "
            f"this is the one you want, delete {mark} and start again."
        )
    if known and (missing := (known.committed or 0) - committed) > 0:
        raise DamagedState(_incomplete(path, missing))


def mark(folder: Path, storage: Storage) -> None:
    """Write down which database this folder has, in the database and beside it. Proves that the
    disk takes writes. Raises NotStored or OSError.
    """
    with storage.transaction() as rows:
        found = storage.rows("select id from identity")
        identity = found[0][0] if found else uuid.uuid4().hex
        rows.execute("delete from identity", [])
        rows.execute("insert into identity values (?)", [identity])
    known = folder_mark.read(folder)
    if known is None or known.committed is None or known.id != identity:
        since = known.since if known else f"{datetime.now(UTC):%Y-%m-%d}"
        known = Mark(identity, since, 0)
        write_whole(folder / MARK, known.text)
    storage.count_in(MarkFile(folder, known))


def write_whole(path: Path, text: str) -> None:
    """Replace a file by another, on disk at the end: either is whole."""
    new = path.with_name(path.name + ".new")
    with new.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def fault_of(path: Path) -> str:
    """Return the fault of a database; empty if it is whole. SQLite checks its pages, and our
    checksums check the content of each row.
    """
    try:
        with closing(_read_only(path)) as db:
            found = db.execute("pragma quick_check(1)").fetchone()[0].decode(errors="replace")
            if found != "ok":
                return str(found.splitlines()[-1])
            wrong = sum(not _is_whole(row, t) for t in CONTENT for row in _rows(db, t))
            return f"{wrong} rows are not as they were written" if wrong else ""
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorname", "").startswith(_DAMAGE):
            return str(error)
        raise


def save(path: Path, saved: Path) -> dict[str, int]:
    """Copy every row that can be read and is as it was written into a new database. Returns how
    many, by table. Raises sqlite3.Error if there is no room for them.
    """
    saved.unlink(missing_ok=True)
    with closing(sqlite3.connect(saved)) as new, closing(_read_only(path)) as old:
        new.executescript(SCHEMA)
        for table in (*CONTENT, *_SMALL):
            for row in _readable(old, table):
                names, marks = ", ".join(f'"{name}"' for name in row), ", ".join("?" * len(row))
                sql = f"insert or ignore into {table} ({names}) values ({marks})"  # noqa: S608
                new.execute(sql, list(row.values()))
        new.commit()
        return {t: new.execute(f"select count(*) from {t}").fetchone()[0] for t in CONTENT}  # noqa: S608


def recover(folder: Path) -> str:
    """Replace the damaged database with what was saved of it, and keep it beside. Return what was
    done.
    """
    path, saved = folder / FILE, folder / SAVED
    if not saved.exists():
        raise MissingState(f"There is nothing to recover: {saved} does not exist.")
    broken = path.with_name(f"{FILE}.broken-{datetime.now(UTC):%Y%m%dT%H%M%S}")
    for suffix in ("-wal", "-shm", ""):
        if (part := path.with_name(FILE + suffix)).exists():
            part.rename(broken.with_name(broken.name + suffix))
    saved.rename(path)
    (folder / MARK).unlink(missing_ok=True)
    return f"{path} is what could be saved; the damaged one is kept as {broken}. Now: make run"


def _told(path: Path, fault: str) -> str:
    saved = path.with_name(SAVED)
    try:
        counts = save(path, saved)
    except (sqlite3.Error, OSError) as error:
        return (
            f"{path} is damaged ({fault}), and what can be read could not be saved in {saved}: "
            f"{error}. Make room, then start again. Nothing was changed."
        )
    if not sum(counts.values()):
        return f"{path} is damaged ({fault}) and nothing in it can be read. {_put_back_or(path)}"
    rows = f"{counts['items']} items of tables, {counts['objects']} objects of buckets"
    return (
        f"{path} is damaged ({fault}). What can be read is saved in {saved}: {rows}; the rest is "
        "lost. Put your copy of the whole back, or go on with what is saved: make recover run"
    )


def _without_rows(path: Path, since: str) -> str:
    """Return the sentence for a database without tables. Until its first checkpoint SQLite keeps
    every row in the log, and ignores all of the log if the first frame is damaged.
    """
    log = path.with_name(f"{FILE}-wal")
    fault = (
        f"{path} is empty: all rows were in its log {log.name}, which is damaged at its beginning"
        if log.exists() and log.stat().st_size
        else f"{path} is empty or gone, and so is its log {log.name}"
    )
    return f"{fault}. A bank has been kept here since {since}. {_put_back_or(path)}"


def _put_back_or(path: Path) -> str:
    """Return the two ways on from a database that can't be read; neither deletes anything."""
    folder = path.parent
    aside = f"{folder}.damaged-{datetime.now(UTC):%Y%m%d}"
    return (
        "Nothing was changed. Put your copy of the whole folder back, or keep this one aside and "
        f"begin anew: mv {folder} {aside} && make run"
    )


def _incomplete(path: Path, missing: int) -> str:
    """Return the sentence for a database that ends before the last answered write. Save its rows,
    so that `recover` keeps the database as it is, with its log.
    """
    saved = path.with_name(SAVED)
    fault = (
        f"{path} lacks the last {missing} transactions that were answered: its log "
        f"{path.name}-wal is damaged or cut short, or this is an older copy"
    )
    try:
        counts = save(path, saved)
    except (sqlite3.Error, OSError) as error:
        return (
            f"{fault}. What is left could not be saved in {saved}: {error}. Make room, then start "
            "again. Nothing was changed."
        )
    rows = f"{counts['items']} items of tables, {counts['objects']} objects of buckets"
    return (
        f"{fault}. What is left is saved in {saved}: {rows}. Put your newest copy of the whole "
        "folder back, or go on with what is left: make recover run"
    )


def _read_only(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    db.text_factory = bytes  # a broken byte in a text is no text
    return db


def _identity(path: Path) -> str | None:
    """Return the database's identity; a fixed name if it is older than identities; None if it is
    empty.
    """
    with closing(_read_only(path)) as db:
        tables = {row[0].decode() for row in db.execute("select name from sqlite_master")}
        if "items" not in tables:
            return None
        found = db.execute("select id from identity").fetchone() if "identity" in tables else None
        return found[0].decode() if found else ""


def _committed(path: Path) -> int:
    """Return how many transactions the database has; 0 for one that did not count them."""
    with closing(_read_only(path)) as db:
        tables = {row[0].decode() for row in db.execute("select name from sqlite_master")}
        if "committed" not in tables:
            return 0
        counted = db.execute("select transactions from committed").fetchone()
        return int(counted[0]) if counted else 0


def _rows(db: sqlite3.Connection, table: str, order: str = "") -> Iterator[dict[str, Any]]:
    """Yield each row by column. Raises sqlite3.DatabaseError where it is damaged."""
    columns = [row[1].decode() for row in db.execute(f"pragma table_info({table})")]
    if columns:
        for row in db.execute(f"select * from {table} {order}"):  # noqa: S608
            yield dict(zip(columns, row, strict=True))


def _is_whole(row: dict[str, Any], table: str) -> bool:
    """Return whether a row's checksum fits; rows older than checksums are accepted."""
    return row.get("crc") is None or row["crc"] == checksum(row[CONTENT[table]] or b"")


def _readable(db: sqlite3.Connection, table: str) -> Iterator[dict[str, Any]]:
    """Yield the readable rows, from the front to the damage, then from the back to it."""
    keys = _KEYS.get(table, ())
    ways = ("asc", "desc") if keys else ()
    for order in ("", *(f"order by {', '.join(f'{key} {way}' for key in keys)}" for way in ways)):
        try:
            for row in _rows(db, table, order):
                if table in _SMALL or _is_whole(row, table):
                    yield {name: _as_it_was(name, value) for name, value in row.items()}
        except sqlite3.DatabaseError:
            continue


def _as_it_was(column: str, value: Any) -> Any:
    """Return a value as text or bytes, as it was written."""
    if isinstance(value, bytes) and column not in _BLOBS:
        return value.decode("utf-8", errors="replace")
    return value
