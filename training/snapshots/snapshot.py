"""A training snapshot: the rows a model learns from, is calibrated and judged on, and its peers."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.parquet
from sklearn.model_selection import train_test_split

from training.serving.features import derive_columns, joined_keys
from training.snapshots import peers
from training.snapshots.parquet_reading import read_parquet
from training.training_profile import Feature, Model, TrainingProfile

WITHHELD = "withheld"  # the column with the reason for which a row counts nowhere
DECISIONS = "decisions.parquet"  # what lies beside a snapshot's rows for the swap set
HOLDOUT_SHARE = 0.25  # of a snapshot without dates
DAYS_A_MONTH = 30.4375
CALIBRATION_SHARE = 0.2  # of its other rows
LEAST_OF_A_MONTH = 0.05  # of what is usual, for a month to be the last one


class InvalidSnapshot(Exception):
    pass


@dataclass(frozen=True)
class Part:
    """Applications of a period: what the model reads, what came of them, what is audited."""

    rows: pd.DataFrame
    outcomes: pd.Series
    ages: pd.Series  # in months, before the end of the snapshot; 0 without dates
    audit: pd.DataFrame  # the date, protected attributes and segments, as far as there are any
    window: dict[str, str]

    def followed_by(self, later: "Part") -> "Part":
        rows, outcomes, ages, audit = (
            pd.concat([getattr(self, name), getattr(later, name)], ignore_index=True)
            for name in ("rows", "outcomes", "ages", "audit")
        )
        ends = {"from": self.window.get("from"), "to": later.window.get("to")}
        window = {name: day for name, day in ends.items() if day}
        return Part(rows, outcomes, ages, audit, window)

    def weights(self, half_life_months: float | None) -> npt.NDArray[np.float64] | None:
        """Weight applications by age: half as much for each half-life, 1 on average."""
        if half_life_months is None:
            return None
        weights = 0.5 ** (self.ages.to_numpy() / half_life_months)
        result: npt.NDArray[np.float64] = weights / weights.mean()
        return result


@dataclass(frozen=True)
class Learning:
    """One after the other in time; what the holdout's applications brought; for the endpoint the
    peers' tables, and the codes that loans enough had to know something of them.
    """

    training: Part
    calibration: Part
    holdout: Part
    brought: pd.DataFrame
    tables: dict[str, dict[str, float]]
    seen: dict[str, list[str]]


def read(channel: Path, product: TrainingProfile, model: Model) -> pd.DataFrame:
    """Read the model's inputs and the snapshot's own columns, in the types of the profile."""
    files = sorted([*channel.glob("*.parquet"), *channel.glob("*.csv")])
    files = [file for file in files if file.name != DECISIONS]
    if not files:
        raise InvalidSnapshot(
            f"no *.parquet or *.csv in {channel}: the channel 'training' is empty"
        )
    own = [name for name in (product.date, product.default_date, product.outcome) if name]
    columns = own + [feature.name for feature in model.inputs]
    audited = [f for f in product.audited() if f.derive is None and f not in model.inputs]
    optional = [*(feature.name for feature in audited), WITHHELD]
    frames = (_counting(_read_file(file, columns, optional)) for file in files)
    typed_frames = [_typed_frame(f, (*model.inputs, *audited), own) for f in frames]
    return pd.concat(typed_frames, ignore_index=True)


def _counting(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that count anywhere: see counting.py."""
    if WITHHELD not in frame.columns:
        return frame
    return frame[frame[WITHHELD].isna()].drop(columns=WITHHELD)


def _typed_frame(
    frame: pd.DataFrame, features: tuple[Feature, ...], own: list[str]
) -> pd.DataFrame:
    for feature in features:
        if feature.name in frame.columns:
            frame[feature.name] = typed(frame[feature.name], feature)
    for name in own[:-1]:
        frame[name] = _dates(frame[name]).astype("datetime64[ns]")
    frame[own[-1]] = _outcomes(frame[own[-1]])
    return frame


