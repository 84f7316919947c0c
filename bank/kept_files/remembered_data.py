"""The data that a bank learned from first: the register, or a file that its folder remembers."""

import os
from itertools import islice
from pathlib import Path

from rich.console import Console

from datasets import Case, Dataset, UnreadableData
from infrastructure.first_models import bring_models
from localcloud.kept_state.state_faults import require_file


class ForgottenData(Exception):
    """The file that an earlier run trained on can't be read any more."""


class NoSuchRow(Exception):
    """The data set has fewer rows."""


def remembered_dataset(folder: Path, console: Console) -> Dataset:
    """Return the bank's own file if DATA names one, now or in an earlier run; else the loan
    register. A file is remembered once it could be read. Raises UnreadableData, ForgottenData and
    UnusableState.
    """
    kept, given = folder / "data", os.environ.get("DATA")
    if given:
        dataset = bring_models.chosen_dataset(Path(given).resolve(), console)
        folder.mkdir(parents=True, exist_ok=True)
        kept.write_text(str(Path(given).resolve()), encoding="utf-8")
        return dataset
    require_file(kept)
    if not kept.exists():
        return bring_models.chosen_dataset(None, console)
    try:
        return bring_models.chosen_dataset(_path_in(kept), console)
    except (UnreadableData, ValueError, OSError) as fault:
        raise ForgottenData(
            f"{fault}\nAn earlier run trained on this file, and {kept} remembers it. Put it back, "
            "name another with DATA=applications.csv, or delete that note for the loan register."
        ) from fault


def _path_in(kept: Path) -> Path:
    if written := kept.read_text(encoding="utf-8").strip():
        return Path(written)
    raise UnreadableData(f"{kept} is empty.")


def shown_case(dataset: Dataset, row: int) -> Case:
    """Return an application that no model has seen. Raises NoSuchRow."""
    for case in islice(dataset.cases(), row, None):
        return case
    raise NoSuchRow(f"There is no row {row}: choose a smaller number, 0 or more.")
