"""Reported outcomes of a snapshot's rows, and the labels that follow once they have matured."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from chalicelib.decisions.outcome_rules import LIMITED, TRUSTED, trust_of
from training.snapshots.snapshot import typed
from training.training_profile import TrainingProfile

# Beside the profile's columns; training does not read them. `row` is a decision's predictionId,
# or a hash of the row's values. `told` is paid or defaulted; a row without it keeps its label.
# `source` reported it. `expected` is the probability of default when it was decided. `countedSince`
# is the day of the first snapshot with its label, `withheld` the reason why it counts nowhere,
# `released` the quarantine that a person released its label from: see counting.py.
OWN = (
    "row", "decision", "decidedOn", "told", "toldWhen", "source", "expected", "countedSince",
    "withheld", "released",
)  # fmt: skip
DATES = ("decidedOn", "toldWhen", "countedSince")
NUMBERS = ("expected",)


def canonical(frame: pd.DataFrame, bank: TrainingProfile) -> pd.DataFrame:
    """Return all columns that a part of a snapshot has, in their types; absent ones are missing."""
    dates = [name for name in (bank.date, bank.default_date) if name]
    texts = [name for name in OWN if name not in (*DATES, *NUMBERS)]
    columns: dict[str, pd.Series] = {}
    for name in (*dates, *DATES):
        columns[name] = pd.to_datetime(column_of(frame, name)).astype("datetime64[ns]")
    for feature in bank.asked_for():
        columns[feature.name] = typed(column_of(frame, feature.name), feature)
    for name in (bank.outcome, *NUMBERS):
        columns[name] = pd.to_numeric(column_of(frame, name)).astype(float)
    for name in texts:
        column = column_of(frame, name).astype(object)
        columns[name] = column.where(column.notna(), None)
    table = pd.DataFrame(columns, index=frame.index)
    if (unnamed := table["row"].isna()).any():
        table.loc[unnamed, "row"] = _names(table[unnamed], bank)
    return table


def column_of(frame: pd.DataFrame, name: str) -> pd.Series:
    """Return a column of the frame; missing values only if it has no such column."""
    return frame[name] if name in frame.columns else pd.Series(None, frame.index, dtype=object)


def _names(rows: pd.DataFrame, bank: TrainingProfile) -> pd.Series:
    """Name each loan by its values, so that it has the same name in another file.

    The second of two equal rows gets a name of its own.
    """
    said = [name for name in (bank.date, *(f.name for f in bank.asked_for())) if name]
    codes = pd.util.hash_pandas_object(rows[said], index=False)
    return codes.map("{:016x}".format) + "." + codes.groupby(codes).cumcount().astype(str)


def updated(rows: pd.DataFrame, reported: pd.DataFrame, bank: TrainingProfile) -> pd.DataFrame:
    """Update rows with the outcomes reported since.

    A report without an outcome changes nothing, and no source replaces the report of a source with
    more trust.
    """
    newest = reported[reported["told"].notna()].drop_duplicates("row", keep="last").set_index("row")
    rules = bank.outcomes.rules
    now, was = rows["row"].map(trust(newest["source"], rules)), trust(rows["source"], rules)
    there = rows["row"].isin(newest.index) & ~(now < was)
    rows = rows.copy()
    changed = there & (now > was)
    for name in ("told", "toldWhen", *([bank.default_date] if bank.default_date else [])):
        values = rows["row"].map(newest[name])
        differ = (rows[name] != values) & (rows[name].notna() | values.notna())
        changed |= there & differ
        rows.loc[there, name] = values[there]
    for name in ("source", "expected", "withheld"):
        rows.loc[changed, name] = rows.loc[changed, "row"].map(newest[name])
    return rows


def trust(sources: pd.Series, rules: Sequence[tuple[str, str]]) -> pd.Series:
    """Return the trust in each source: 2 trusted, 1 limited, 0 untrusted.

    A row without a source is the bank's own, from its first snapshot, and is trusted.
    """
    ranks = {TRUSTED: 2, LIMITED: 1}
    rank_of = {one: ranks.get(trust_of(one, rules), 0) for one in sources.dropna().unique()}
    return sources.map(rank_of).fillna(2).astype(int)


def labelled(rows: pd.DataFrame, bank: TrainingProfile, as_of: pd.Timestamp) -> pd.DataFrame:
    """Label rows: 1 defaulted within the profile's months, 0 not by their end, else missing."""
    until = ends(rows, bank)
    reported = rows["told"].notna()
    bad = (rows["told"] == "defaulted") & ~(rows["toldWhen"] > until)
    now = bad.astype(float).where(until.isna() | (until <= as_of), np.nan)
    return rows.assign(**{bank.outcome: now.where(reported, rows[bank.outcome])})


def ends(rows: pd.DataFrame, bank: TrainingProfile) -> pd.Series:
    """Return the last day on which a default counts."""
    basis = rows[bank.date] if bank.date else rows["decidedOn"]
    return basis + pd.DateOffset(months=bank.training.outcome_months)


def waiting(rows: pd.DataFrame, bank: TrainingProfile) -> pd.Series:
    """Flag reported outcomes that have not matured, unless withheld for another reason."""
    held = rows["withheld"].notna() & (rows["withheld"] != "waiting")
    return rows["told"].notna() & rows[bank.outcome].isna() & ~held


def matures_next(rows: pd.DataFrame, bank: TrainingProfile) -> pd.Timestamp:
    """Return the day on which the next reported outcome matures; NaT if there is none."""
    return ends(rows[waiting(rows, bank)], bank).min()
