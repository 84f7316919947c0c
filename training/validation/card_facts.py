"""Facts of a model card: performance, population, stability, proxies of protected attributes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.metrics import roc_auc_score, roc_curve

from training.fitting import fit_scorecard
from training.fitting.calibration import probability
from training.snapshots.snapshot import Learning, Part
from training.training_profile import Feature, Model, TrainingProfile
from training.validation import measures

Floats = npt.NDArray[np.float64]
Logits = Callable[[pd.DataFrame], Floats]
Facts = dict[str, Any]
Features = tuple[Feature, ...]

GROUPS = 12  # values of a segment, the commonest
FEWEST = 20  # of good and of bad loans, for an AUC that means something
STEPS = 9  # of a feature, between its deciles, where its direction is checked
CHECKED = 200  # applications
CURVE = np.linspace(0, 1, 51)
DECIMALS = 4


@dataclass(frozen=True)
class Period:
    part: Part
    logits: Floats

    @property
    def probabilities(self) -> Floats:
        return probability(self.logits)


@dataclass(frozen=True)
class Judged:
    logits: Logits
    training: Period
    calibration: Period
    holdout: Period


def judge(learning: Learning, logits: Logits) -> Judged:
    parts = (learning.training, learning.calibration, learning.holdout)
    return Judged(logits, *(Period(part, logits(part.rows)) for part in parts))


def facts(bank: TrainingProfile, model: Model, judged: Judged, manifest: dict[str, Any]) -> Facts:
    holdout = judged.holdout
    read = tuple(feature for feature in model.features if _is_read(feature, model, judged))
    copied = (
        "model", "method", "version", "snapshot", "window", "rows", "bads", "calibration",
        "holdout", "metrics",
    )  # fmt: skip
    return {
        **{name: manifest[name] for name in copied},
        "intervals": manifest.get("intervals", {}),  # older artifacts have none
        "outcomeMonths": bank.training.outcome_months,
        "approveFrom": bank.scale.approve_from,
        "features": [
            _feature(feature, judged) | {"read": feature in read} for feature in model.features
        ],
        "limits": bank.limits_of(model),
        "inventory": bank.inventory_of(model),
        "psi": _number(measures.stability(judged.training.logits, holdout.logits)),
        "vintages": list(_vintages(bank, judged)),
        "groups": {name: list(_groups(name, bank, judged)) for name in _grouped(bank, holdout)},
        "protected": [name for name in bank.protected if name in holdout.part.audit],
        "proxies": list(_proxies(bank, read, judged)),
        "monotone": [_direction(f, judged) for f in model.features if f.monotone],
        "roc": _roc(holdout),
        "reliability": _reliability(holdout),
        "scores": _scores(bank, judged),
    }


def _feature(feature: Feature, judged: Judged) -> Facts:
    then, now = (period.part.rows[feature.name] for period in (judged.training, judged.holdout))
    return {
        "name": feature.name,
        "monotone": feature.monotone,
        "csi": _number(measures.stability(then, now)),
    }


def _is_read(feature: Feature, model: Model, judged: Judged) -> bool:
    """Return whether the model reads the feature.

    A scorecard drops a feature whose coefficient has the wrong sign. A scorecard is a sum, so the
    contributions of one application for each value show whether the feature is in it.
    """
    if model.method != "scorecard":
        return True
    learnt = judged.training.part.rows
    values = learnt[feature.name].drop_duplicates().to_numpy()
    rows = learnt.iloc[[0] * len(values)].reset_index(drop=True)
    return bool(np.ptp(judged.logits(rows.assign(**{feature.name: values}))) > 0)


def _vintages(bank: TrainingProfile, judged: Judged) -> Iterator[Facts]:
    if bank.date is None:
        return
    for name in ("training", "calibration", "holdout"):
        period: Period = getattr(judged, name)
        quarters = period.part.audit[bank.date].dt.to_period("Q").astype(str)
        for quarter in sorted(quarters.unique()):
            yield {"vintage": quarter, "part": name} | _shown(bank, period, quarters == quarter)


def _grouped(bank: TrainingProfile, period: Period) -> list[str]:
    return [n for n in (*bank.protected, *bank.segments) if n in period.part.audit]


def _groups(name: str, bank: TrainingProfile, judged: Judged) -> Iterator[Facts]:
    values = _values(name, bank, judged.holdout, judged)
    for value in values.value_counts().index[:GROUPS]:
        yield {"value": value} | _shown(bank, judged.holdout, values == value)


def _values(name: str, bank: TrainingProfile, period: Period, judged: Judged) -> pd.Series:
    """Return a text feature's values; of a number, the side of the training's median."""
    column = period.part.audit[name]
    if bank.features[name].is_text:
        return column.fillna("missing")
    middle = judged.training.part.audit[name].median()
    sides = pd.Series(np.where(column > middle, f"above {middle:g}", f"to {middle:g}"))
    return sides.where(column.notna(), "missing")


def _shown(bank: TrainingProfile, period: Period, chosen: pd.Series) -> Facts:
    bad, logits = period.part.outcomes[chosen], period.logits[chosen]
    is_enough = FEWEST <= bad.sum() <= len(bad) - FEWEST
    return {
        "rows": len(bad),
        "bads": int(bad.sum()),
        "share": _number(len(bad) / len(chosen)),
        "observed": _number(bad.mean()),
        "expected": _number(probability(logits).mean()),
        "approved": _number((bank.scale.points(logits) >= bank.scale.approve_from).mean()),
        "auc": _number(roc_auc_score(bad, logits)) if is_enough else None,
    }


def _proxies(bank: TrainingProfile, read: Features, judged: Judged) -> Iterator[Facts]:
    """Yield how well a scorecard of the model's features predicts each protected attribute."""
    for name in bank.protected:
        if name not in judged.training.part.audit:
            continue
        values = _values(name, bank, judged.training, judged)
        asked = _values(name, bank, judged.holdout, judged)
        for value in values.value_counts().index[:GROUPS]:
            auc = _told_apart(judged, read, values == value, asked == value)
            yield {"attribute": name, "value": value, "auc": auc}


