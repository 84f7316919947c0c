"""The machine's clock beside the last write of a folder: what expires by it is deleted for good."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from localcloud.kept_state.sqlite.folder_mark import MARK
from localcloud.kept_state.state_faults import UnusableState

MOST_BEHIND, MOST_AHEAD = timedelta(minutes=5), timedelta(days=366)


def require_plausible(folder: Path, now: datetime) -> None:
    """Raise UnusableState if the clock is behind the folder's last write, or a year ahead of it.

    The mark beside the database is written at each commit.
    """
    try:
        written = datetime.fromtimestamp((folder / MARK).stat().st_mtime, UTC)
    except (FileNotFoundError, NotADirectoryError):  # the latter is told by who opens it
        return
    if -MOST_BEHIND <= now - written <= MOST_AHEAD:
        return
    raise UnusableState(
        f"The clock says {_minute(now)}, and {folder} was last written at {_minute(written)}. By a "
        "wrong clock decisions expire, and are deleted. Nothing was changed. Set the clock, then: "
        "make run. If it is right: make run CLOCK=right"
    )


def _minute(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")
