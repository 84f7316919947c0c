"""What is told of a snapshot's rows, and the label that follows from it once it has matured."""

import numpy as np
import pandas as pd
from product import Product
from snapshot import typed

# Beside the profile's columns; training does not read them. `row` is a decision's predictionId,
# or follows from what the row says; `told` is paid or defaulted; a row without it keeps its label.
OWN = ("row", "decision", "decidedOn", "told", "toldWhen")
DATES = ("decidedOn", "toldWhen")


def canonical(frame: pd.DataFrame, bank: Product) -> pd.DataFrame:
    """All columns that a part of a snapshot has, in their types; what is not there is missing."""
    dates = [name for name in (bank.date, bank.default_date) if name]
    texts = [name for name in OWN if name not in DATES]
    columns: dict[str, pd.Series] = {}
    for name in (*dates, *DATES):
        columns[name] = pd.to_datetime(_column(frame, name)).astype("datetime64[ns]")
    for feature in bank.asked_for():
        columns[feature.name] = typed(_column(frame, feature.name), feature)
    columns[bank.outcome] = pd.to_numeric(_column(frame, bank.outcome)).astype(float)
    for name in texts:
        column = _column(frame, name).astype(object)
        columns[name] = column.where(column.notna(), None)
    found = pd.DataFrame(columns, index=frame.index)
    if (unnamed := found["row"].isna()).any():
        found.loc[unnamed, "row"] = _names(found[unnamed], bank)
    return found


def _column(frame: pd.DataFrame, name: str) -> pd.Series:
    return frame[name] if name in frame.columns else pd.Series(None, frame.index, dtype=object)


def _names(rows: pd.DataFrame, bank: Product) -> pd.Series:
    """The same loan in another file has the same name; of equal rows the second has its own."""
    said = [name for name in (bank.date, *(f.name for f in bank.asked_for())) if name]
    codes = pd.util.hash_pandas_object(rows[said], index=False)
    return codes.map("{:016x}".format) + "." + codes.groupby(codes).cumcount().astype(str)


def updated(rows: pd.DataFrame, told: pd.DataFrame, bank: Product) -> pd.DataFrame:
    """Rows with what is told of them now; nothing told takes nothing back."""
    known = told[told["told"].notna()].drop_duplicates("row", keep="last").set_index("row")
    there = rows["row"].isin(known.index)
    rows = rows.copy()
    names = ["told", "toldWhen", *([bank.default_date] if bank.default_date else [])]
    for name in names:
        rows.loc[there, name] = rows.loc[there, "row"].map(known[name])
    return rows


def labelled(rows: pd.DataFrame, bank: Product, as_of: pd.Timestamp) -> pd.DataFrame:
    """1: defaulted within the months of the profile; 0: not, and they are over; else missing."""
    until = ends(rows, bank)
    known = rows["told"].notna()
    bad = (rows["told"] == "defaulted") & ~(rows["toldWhen"] > until)
    now = bad.astype(float).where(until.isna() | (until <= as_of), np.nan)
    return rows.assign(**{bank.outcome: now.where(known, rows[bank.outcome])})


def ends(rows: pd.DataFrame, bank: Product) -> pd.Series:
    """The last day on which a default counts."""
    basis = rows[bank.date] if bank.date else rows["decidedOn"]
    return basis + pd.DateOffset(months=bank.training.outcome_months)


def matures_next(rows: pd.DataFrame, bank: Product) -> pd.Timestamp:
    """When the first of those that are told and not labelled will be; NaT if there are none."""
    waiting = rows["told"].notna() & rows[bank.outcome].isna()
    return ends(rows[waiting], bank).min()
