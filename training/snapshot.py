"""A training snapshot: the rows a model learns from, the holdout, and the peers' history."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import peers
from features import derive_columns, joined_keys
from product import Feature, InvalidProfile, Model, Product
from sklearn.model_selection import train_test_split

HOLDOUT_SHARE = 0.25  # of a snapshot without dates


class InvalidSnapshot(Exception):
    pass


@dataclass(frozen=True)
class Learning:
    """Features and outcomes, apart from the holdout, and the peers' tables for the endpoint."""

    rows: pd.DataFrame
    outcomes: pd.Series
    holdout_rows: pd.DataFrame
    holdout_outcomes: pd.Series
    window: dict[str, str]
    holdout_window: dict[str, str]
    tables: dict[str, dict[str, float]]


def read(channel: Path, product: Product, model: Model) -> pd.DataFrame:
    """The model's inputs and the snapshot's own columns, in the types of the profile."""
    files = sorted([*channel.glob("*.parquet"), *channel.glob("*.csv")])
    if not files:
        raise InvalidSnapshot(
            f"no *.parquet or *.csv in {channel}: the channel 'training' is empty"
        )
    own = [name for name in (product.date, product.default_date, product.outcome) if name]
    columns = own + [feature.name for feature in model.inputs]
    frame = pd.concat([_read_file(file, columns) for file in files], ignore_index=True)
    for feature in model.inputs:
        frame[feature.name] = _typed(frame[feature.name], feature)
    for name in own[:-1]:
        frame[name] = _dates(frame[name])
    frame[product.outcome] = _outcomes(frame[product.outcome])
    return frame


def _read_file(file: Path, columns: list[str]) -> pd.DataFrame:
    try:
        if file.suffix == ".parquet":
            return pd.read_parquet(file, columns=columns)
        return pd.read_csv(file, usecols=columns, dtype=str, keep_default_na=False, na_values=[""])[
            columns
        ]
    except (ValueError, OSError) as fault:
        needs = ", ".join(columns)
        raise InvalidSnapshot(f"{file.name} cannot be read: {fault}. It needs: {needs}") from fault


def _typed(column: pd.Series, feature: Feature) -> pd.Series:
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


def prepare(frame: pd.DataFrame, product: Product, model: Model) -> Learning:
    frame = derive_columns(frame, model.derivations)
    labelled = frame[frame[product.outcome].notna()]
    rows, holdout = _split(labelled, product)
    for name, part in (("to learn from", rows), ("in the holdout", holdout)):
        if part[product.outcome].nunique() < 2:
            raise InvalidSnapshot(f"{len(part)} rows {name}, not both outcomes: widen the window")
    tables: dict[str, dict[str, float]] = {}
    if model.peers:
        rows, holdout, tables = _with_peers(frame, rows, holdout, product, model)
    names = [feature.name for feature in model.features]
    return Learning(
        rows=rows[names].reset_index(drop=True),
        outcomes=rows[product.outcome].astype(int).reset_index(drop=True),
        holdout_rows=holdout[names].reset_index(drop=True),
        holdout_outcomes=holdout[product.outcome].astype(int).reset_index(drop=True),
        window=_range(rows, product),
        holdout_window=_range(holdout, product),
        tables=tables,
    )


def _split(labelled: pd.DataFrame, product: Product) -> tuple[pd.DataFrame, pd.DataFrame]:
    if labelled.empty:
        raise InvalidSnapshot(f"no row has an outcome ({product.outcome} is empty everywhere)")
    if product.date is None:
        try:
            return train_test_split(  # type: ignore[return-value]
                labelled,
                test_size=HOLDOUT_SHARE,
                random_state=product.training.seed,
                stratify=labelled[product.outcome],
            )
        except ValueError as fault:
            raise InvalidSnapshot(f"too few rows for a holdout: {fault}") from fault
    dates = labelled[product.date]
    window = labelled[dates >= _months_back(dates, product.training.window_months)]
    in_holdout = window[product.date] >= _months_back(dates, product.training.holdout_months)
    return window[~in_holdout], window[in_holdout]


def _months_back(dates: pd.Series, months: int | None) -> pd.Timestamp:
    if months is None:
        raise InvalidProfile("[training] needs window_months and holdout_months")
    return dates.max() + pd.Timedelta(days=1) - pd.DateOffset(months=months)


def _with_peers(
    frame: pd.DataFrame,
    rows: pd.DataFrame,
    holdout: pd.DataFrame,
    product: Product,
    model: Model,
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, dict[str, float]]]:
    months = product.training.peer_months, product.training.peer_default_months
    if None in months or product.date is None or product.default_date is None:
        raise InvalidProfile(
            "peers need [training] peer_months and peer_default_months and [snapshot] default_date"
        )
    windows = peers.Windows(*months)  # type: ignore[arg-type]
    history = peers.History(frame[product.date], frame[product.default_date])
    tables = {}
    for name, keys in model.peers.items():
        known = joined_keys(frame, keys)
        tables[name] = peers.table(history, known, windows, frame[product.date].max())
        rows, holdout = (
            part.assign(
                **{
                    name: peers.intensity(
                        history, known, windows, known[part.index], part[product.date]
                    )
                }
            )
            for part in (rows, holdout)
        )
    return rows, holdout, tables


def _range(rows: pd.DataFrame, product: Product) -> dict[str, str]:
    if product.date is None:
        return {}
    dates = rows[product.date]
    return {"from": str(dates.min().date()), "to": str(dates.max().date())}
