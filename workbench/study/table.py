"""Scores beside each other: AUC, KS and calibration with bootstrap intervals, as a table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from training.fitting import calibration
from training.validation import measures

DRAWS = 400
SEED = 5
COLUMNS = (
    "model", "AUC (95 %)", "KS (95 %)", "Gini", "Brier", "ECE", "slope", "expected bad",
    "trained in",
)  # fmt: skip

Floats = npt.NDArray[np.float64]
Bad = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Scored:
    name: str
    logits: Floats
    seconds: float
    obeys: bool  # the directions that the profile demands
    is_ours: bool = False

    def of(self, chosen: npt.NDArray[np.bool_]) -> "Scored":
        return replace(self, logits=self.logits[chosen])

    @property
    def label(self) -> str:
        return self.name if self.obeys else f"{self.name}, free"


@dataclass(frozen=True)
class Draws:
    """AUC and KS of every draw with replacement, a row a model: the same draws for all."""

    auc: Floats
    ks: Floats


def table(scored: Sequence[Scored], bad: pd.Series) -> Iterator[str]:
    drawn = draws(scored, bad.to_numpy())
    yield f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|"
    for place, one in enumerate(scored):
        measured = measures.exact_metrics(bad, calibration.probability(one.logits))
        yield (
            f"| {one.label} | {measured['auc']:.4f} ({_range(drawn.auc[place])}) "
            f"| {measured['ks']:.4f} ({_range(drawn.ks[place])}) | {measured['gini']:.4f} "
            f"| {measured['brier']:.4f} | {measured['ece']:.4f} | {measured['slope']:.2f} "
            f"| {measured['mean_probability']:.1%} | {one.seconds:.0f} s |"
        )
    yield ""
    yield from _ahead(scored, bad, drawn, "under the same directions", {True})
    if not all(one.obeys for one in scored):
        yield from _ahead(scored, bad, drawn, "of all, free ones too", {True, False})


def _ahead(
    scored: Sequence[Scored], bad: pd.Series, drawn: Draws, kind: str, obeys: set[bool]
) -> Iterator[str]:
    """Yield the blend's lead over the best library, by each of the two measures."""
    rivals = [n for n, one in enumerate(scored) if not one.is_ours and one.obeys in obeys]
    measured = [measures.exact_metrics(bad, calibration.probability(one.logits)) for one in scored]
    for name, values in (("auc", drawn.auc), ("ks", drawn.ks)):
        best = max(rivals, key=lambda n: measured[n][name])
        apart = measured[0][name] - measured[best][name]
        where = "ahead of" if apart > 0 else "behind"
        yield (
            f"- {name.upper()}: the blend is {abs(apart):.4f} {where} the best library {kind}, "
            f"{scored[best].label} (95 %: {_range(values[0] - values[best])})."
        )


def draws(scored: Sequence[Scored], bad: Bad) -> Draws:
    """Draw weights of the rows instead of rows: the scores are sorted once a model."""
    random = np.random.default_rng(SEED)
    counts = random.multinomial(len(bad), np.full(len(bad), 1 / len(bad)), size=DRAWS)
    auc, ks = np.empty((2, len(scored), DRAWS))
    for place, one in enumerate(scored):
        order = np.argsort(one.logits, kind="stable")
        ends = np.append(np.diff(one.logits[order]) > 0, True)  # of runs of equal scores
        for draw in range(DRAWS):
            auc[place, draw], ks[place, draw] = _auc_ks(counts[draw][order], bad[order], ends)
    return Draws(auc, ks)


def _auc_ks(
    counts: npt.NDArray[np.int64], bad: Bad, ends: npt.NDArray[np.bool_]
) -> tuple[float, float]:
    below_bad = np.append(0.0, np.cumsum(counts * bad)[ends])
    below_good = np.append(0.0, np.cumsum(counts * (1 - bad))[ends])
    below_bad, below_good = below_bad / below_bad[-1], below_good / below_good[-1]
    area = np.sum(np.diff(below_bad) * (below_good[1:] + below_good[:-1]) / 2)
    return float(area), float(np.max(below_good - below_bad))


def _range(values: Floats) -> str:
    low, high = np.quantile(values, [0.025, 0.975])
    return f"{low:.4f} to {high:.4f}"
