"""Sentences for a database that is damaged or gone: the fault, what is saved, the next command."""

import shutil
import sqlite3
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from localcloud.kept_state.recovery.saved import SAVED, Homes, Rows, save
from localcloud.kept_state.sqlite.database import FILE
from localcloud.kept_state.sqlite.layout import LAYOUT

SERVICES = {  # records have one row a service
    "buckets": "buckets made by requests",
    "executions": "executions of Step Functions",
    "parameters": "parameters of Systems Manager",
    "pools": "user pools of Cognito",
    "sagemaker": "models, endpoints and jobs of SageMaker",
    "sns": "subscriptions of SNS",
    "tables": "tables made by requests",
}
KINDS = {"items": "items of tables", "objects": "objects of buckets", "events": "events"}


def damaged(path: Path, fault: str) -> str:
    """Save what is whole, and return the sentence for a database with damage."""
    return _after_saving(path, f"{path} is damaged ({fault})", "can be read")


def newer(path: Path, layout: int) -> str:
    return (
        f"{path} was written by a newer version of this program: its layout is {layout}, and this "
        f"version reads 0 to {LAYOUT}. Nothing was changed. Start the newer version. If none was "
        "ever started here, put your newest copy of the whole folder back."
    )


def incomplete(path: Path, missing: int) -> str:
    """Save what is left, and return the sentence for a database that ends before the last answered
    write. `recover` keeps the database as it is, with its log.
    """
    fault = (
        f"{path} lacks the last {missing} transactions that were answered: its log "
        f"{path.name}-wal is damaged or cut short, or this is an older copy"
    )
    return _after_saving(path, f"{fault}. Any kind of state may be older than it was", "is left")


def homeless(path: Path, counts: Mapping[str, int], homes: Homes) -> str:
    """Save what has a home, and return the sentence for rows whose table or bucket is unknown.
    `counts`: how many rows each name has.
    """
    names = ", ".join(f"{name} ({count} rows)" for name, count in sorted(counts.items()))
    fault = (
        f"{path} has rows of tables or buckets that neither this version's template has nor "
        f"anybody made: {names}. Start the version that has them, or put your copy back"
    )
    return _after_saving(path, fault, "has its table", homes)


def without_rows(path: Path, since: str | None, traces: list[str]) -> str:
    """Return the sentence for a database without tables. Until its first checkpoint SQLite keeps
    every row in the log, and ignores all of the log if the first frame is damaged.
    """
    log = path.with_name(f"{FILE}-wal")
    fault = (
        f"{path} is empty: all rows were in its log {log.name}, which is damaged at its beginning"
        if log.exists() and log.stat().st_size
        else f"{path} is empty or gone, and so is its log {log.name}"
    )
    kept = f"since {since}" if since else f"as {' and '.join(traces)} of this folder show"
    return f"{fault}. A bank has been kept here {kept}. {_put_back_or(path)}"


def of_another_bank(path: Path, mark: Path) -> str:
    return (
        f"{path} is that of another bank than {mark} names: put the right one back, or, if this is "
        f"the one you want: rm {mark} && make run"
    )


def broken_mark(mark: Path) -> str:
    return f"{mark} is not as it was written. The database is whole; go on: rm {mark} && make run"


def locked(path: Path, holders: list[str]) -> str:
    """Return the sentence for a database that another process has locked."""
    who = f"process {' and process '.join(holders)}" if holders else "another process"
    return (
        f"{path} is locked by {who}: end its transaction, or stop it (a shell of SQLite, a backup, "
        "a viewer), then: make run. Nothing was changed."
    )


def unopened(path: Path, error: Exception) -> str:
    """Return the sentence for a database that the system does not open, as on a full disk."""
    free = shutil.disk_usage(path.parent).free / 1e6
    return (
        f"{path} can't be opened: {error}. Its disk has {free:.1f} MB free: make room if that is "
        "too little, then start again. Nothing was changed."
    )


def _after_saving(path: Path, fault: str, what: str, homes: Homes | None = None) -> str:
    saved = path.with_name(SAVED)
    try:
        rows = save(path, saved, homes)
    except (sqlite3.Error, OSError) as error:
        return (
            f"{fault}. What {what} could not be saved in {saved}: {error}. Make room, then start "
            "again. Nothing was changed."
        )
    if not _of_content(rows.saved):
        saved.unlink()
        return f"{fault}, and nothing in it can be read. {_put_back_or(path)}"
    return (
        f"{fault}. What {what} is saved in {saved}: {_kinds_saved(rows)}.{_kinds_lost(rows)} Put "
        "your newest copy of the whole folder back, or go on with what is saved: make recover run"
    )


def _kinds_saved(rows: Rows) -> str:
    counts = [f"{rows.saved[table]} {kind}" for table, kind in KINDS.items()]
    return ", ".join([*counts, *_named(rows.saved_services)])


def _kinds_lost(rows: Rows) -> str:
    """Return a sentence with the kinds of state that were there and are not saved; empty without
    any.
    """
    counts = [f"{rows.lost[table]} {kind}" for table, kind in KINDS.items() if rows.lost[table]]
    kinds = [*counts, *_named(rows.lost_services)]
    return f" Lost: {', '.join(kinds)}." if kinds else ""


def _named(services: list[str]) -> list[str]:
    return [SERVICES.get(name, f"a record named {name!r}") for name in services]


def _of_content(counts: Counter[str]) -> int:
    return sum(counts[table] for table in ("items", "objects", "records", "events"))


def _put_back_or(path: Path) -> str:
    """Return the two ways on from a database that can't be read; neither deletes anything."""
    folder, saved = path.parent, path.with_name(SAVED)
    aside = f"{folder}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S}"
    earlier = (
        f" go on with what was saved in {saved}: make recover run; or" if saved.exists() else ""
    )
    return (
        f"Nothing was changed. Put your copy of the whole folder back, or{earlier} keep this one "
        f"aside and begin anew: mv {folder} {aside} && make run"
    )