def _told_apart(
    judged: Judged, read: Features, in_training: pd.Series, in_holdout: pd.Series
) -> float | None:
    if in_training.nunique() < 2 or in_holdout.nunique() < 2:
        return None
    features = tuple(Feature(f.name, f.type, f.derive, monotone=0, protected=False) for f in read)
    rows = judged.training.part.rows
    try:
        fitted = fit_scorecard.fit(
            rows, in_training.astype(int), features, fit_scorecard.Parameters()
        )
    except fit_scorecard.NothingLearnt:
        return 0.5
    return _number(roc_auc_score(in_holdout, fitted.probabilities(judged.holdout.part.rows)))


def _direction(feature: Feature, judged: Judged) -> Facts:
    """Count the holdout's applications that step the wrong way when the feature alone changes."""
    rows = judged.holdout.part.rows.head(CHECKED)
    values = judged.training.part.rows[feature.name].dropna()
    steps = np.unique(np.quantile(values, np.linspace(0, 1, STEPS)))
    logits = [judged.logits(rows.assign(**{feature.name: step})) for step in steps]
    moved = np.diff(logits, axis=0) * feature.monotone if len(steps) > 1 else np.array([])
    broken = int((moved < -1e-9).sum())
    return {
        "name": feature.name,
        "monotone": feature.monotone,
        "steps": moved.size,
        "broken": broken,
    }


def _roc(period: Period) -> list[list[float]]:
    false, true, _ = roc_curve(period.part.outcomes, period.logits)
    return [
        [_number(x), _number(y)] for x, y in zip(CURVE, np.interp(CURVE, false, true), strict=True)
    ]


def _reliability(period: Period) -> list[list[float]]:
    """Return the expected and the observed bad rate of each tenth."""
    table = pd.DataFrame({"expected": period.probabilities, "observed": period.part.outcomes})
    means = table.groupby(measures.tenth_of(period.logits)).mean()
    return [[_number(x), _number(y)] for x, y in means.itertuples(index=False)]


def _scores(bank: TrainingProfile, judged: Judged) -> Facts:
    points = [bank.scale.points(p.logits) for p in (judged.training, judged.holdout)]
    low, high = np.quantile(np.concatenate(points), [0.001, 0.999])
    edges = np.linspace(low, high, 31).round(1)
    edges = edges if edges[0] < edges[-1] else edges[0] + np.arange(31.0)
    shares = [np.histogram(np.clip(p, edges[0], edges[-1]), edges)[0] / len(p) for p in points]
    training, holdout = ([_number(share) for share in part] for part in shares)
    return {"edges": edges.tolist(), "training": training, "holdout": holdout}


def _number(value: float) -> float:
    return round(float(value), DECIMALS)
