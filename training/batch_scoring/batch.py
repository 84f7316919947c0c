"""Many applications at once, through the same artifacts as one: the same logits to 1e-9.

What models have in common, a column or how the peers of a lender have done, is found once for all.
"""

from collections.abc import Callable, KeysView, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from training.batch_scoring.columns import Coded, Floats, Peers, places
from training.batch_scoring.quick_trees import QuickTrees
from training.serving.inference import Calibrated, Model
from training.serving.scorecard import Scorecard
from training.serving.tree_text import ZERO
from training.serving.trees import Trees

Definition = tuple[Any, ...]  # what a column is: an input of a kind, or a rule over other columns
Column = Coded | Floats
Meaning = Callable[[Any], npt.NDArray[Any]]  # of each of some values


class UnfitColumn(Exception):
    """A column does not hold what the model reads."""


@dataclass(frozen=True)
class Reading:
    """The effect of a feature's values on a model: their share of the logit, or their ranks."""

    column: Definition
    meaning: Meaning
    missing: float
    known: npt.NDArray[Any] | None = None  # what peers mean, which no application changes

    def __call__(self, columns: "Columns") -> npt.NDArray[Any]:
        column = columns(self.column)
        if not isinstance(column, Coded):
            return self.meaning(column)
        if self.known is not None:
            return column.spread(self.known)
        return column.spread(np.append(self.meaning(column.values), self.missing))


class Columns:
    """The columns of a chunk of applications, each computed when it is first read."""

    def __init__(self, applications: pd.DataFrame, peers: Mapping[Definition, Peers]) -> None:
        self._applications = applications
        self._peers = peers
        self._computed: dict[Definition, Column] = {}

    def __call__(self, definition: Definition) -> Column:
        if definition not in self._computed:
            self._computed[definition] = self._find(*definition)
        return self._computed[definition]

    def _find(self, how: str, *parts: Any) -> Column:
        if how == "input":
            return _input(self._applications, *parts)
        if how == "ratio":
            over, under = map(self, parts)
            return _ratio(over, under)  # type: ignore[arg-type]
        if how == "prefix":
            source, length = parts
            return self(source).mapped(lambda code: code[:length])  # type: ignore[union-attr]
        return self._peers[how, *parts].find([self(key) for key in parts])  # type: ignore[misc]


class Batch:
    """Models by their names, which are all different."""

    def __init__(self, models: Sequence[Model]) -> None:
        self._peers = _peers(models)
        self._inputs = [("input", *one) for model in models for one in model.inputs.items()]
        self._seen = _seen(models)
        self._scorers = {model.name: _scorer(model, self._peers) for model in models}

    @property
    def names(self) -> KeysView[str]:
        return self._scorers.keys()

    def logits(self, applications: pd.DataFrame) -> dict[str, Floats]:
        """Return each model's logit of each application, as predict_fn does. Raises UnfitColumn."""
        columns = Columns(applications, self._peers)
        for each in self._inputs:  # those, too, that a model has found no use for
            columns(each)
        return {name: scorer(columns) for name, scorer in self._scorers.items()}

    def unseen(self, applications: pd.DataFrame) -> list[list[str]]:
        """Return, for each application, the features whose code is new to any of the models."""
        names: list[list[str]] = [[] for _ in range(len(applications))]
        columns = Columns(applications, self._peers)
        for name, codes in sorted(self._seen.items()):
            column: Any = columns(("input", name, "text"))
            is_new = [value not in codes for value in column.values]
            for row in np.flatnonzero(column.spread(np.array([*is_new, False]))):
                names[row].append(name)
        return names


def reading_derived(model: Model) -> Model:
    """Return the model for rows that bring their derived features as they were on their day."""
    evaluator = model.evaluator.raw if isinstance(model.evaluator, Calibrated) else model.evaluator
    if isinstance(evaluator, Scorecard):
        kinds = {name: "number" for name, *_ in evaluator.numbers}
        kinds |= {name: "text" for name, *_ in evaluator.categories}
    else:
        encoding = evaluator.encoding  # type: ignore[attr-defined]
        kinds = {name: "number" if codes is None else "text" for name, codes in encoding}
    return replace(model, inputs=kinds, rules={}, tables={})


def _seen(models: Sequence[Model]) -> dict[str, frozenset[str]]:
    """Return, for each feature, the codes that every model has seen that reads the feature."""
    seen_by_all: dict[str, frozenset[str]] = {}
    for model in models:
        for name, codes in model.seen.items():
            seen_by_all[name] = seen_by_all.get(name, codes) & codes
    return seen_by_all