def _read_file(file: Path, columns: list[str], optional: list[str]) -> pd.DataFrame:
    try:
        if file.suffix == ".parquet":
            there = pyarrow.parquet.read_schema(file).names
            return read_parquet(file, columns + [n for n in optional if n in there])
        read = partial(pd.read_csv, file, dtype=str, keep_default_na=False, na_values=[""])
        there = read(nrows=0).columns
        columns = columns + [n for n in optional if n in there]
        return read(usecols=columns)[columns]
    except (ValueError, OSError) as fault:
        needs = ", ".join(columns)
        raise InvalidSnapshot(f"{file.name} cannot be read: {fault}. It needs: {needs}") from fault


def typed(column: pd.Series, feature: Feature) -> pd.Series:
    if feature.is_text:
        text = column.astype(object)
        return text.where(text.notna(), None).map(str, na_action="ignore")
    try:
        return pd.to_numeric(column).astype(float)
    except (ValueError, TypeError) as fault:
        raise InvalidSnapshot(f"{feature.name} holds what is not a number: {fault}") from fault


def _dates(column: pd.Series) -> pd.Series:
    try:
        return pd.to_datetime(column)
    except (ValueError, TypeError) as fault:
        raise InvalidSnapshot(f"{column.name} holds what is not a date: {fault}") from fault


def _outcomes(column: pd.Series) -> pd.Series:
    outcomes = pd.to_numeric(column, errors="coerce").astype(float)
    if not outcomes.dropna().isin([0, 1]).all() or (outcomes.isna() & column.notna()).any():
        raise InvalidSnapshot(f"{column.name} must be 1, 0 or empty in every row")
    return outcomes


def prepare(frame: pd.DataFrame, product: TrainingProfile, model: Model) -> Learning:
    frame = derive_columns(frame, _derivations(frame, product, model))
    parts = _split(frame[frame[product.outcome].notna()], product)
    brought = frame.loc[parts[-1].index, [feature.name for feature in model.inputs]]
    for name, part in zip(
        ("to learn from", "to calibrate on", "in the holdout"), parts, strict=True
    ):
        if part[product.outcome].nunique() < 2:
            raise InvalidSnapshot(f"{len(part)} rows {name}, not both outcomes: widen the window")
    tables: dict[str, dict[str, float]] = {}
    if model.peers:
        parts, tables = _with_peers(frame, parts, product, model)
    end = None if product.date is None else last_day(frame[product.date])
    training, calibration, holdout = (_part(part, product, model, end) for part in parts)
    brought, seen = brought.reset_index(drop=True), _seen(frame, product, model)
    return Learning(training, calibration, holdout, brought, tables, seen)


def last_day(dates: pd.Series) -> pd.Timestamp:
    """Return the last day of the last month that has a usual number of loans.

    A few loans dated far from the others, by a slip or by a bank that lives in the past, would make
    all peers old.
    """
    months = dates.dt.to_period("M")
    counts = months.value_counts().sort_index()
    usual = counts.shift(1).rolling(12, min_periods=1).median()
    last = counts.index[usual.isna() | (counts >= LEAST_OF_A_MONTH * usual)].max()
    return dates[months == last].max()


def _seen(frame: pd.DataFrame, product: TrainingProfile, model: Model) -> dict[str, list[str]]:
    if product.date is not None:
        end = last_day(frame[product.date])
        months = pd.DateOffset(months=product.training.peer_months)
        frame = frame[frame[product.date].between(end - months, end)]
    codes = [feature.name for feature in model.inputs if feature.type == "code"]
    counts = {name: frame[name].value_counts() for name in codes}
    least = product.training.seen_loans
    return {name: sorted(found.index[found >= least]) for name, found in counts.items()}


def _derivations(
    frame: pd.DataFrame, product: TrainingProfile, model: Model
) -> dict[str, dict[str, Any]]:
    """Return the derivations of the model, and of segments whose sources are in the table."""
    audited = {
        f.name: f.derive for f in product.audited() if f.derive and {*f.sources} <= {*frame.columns}
    }
    return audited | model.derivations


