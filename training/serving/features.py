"""Derived features, for one application (plain dict) and for a table: the same results.

Loads nothing but the standard library: the endpoint imports it.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

Value = str | float | int | None
Rule = Mapping[str, Any]  # a feature's `derive` in the profile
Table = Mapping[str, float]  # peers' joined key -> value

NOTHING_KNOWN = 0.0  # like the portfolio, and no loan among the peers
ROUNDED = 1e-5  # the manifest's shares have six decimals


def derive(
    application: Mapping[str, Value], rules: Mapping[str, Rule], tables: Mapping[str, Table]
) -> dict[str, Value]:
    """Return the application with its derived features; None is a missing value."""
    row = dict(application)
    for name, rule in rules.items():
        if "ratio" in rule:
            over, under = rule["ratio"]
            row[name] = _ratio(row.get(over), row.get(under))
        elif "prefix" in rule:
            code = row.get(rule["prefix"])
            row[name] = None if code is None else code[: rule["length"]]  # type: ignore[index]
        else:
            row[name] = _peers(row, rule["peers"], tables[name])
    return row


def _ratio(over: Value, under: Value) -> float | None:
    if over is None or not under:
        return None
    return over / under  # type: ignore[operator]


def _peers(row: Mapping[str, Value], keys: list[str], table: Table) -> float | None:
    parts = [row.get(key) for key in keys]
    if None in parts:
        return None
    return table.get("|".join(parts), NOTHING_KNOWN)  # type: ignore[arg-type]


def usual(histogram: Mapping[str, Any]) -> Value:
    """Return the median of a number or the commonest text; None if no application had a value.

    `histogram` is the manifest's reference of one feature. A number's bins end at the deciles, so
    the median is the first edge that half of the known values do not exceed.
    """
    if "values" in histogram:
        commonest: list[str] = histogram["values"]
        return commonest[0] if commonest else None
    half = (1 - histogram["missing"]) / 2 - ROUNDED
    so_far = accumulate(histogram["shares"])
    reached = (
        edge for edge, share in zip(histogram["edges"], so_far, strict=False) if share >= half
    )
    return next(reached, None)


def direction(value: Value, middle: Value) -> str | None:
    """Return on which side of the usual a value lies; None if it is as usual, or nothing is known.

    >>> direction(3, 5.0), direction("TX", "CA"), direction(None, 5.0), direction(5, 5.0)
    ('BELOW', 'OTHER', 'MISSING', None)
    """
    if value is None:
        return "MISSING"
    if middle is None or value == middle:
        return None
    if isinstance(value, str) or isinstance(middle, str):
        return "OTHER"
    return "ABOVE" if value > middle else "BELOW"


def derive_columns(frame: pd.DataFrame, rules: Mapping[str, Rule]) -> pd.DataFrame:
    """Add the ratios and prefixes to a table.

    Peer features depend on a date and come from `peers`.
    """
    columns = dict(frame.items())
    for name, rule in rules.items():
        if "ratio" in rule:
            over, under = (columns[source] for source in rule["ratio"])
            columns[name] = over / under.where(under != 0)
        elif "prefix" in rule:
            columns[name] = columns[rule["prefix"]].str[: rule["length"]]
    return frame.assign(**{str(name): column for name, column in columns.items()})


def joined_keys(frame: pd.DataFrame, keys: list[str]) -> pd.Series:
    first, *others = (frame[key] for key in keys)
    return first.str.cat(others, sep="|") if others else first