def _definition(model: Model, name: str) -> Definition:
    rule = model.rules.get(name)
    if rule is None:
        return ("input", name, model.inputs[name])
    if "ratio" in rule:
        return ("ratio", *(_definition(model, source) for source in rule["ratio"]))
    if "prefix" in rule:
        return ("prefix", _definition(model, rule["prefix"]), rule["length"])
    return ("peers", *(_definition(model, key) for key in rule["peers"]))


def _peers(models: Sequence[Model]) -> dict[Definition, Peers]:
    tables: dict[Definition, list[Mapping[str, float]]] = {}
    for model in models:
        for name, table in model.tables.items():
            tables.setdefault(_definition(model, name), []).append(table)
    return {column: Peers(found, len(column) - 1) for column, found in tables.items()}


def _input(applications: pd.DataFrame, name: str, kind: str) -> Column:
    """Return a column of the input. A column that is absent is missing in every application."""
    if name not in applications:
        nothing = len(applications)
        return Coded([], np.full(nothing, -1)) if kind == "text" else np.full(nothing, np.nan)
    return _text(applications[name]) if kind == "text" else _number(applications[name])


def _text(column: pd.Series) -> Coded:
    if not isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype("category")
    values = column.cat.categories.tolist()
    if not all(isinstance(value, str) for value in values):
        raise UnfitColumn(f"{column.name} must be text in every row")
    return Coded(values, column.cat.codes.to_numpy().astype(np.intp))


def _number(column: pd.Series) -> Floats:
    try:
        numbers: Floats = pd.to_numeric(column).to_numpy(float)
    except (ValueError, TypeError) as fault:
        raise UnfitColumn(f"{column.name} must be a number in every row: {fault}") from fault
    return numbers


def _ratio(over: Floats, under: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(under != 0, over / under, np.nan)


def _scorer(model: Model, peers: Mapping[Definition, Peers]) -> Callable[[Columns], Floats]:
    evaluator: Any = model.evaluator
    slope, intercept = 1.0, 0.0
    if isinstance(evaluator, Calibrated):
        evaluator, slope, intercept = evaluator.raw, evaluator.slope, evaluator.intercept
    read = partial(_reading, model, peers)
    raw = _card(evaluator, read) if isinstance(evaluator, Scorecard) else _trees(evaluator, read)
    return lambda columns: slope * raw(columns) + intercept


def _reading(
    model: Model,
    peers: Mapping[Definition, Peers],
    name: str,
    meaning: Meaning,
    missing: float,
) -> Reading:
    column, known = _definition(model, name), None
    if name in model.tables:
        known = np.append(meaning(peers[column].values(model.tables[name])), missing)
    return Reading(column, meaning, missing, known)


def _card(card: Scorecard, read: Callable[..., Reading]) -> Callable[[Columns], Floats]:
    def by_bin(edges: Floats, logits: Floats, values: Floats) -> Floats:
        return logits.take(places(edges, values))

    def by_value(categories: Mapping[str, float], other: float, values: list[str]) -> Floats:
        return np.array([categories.get(value, other) for value in values], dtype=float)

    readings = [
        read(name, partial(by_bin, np.array(splits, float), np.array([*logits, missing])), missing)
        for name, splits, logits, missing in card.numbers
    ]
    readings += [
        read(name, partial(by_value, categories, other), missing)
        for name, categories, other, missing in card.categories
    ]

    def logits_of(columns: Columns) -> Floats:
        total: Any = card.baseline + sum(reading(columns) for reading in readings)
        return np.asarray(total)

    return logits_of


def _trees(evaluator: Trees, read: Callable[..., Reading]) -> Callable[[Columns], Floats]:
    quick, ranks = QuickTrees(evaluator.trees, evaluator.ranks), evaluator.ranks
    readings = [
        read(name, _ranker(np.array(ranks.edges[n]), codes, ranks.missing(n)), ranks.missing(n))
        for n, (name, codes) in enumerate(evaluator.encoding)
    ]
    return lambda columns: quick.logits([reading(columns) for reading in readings])


def _ranker(edges: Floats, codes: Mapping[str, int] | None, missing: int) -> Meaning:
    if codes is None:
        return lambda values: places(edges, np.where(np.abs(values) <= ZERO, 0.0, values))
    return lambda values: np.array([codes.get(value, missing) for value in values], dtype=np.intp)