def _part(
    rows: pd.DataFrame, product: TrainingProfile, model: Model, end: pd.Timestamp | None
) -> Part:
    ages = 0.0 if end is None else (end - rows[product.date]).dt.days / DAYS_A_MONTH
    audited = [product.date, *product.protected, *product.segments]
    return Part(
        rows=rows[[feature.name for feature in model.features]].reset_index(drop=True),
        outcomes=rows[product.outcome].astype(int).reset_index(drop=True),
        ages=pd.Series(ages, index=rows.index, dtype=float).reset_index(drop=True),
        audit=rows[[n for n in audited if n in rows.columns]].reset_index(drop=True),
        window=_range(rows, product),
    )


def _split(labelled: pd.DataFrame, product: TrainingProfile) -> tuple[pd.DataFrame, ...]:
    """Split the labelled rows into training, calibration and holdout."""
    if labelled.empty:
        raise InvalidSnapshot(f"no row has an outcome ({product.outcome} is empty everywhere)")
    if product.date is None:
        return _drawn(labelled, product)
    months = product.training
    dates = labelled[product.date]
    window = labelled[dates >= _months_back(dates, months.window_months)]
    calibration = _months_back(dates, months.holdout_months + months.calibration_months)
    holdout = _months_back(dates, months.holdout_months)
    at = window[product.date]
    return (
        window[at < calibration],
        window[at.between(calibration, holdout, "left")],
        window[at >= holdout],
    )


def _drawn(labelled: pd.DataFrame, product: TrainingProfile) -> tuple[pd.DataFrame, ...]:
    drawn = {"random_state": product.training.seed}
    try:
        rows, holdout = train_test_split(
            labelled, test_size=HOLDOUT_SHARE, stratify=labelled[product.outcome], **drawn
        )
        rows, calibration = train_test_split(
            rows, test_size=CALIBRATION_SHARE, stratify=rows[product.outcome], **drawn
        )
    except ValueError as fault:
        raise InvalidSnapshot(f"too few rows for a holdout: {fault}") from fault
    return rows, calibration, holdout


def _months_back(dates: pd.Series, months: int) -> pd.Timestamp:
    return last_day(dates) + pd.Timedelta(days=1) - pd.DateOffset(months=months)


def _with_peers(
    frame: pd.DataFrame, parts: tuple[pd.DataFrame, ...], product: TrainingProfile, model: Model
) -> tuple[tuple[pd.DataFrame, ...], dict[str, dict[str, float]]]:
    months = product.training
    history = peers.History(
        frame[product.date], frame[product.outcome], months.peer_months, months.outcome_months
    )
    known: dict[tuple[str, ...], tuple[pd.Series, pd.Index]] = {}
    last = last_day(frame[product.date])
    asked, tables = pd.concat(parts), {}
    for name, rule in model.peers.items():
        keys = tuple(rule["peers"])
        if keys not in known:
            known[keys] = _codes(frame, keys)
        codes, names = known[keys]
        measure = peers.MEASURES[rule.get("measure", "intensity")]
        intensities = peers.table(measure, history, codes, last)
        tables[name] = {names[int(code)]: value for code, value in intensities.items()}
        values = measure(history, codes, codes[asked.index], asked[product.date])
        asked = asked.assign(**{name: values})
    return tuple(asked.loc[part.index] for part in parts), tables


def _codes(frame: pd.DataFrame, keys: tuple[str, ...]) -> tuple[pd.Series, pd.Index]:
    """Return numbers for the joined keys, quicker than texts; NaN where a component is missing."""
    codes, names = pd.factorize(joined_keys(frame, [*keys]))
    return pd.Series(codes, frame.index, dtype=float).where(codes >= 0), names


def _range(rows: pd.DataFrame, product: TrainingProfile) -> dict[str, str]:
    if product.date is None:
        return {}
    dates = rows[product.date]
    return {"from": str(dates.min().date()), "to": str(dates.max().date())}
