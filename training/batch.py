"""Many applications at once, through the same artifact as one: the same logits to 1e-9."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from features import NOTHING_KNOWN, Rule, Table, derive_columns, joined_keys
from inference import Calibrated, Model
from quick_trees import QuickTrees, TooManyLeaves
from scorecard import Scorecard

Floats = npt.NDArray[np.float64]


class UnfitColumn(Exception):
    """A column does not hold what the model reads."""


def logits(model: Model, applications: pd.DataFrame) -> Floats:
    """Of each application, as predict_fn would find it. Raises UnfitColumn."""
    return logits_of_rows(model, derived(model, typed(model.inputs, applications)))


def logits_of_rows(model: Model, rows: pd.DataFrame) -> Floats:
    """Of rows that have their derived features."""
    evaluator = model.evaluator
    if isinstance(evaluator, Calibrated):
        raw = _raw(evaluator.raw, rows)
        return evaluator.slope * raw + evaluator.intercept
    return _raw(evaluator, rows)


def typed(inputs: Mapping[str, str], applications: pd.DataFrame) -> pd.DataFrame:
    """The model's inputs; a column that is not there is missing in every application."""
    columns = {}
    for name, kind in inputs.items():
        if name not in applications:
            columns[name] = pd.Series(None, index=applications.index, dtype=object)
        else:
            columns[name] = applications[name]
        columns[name] = _text(columns[name]) if kind == "text" else _number(columns[name])
    return pd.DataFrame(columns, index=applications.index)


def _text(column: pd.Series) -> pd.Series:
    """Categories: whatever a text means, it is looked up once a chunk."""
    if not isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype("category")
    if not all(isinstance(value, str) for value in column.cat.categories):
        raise UnfitColumn(f"{column.name} must be text in every row")
    return column


def _number(column: pd.Series) -> pd.Series:
    try:
        return pd.to_numeric(column).astype(float)
    except (ValueError, TypeError) as fault:
        raise UnfitColumn(f"{column.name} must be a number in every row: {fault}") from fault


def derived(model: Model, inputs: pd.DataFrame) -> pd.DataFrame:
    rows = inputs
    for name, rule in model.rules.items():
        rows[name] = _derived(name, rule, rows, model.tables)
    return rows


def _derived(name: str, rule: Rule, rows: pd.DataFrame, tables: Mapping[str, Table]) -> Any:
    if "ratio" in rule:
        return derive_columns(rows[rule["ratio"]], {name: rule})[name]
    if "prefix" in rule:
        return _looked_up(rows[rule["prefix"]], lambda code: code[: rule["length"]])
    first, *others = rule["peers"]
    if not others:
        return _looked_up(rows[first], lambda key: tables[name].get(key, NOTHING_KNOWN))
    return _pairs(rows, rule["peers"], tables[name])


def _looked_up(column: pd.Series, meaning: Callable[[str], Any]) -> pd.Series:
    """The meaning of each distinct text, spread over the rows; missing stays missing."""
    meanings = [meaning(value) for value in column.cat.categories]
    if meanings and isinstance(meanings[0], str):
        codes, kinds = pd.factorize(np.array(meanings, dtype=object))
        places = np.append(codes, -1)[column.cat.codes]
        return pd.Series(pd.Categorical.from_codes(places, categories=kinds), index=column.index)
    return pd.Series(np.append(np.array(meanings, float), np.nan)[column.cat.codes], column.index)


def _pairs(rows: pd.DataFrame, keys: list[str], table: Table) -> pd.Series:
    """As above, of the distinct combinations."""
    place = np.zeros(len(rows), dtype=np.int64)
    for key in keys:
        place = place * (len(rows[key].cat.categories) + 1) + rows[key].cat.codes.to_numpy() + 1
    _, first, inverse = np.unique(place, return_index=True, return_inverse=True)
    joined = joined_keys(rows[keys].iloc[first].astype(object), keys)
    known = joined.map(lambda key: table.get(key, NOTHING_KNOWN), na_action="ignore")
    return pd.Series(known.to_numpy(float)[inverse], index=rows.index)


def _raw(evaluator: Any, rows: pd.DataFrame) -> Floats:
    if isinstance(evaluator, Scorecard):
        return _scorecard(evaluator, rows)
    columns = [_encoded(rows[name], codes) for name, codes in evaluator.encoding]
    quick = _quick(evaluator)
    if quick is None:
        matrix = np.column_stack(columns)
        return evaluator.booster.predict(matrix, raw_score=True, num_threads=1)  # type: ignore[no-any-return]
    return quick.logits(columns)


@lru_cache(maxsize=8)
def _quick(evaluator: Any) -> QuickTrees | None:
    """Nothing if the trees are too large for it: LightGBM's own way is ten times slower."""
    sizes = [None if codes is None else len(codes) for _, codes in evaluator.encoding]
    try:
        return QuickTrees(evaluator.booster.model_to_string(), sizes)
    except TooManyLeaves:
        return None


def _encoded(column: pd.Series, codes: Mapping[str, int] | None) -> Floats:
    if codes is None:
        return column.to_numpy(float)
    known = column.astype("category").cat
    places = np.array([codes.get(value, np.nan) for value in known.categories] + [np.nan])
    return places[known.codes]


def _scorecard(card: Scorecard, rows: pd.DataFrame) -> Floats:
    total = np.full(len(rows), card.baseline)
    for name, splits, contributions, missing in card.numbers:
        values = rows[name].to_numpy()
        # NaN sorts after every split: the last place is its own.
        places = np.searchsorted([*splits, np.inf], values, side="left")
        total += np.array([*contributions, missing])[places]
    for name, categories, other, missing in card.categories:
        known = pd.Categorical(rows[name])
        logits = [categories.get(value, other) for value in known.categories]
        total += np.array([*logits, missing])[known.codes]
    return total
