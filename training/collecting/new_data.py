"""Files of outcomes: of decisions made here, or loans decided elsewhere with what became of them.

A wrong row is reported by its number, never by its values; the other rows are taken.
"""

from collections.abc import Iterator

import pandas as pd

from training.collecting import csv_rows
from training.collecting.csv_rows import Wrong
from training.snapshots.labels import column_of
from training.snapshots.parquet_reading import read_parquet
from training.training_profile import Feature, TrainingProfile

OF_DECISIONS = ("clientId", "predictionId", "outcome", "when")
LONGEST_ID = 64
OUTCOMES = ("paid", "defaulted")


class Unreadable(Exception):
    pass


def read(name: str, body: bytes) -> tuple[pd.DataFrame, list[Wrong]]:
    """Read a CSV or Parquet file, and list its wrong rows. Raises Unreadable.

    Every value of a CSV is a text. The index is the row's number in the file less one.
    """
    try:
        if name.endswith(".parquet"):
            return read_parquet(body).reset_index(drop=True), []
        if name.endswith(".csv"):
            return csv_rows.read(body.decode("utf-8-sig"))
    except Exception as fault:  # whatever a file can do to its reader; never what it holds
        raise Unreadable(f"it can't be read: {_what(fault)}") from fault
    raise Unreadable("its name ends neither in .csv nor in .parquet")


def _what(fault: Exception) -> str:
    return str(fault) if isinstance(fault, csv_rows.NoTable) else type(fault).__name__


def is_of_decisions(frame: pd.DataFrame, bank: TrainingProfile) -> bool:
    """Return whether the rows are outcomes of decisions, else loans.

    Raises Unreadable for rows that are neither.
    """
    if set(OF_DECISIONS) <= set(frame.columns):
        return True
    needed = [bank.date, bank.outcome, *(f.name for f in bank.asked_for() if f.required)]
    if missing := [name for name in needed if name and name not in frame.columns]:
        raise Unreadable(
            f"it has neither the columns {', '.join(OF_DECISIONS)} nor those of a loan, "
            f"of which it lacks {', '.join(missing)}"
        )
    return False


def loans(
    frame: pd.DataFrame, bank: TrainingProfile, as_of: pd.Timestamp
) -> tuple[pd.DataFrame, list[Wrong]]:
    """Return the rows that are loans of this product, with their outcomes, and the wrong rows."""
    faults: dict[int, list[str]] = {}
    columns = {}
    for feature in bank.asked_for():
        raw = column_of(frame, feature.name)
        columns[feature.name] = raw if feature.is_text else pd.to_numeric(raw, errors="coerce")
        for mask, what in _feature_faults(raw, feature):
            _add(faults, mask, f"{feature.name} {what}")
    dates = {
        name: _dates(column_of(frame, name)) for name in (bank.date, bank.default_date) if name
    }
    for name, days in dates.items():
        _add(faults, column_of(frame, name).notna() & days.isna(), f"{name} must be a date")
        _add(faults, days > as_of, f"{name} must not be in the future")
    raw = column_of(frame, bank.outcome)
    outcome = pd.to_numeric(raw, errors="coerce").astype(float)
    _add(faults, raw.notna() & ~outcome.isin([0, 1]), f"{bank.outcome} must be 1, 0 or empty")
    rows = pd.DataFrame({**columns, **dates}, index=frame.index)
    rows = _with_outcomes(rows, outcome, bank)
    for mask, what in _contradictions(rows, outcome, bank):
        _add(faults, mask, what)
    wrong = [Wrong(row + 1, "; ".join(whats)) for row, whats in sorted(faults.items())]
    return rows.drop(index=list(faults)), wrong


def _with_outcomes(rows: pd.DataFrame, outcome: pd.Series, bank: TrainingProfile) -> pd.DataFrame:
    """Add each loan's outcome.

    A loan with a default date has defaulted. A loan without, and not bad, was paid.
    """
    never = pd.Series(pd.NaT, rows.index, dtype="datetime64[ns]")
    when = rows[bank.default_date] if bank.default_date else never
    reported = pd.Series(None, rows.index, dtype=object)
    reported[outcome == 0] = "paid"
    reported[(outcome == 1) | when.notna()] = "defaulted"
    return rows.assign(told=reported, toldWhen=when)


