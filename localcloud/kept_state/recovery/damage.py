"""Damage to the kept state, seen at the start: nothing is begun anew over a bank that was here."""

import sqlite3
import uuid
from datetime import UTC, datetime
from pathlib import Path

from localcloud.kept_state.recovery import sentences
from localcloud.kept_state.recovery.locks import holders_of, is_lock
from localcloud.kept_state.recovery.reading import Facts, facts_of, fault_of, newer_layout
from localcloud.kept_state.sqlite import folder_mark
from localcloud.kept_state.sqlite.database import FILE, Storage
from localcloud.kept_state.sqlite.disk import Disk, NotStored, write_whole
from localcloud.kept_state.sqlite.folder_mark import MARK, Mark, MarkFile
from localcloud.kept_state.state_faults import (
    DamagedState,
    MissingState,
    UnusableState,
    require_file,
)

# A bank makes these after its database.
TRACES = ("api_key", "api_keys", "notices.jsonl", "training-logs", "people.json", f"{FILE}-wal")
LOGS = (f"{FILE}-wal", f"{FILE}-shm")  # SQLite's own, beside its database


def opened(folder: Path, disk: Disk) -> Storage:
    """Return the checked, marked database of a folder.

    Raises DamagedState, MissingState or UnusableState.
    """
    check(folder)
    path, storage = folder / FILE, None
    try:
        storage = Storage(path, disk)
        mark(folder, storage)
    except (sqlite3.Error, NotStored, OSError) as error:
        if storage:
            storage.close()
        if is_lock(error):
            raise UnusableState(sentences.locked(path, holders_of(path))) from error
        raise UnusableState(
            f"{folder} takes no writes: {error}. Make room on its disk and see that you may write "
            "there, then start again. What was answered before is there."
        ) from error
    return storage


def check(folder: Path) -> None:
    """Check a folder. Raises DamagedState, MissingState or UnusableState."""
    path, mark = folder / FILE, folder / MARK
    for file in (path, mark, *(folder / name for name in LOGS)):
        require_file(file)
    facts = _facts(path)
    try:
        known, broken = folder_mark.read(folder), False
    except ValueError:
        known, broken = None, True
    except OSError as error:
        raise UnusableState(f"{mark} can't be read: {error}. Nothing was changed.") from error
    if facts is None:
        _require_new(folder, known, mark)
    elif broken:
        raise UnusableState(sentences.broken_mark(mark))
    elif known:
        _require_same(path, mark, known, facts)


def mark(folder: Path, storage: Storage) -> None:
    """Write down which database this folder has, in the database and beside it. Proves that the
    disk takes writes. Raises NotStored or OSError.
    """
    with storage.transaction() as rows:
        found = storage.rows("select id from identity")
        identity = found[0][0] if found else uuid.uuid4().hex
        rows.put_identity(identity)
    known = folder_mark.read(folder)
    if known is None or known.committed is None or known.id != identity:
        since = known.since if known else f"{datetime.now(UTC):%Y-%m-%d}"
        known = Mark(identity, since, 0)
        write_whole(folder / MARK, known.text)
    storage.count_in(MarkFile(folder, known))


def _facts(path: Path) -> Facts | None:
    """Return the facts of the database; None without one. Raises DamagedState, UnusableState."""
    try:
        if path.exists() and path.stat().st_size and (fault := fault_of(path)):
            if layout := newer_layout(path):
                raise UnusableState(sentences.newer(path, layout))
            raise DamagedState(sentences.damaged(path, fault))
        return facts_of(path)
    except (sqlite3.Error, OSError) as error:
        if is_lock(error):
            raise UnusableState(sentences.locked(path, holders_of(path))) from error
        raise UnusableState(sentences.unopened(path, error)) from error


def _require_new(folder: Path, known: Mark | None, mark: Path) -> None:
    """Raise MissingState if a folder without a database shows that it had one."""
    traces = [name for name in TRACES if _has_content(folder / name)]
    if mark.exists() or traces:
        since = known.since if known else None
        named = [*traces, *([MARK] if mark.exists() else [])]
        raise MissingState(sentences.without_rows(folder / FILE, since, named))


def _require_same(path: Path, mark: Path, known: Mark, facts: Facts) -> None:
    if facts.identity and known.id != facts.identity:
        raise MissingState(sentences.of_another_bank(path, mark))
    if (missing := (known.committed or 0) - facts.committed) > 0:
        raise DamagedState(sentences.incomplete(path, missing))


def _has_content(path: Path) -> bool:
    if path.is_dir():
        return any(path.iterdir())
    return path.is_file() and path.stat().st_size > 0
