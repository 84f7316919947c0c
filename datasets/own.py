"""A bank's own data: one CSV or Parquet file with the columns that credit.toml names.

The newest twentieth of the rows (the last ones, if the profile has no dates) is kept from the
models, so that there are applications that no model has seen.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from datasets import Case, Dataset, UnreadableData
from training import training_profile
from training.snapshots.parquet_reading import read_parquet
from training.training_profile import Feature, TrainingProfile

UNSEEN_SHARE = 0.05
NAME_ANOTHER = "Name a file of applications: DATA=applications.csv, or .parquet"


def dataset(path: Path, profile: Path) -> Dataset:
    bank = training_profile.read(profile)
    rows = _read(path, bank)
    if bank.date:
        rows = rows.sort_values(bank.date, kind="stable")
    unseen = max(1, round(len(rows) * UNSEEN_SHARE))
    return Dataset(
        name=path.stem,
        snapshot=lambda: rows[:-unseen],
        cases=lambda: _cases(rows[-unseen:], bank),
        later=lambda first, last: _later(rows[-unseen:], bank, first, last),
    )


def _later(
    unseen: pd.DataFrame, bank: TrainingProfile, first: pd.Timestamp, last: pd.Timestamp
) -> pd.DataFrame:
    known = unseen[unseen[bank.outcome].notna()]
    return known[pd.to_datetime(known[bank.date]).between(first, last)] if bank.date else known


def _read(path: Path, bank: TrainingProfile) -> pd.DataFrame:
    if path.exists() and not (path.is_file() or path.is_dir()):  # reading it may never end
        raise UnreadableData(f"{path} is a pipe or a device, and not a file. {NAME_ANOTHER}")
    try:
        if path.suffix == ".parquet":
            rows = read_parquet(path)
        else:
            rows = pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""])
    except OSError as fault:
        reason = fault.strerror or str(fault)
        raise UnreadableData(f"{path} can't be read: {reason}. {NAME_ANOTHER}") from fault
    except ValueError as fault:
        reason = " ".join(str(fault).split())
        raise UnreadableData(
            f"{path} can't be read as CSV or Parquet: {reason}. {NAME_ANOTHER}"
        ) from fault
    asked_for = [name for name, feature in bank.features.items() if feature.derive is None]
    needed = [n for n in (bank.date, bank.default_date, bank.outcome, *asked_for) if n]
    if missing := sorted(set(needed) - set(rows.columns)):
        raise UnreadableData(f"{path} has no column {', '.join(missing)}, which credit.toml names.")
    return rows[needed]


def _cases(rows: pd.DataFrame, bank: TrainingProfile) -> Iterator[Case]:
    for position, row in zip(rows.index, rows.to_dict("records"), strict=True):
        outcome = row[bank.outcome]
        yield {
            "clientId": f"row-{position}",
            "application": {
                name: _value(row[name], feature)
                for name, feature in bank.features.items()
                if feature.derive is None and not pd.isna(row[name])
            },
            "defaulted": None if pd.isna(outcome) else bool(int(outcome)),
            "default_days": _default_days(row, bank),
        }


def _default_days(row: dict[str, Any], bank: TrainingProfile) -> int | None:
    if not bank.date or not bank.default_date or pd.isna(row[bank.default_date]):
        return None
    return int((pd.Timestamp(row[bank.default_date]) - pd.Timestamp(row[bank.date])).days)


def _value(value: Any, feature: Feature) -> Any:
    if feature.is_text:
        return str(value)
    return int(float(value)) if feature.type == "integer" else float(value)