def _contradictions(
    rows: pd.DataFrame, outcome: pd.Series, bank: TrainingProfile
) -> Iterator[tuple[pd.Series, str]]:
    if not bank.date:
        return
    yield rows[bank.date].isna(), f"{bank.date} is required"
    if not bank.default_date:
        return
    months = bank.training.outcome_months
    date, when = rows[bank.date], rows[bank.default_date]
    late = when > date + pd.DateOffset(months=months)
    yield when < date, f"{bank.default_date} is before {bank.date}"
    yield (outcome == 1) & late, f"{bank.outcome} is 1, and the default came after {months} months"
    yield (
        (outcome == 0) & when.notna() & ~late,
        f"{bank.outcome} is 0, and the default came within {months} months",
    )


def _feature_faults(raw: pd.Series, feature: Feature) -> Iterator[tuple[pd.Series, str]]:
    there = raw.notna()
    if feature.required:
        yield ~there, "is required"
    if feature.is_text:
        text = raw.astype(str)
        if feature.values:
            yield there & ~text.isin(feature.values), f"must be one of {', '.join(feature.values)}"
        if feature.pattern:
            yield there & ~text.str.fullmatch(feature.pattern), f"must match {feature.pattern}"
        return
    number = pd.to_numeric(raw, errors="coerce")
    yield there & (number.isna() | number.isin([float("inf"), float("-inf")])), "must be a number"
    if feature.type == "integer":
        yield number % 1 != 0, "must be a whole number"
    if feature.minimum is not None:
        yield number < feature.minimum, f"must be {feature.minimum:.10g} or more"
    if feature.maximum is not None:
        yield number > feature.maximum, f"must be {feature.maximum:.10g} or less"


def outcomes(
    frame: pd.DataFrame, as_of: pd.Timestamp
) -> tuple[list[tuple[int, dict[str, str]]], list[Wrong]]:
    """Return the outcomes of decisions by the number of their row, and the wrong rows.

    A row is checked as POST …/outcome checks a body, except against the decision's day. A row that
    has `granted` keeps it among its fields.
    """
    faults: dict[int, list[str]] = {}
    texts = frame[[*OF_DECISIONS]].assign(granted=column_of(frame, "granted"))
    for name in ("clientId", "predictionId"):
        missing = texts[name].isna()
        long = ~texts[name].astype("string").str.len().between(1, LONGEST_ID)
        _add(faults, missing, f"{name} is required")
        _add(faults, ~missing & long, f"{name} must be 1 to {LONGEST_ID} characters")
    _add(faults, ~texts["outcome"].isin(OUTCOMES), f"outcome must be one of {', '.join(OUTCOMES)}")
    days = _dates(texts["when"])
    _add(faults, days.isna(), "when must be a day as 2026-05-31")
    _add(faults, days > as_of, "when must not be in the future")
    granted = _dates(texts["granted"])
    _add(faults, texts["granted"].notna() & granted.isna(), "granted must be a day as 2026-05-31")
    _add(faults, granted > days, "granted must not be after when")
    texts = texts.assign(when=_texts(days), granted=_texts(granted)).drop(index=list(faults))
    wrong = [Wrong(row + 1, "; ".join(whats)) for row, whats in sorted(faults.items())]
    taken = texts.astype(object).where(texts.notna(), None).map(str, na_action="ignore")
    return [
        (int(row) + 1, said) for row, said in zip(texts.index, _records(taken), strict=True)
    ], wrong


def _texts(days: pd.Series) -> pd.Series:
    return days.dt.strftime("%Y-%m-%d")


def _records(texts: pd.DataFrame) -> Iterator[dict[str, str]]:
    for row in texts.to_dict("records"):
        yield {name: value for name, value in row.items() if isinstance(value, str)}


def _dates(raw: pd.Series) -> pd.Series:
    if not pd.api.types.is_datetime64_any_dtype(raw):
        raw = pd.to_datetime(raw.astype("string"), errors="coerce", format="ISO8601", utc=True)
    if raw.dt.tz is not None:
        raw = raw.dt.tz_convert(None)
    return raw.dt.normalize().astype("datetime64[ns]")


def _add(faults: dict[int, list[str]], mask: pd.Series, what: str) -> None:
    for row in mask.index[mask.fillna(value=False).astype(bool)]:
        faults.setdefault(int(row), []).append(what)
