"""A clock that can't be right stops a start, and nothing expires by it."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from localcloud.kept_state.recovery.clock import MOST_AHEAD, MOST_BEHIND, require_plausible
from localcloud.kept_state.sqlite.folder_mark import MARK
from localcloud.kept_state.state_faults import UnusableState
from tests.contract.kept_state.test_durability import reopened

WRITTEN = datetime(2026, 11, 30, 3, 2, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A folder whose last write was at a moment."""
    with reopened(tmp_path):
        pass
    os.utime(tmp_path / MARK, (WRITTEN.timestamp(), WRITTEN.timestamp()))
    return tmp_path


@pytest.mark.parametrize("passed", [-MOST_BEHIND, timedelta(0), MOST_AHEAD])
def test_a_clock_within_its_limits_is_taken(written: Path, passed: timedelta) -> None:
    require_plausible(written, WRITTEN + passed)


@pytest.mark.parametrize("passed", [-MOST_BEHIND - SECOND, MOST_AHEAD + SECOND])
def test_a_clock_beyond_them_is_told_with_the_next_command(
    written: Path, passed: timedelta
) -> None:
    with pytest.raises(UnusableState) as fault:
        require_plausible(written, WRITTEN + passed)

    assert "was last written at 2026-11-30T03:02Z" in str(fault.value)
    assert str(fault.value).endswith("make run CLOCK=right")


def test_a_new_folder_has_any_clock(tmp_path: Path) -> None:
    require_plausible(tmp_path / "new", WRITTEN)


def test_a_folder_that_is_none_is_left_to_who_opens_it(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    require_plausible(tmp_path / "file", WRITTEN)
