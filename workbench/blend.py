"""The decision's weights for credit.toml, fitted on the loans of the calibration period.

A logistic regression on the models' logits fits the weights; none is negative. The models that
give the logits are trained here, on loans from before that period. The holdout measures the blend.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
import numpy.typing as npt
import pandas as pd
from rich.console import Console
from rich.table import Table
from scipy.optimize import minimize

from chalicelib.profile import PROFILE_FILE
from datasets import faults, own, sba
from training import train, training_profile
from training.fitting import calibration
from training.snapshots import snapshot
from training.validation import measures

Floats = npt.NDArray[np.float64]
Scored = tuple[Floats, pd.Series]

LEAST = 0.1  # every model has a say
SMALLEST_SLOPE = 1e-3  # below it, the decision would not depend on the models


@dataclass(frozen=True)
class Blend:
    """logit = intercept + slope * weighted mean of the models' logits; the weights sum to 1."""

    weights: Floats
    slope: float
    intercept: float

    def __call__(self, logits: Floats) -> Floats:
        result: Floats = self.intercept + self.slope * (logits @ self.weights)
        return result


def fit(logits: Floats, outcomes: pd.Series, least: float = LEAST) -> Blend:
    """Fit weights to `logits`, a column a model. Each model gets `least` of the weight or more."""
    bad, models = outcomes.to_numpy(float), logits.shape[1]

    def loss(values: Floats) -> tuple[float, Floats]:
        scores = values[0] + logits @ values[1:]
        wrong = calibration.probability(scores) - bad
        gradient = np.append(wrong.mean(), logits.T @ wrong / len(bad))
        return float((np.logaddexp(0, scores) - bad * scores).mean()), gradient

    shares = [
        {"type": "ineq", "fun": lambda v, n=n: v[1 + n] - least * v[1:].sum()}
        for n in range(models)
    ]
    solution = minimize(
        loss,
        np.append(0.0, np.full(models, 1 / models)),
        jac=True,
        method="SLSQP",
        constraints=shares,
        bounds=[(None, None), *[(0.0, None)] * models],
        options={"ftol": 1e-12, "maxiter": 500},
    )
    slope = float(solution.x[1:].sum())
    if slope < SMALLEST_SLOPE:
        raise click.ClickException("No model tells good from bad on the calibration period.")
    return Blend(solution.x[1:] / slope, slope, float(solution.x[0]))


def rounded(blend: Blend, logits: Floats, outcomes: pd.Series) -> Blend:
    """Round the weights as credit.toml shows them.

    The last weight makes the sum 1, and the level is fitted again.
    """
    weights = blend.weights.round(2)
    weights[-1] = round(1 - weights[:-1].sum(), 2)
    slope, intercept = calibration.regression(logits @ weights, outcomes)
    return Blend(weights, round(slope, 3), round(intercept, 3))


@click.command(help=__doc__)
@click.option("--least", default=LEAST, show_default=True, help="A model's smallest weight.")
@click.option("--profile", "file", default=PROFILE_FILE, type=click.Path(path_type=Path))
@click.option("--data", envvar="DATA", type=click.Path(path_type=Path), help="A bank's own loans.")
def main(least: float, file: Path, data: Path | None) -> None:
    console = Console(stderr=True)
    with faults.shown(), tempfile.TemporaryDirectory() as channel:
        bank = training_profile.read(file)
        dataset = own.dataset(data, file) if data else sba.dataset(console)
        dataset.snapshot().to_parquet(Path(channel) / "applications.parquet")
        periods = scored(Path(channel), bank, console)
    names = list(bank.models)
    blend = rounded(fit(*periods["calibration"], least), *periods["calibration"])
    Console().print(_worth(blend, names, periods))
    print(text(blend, names))


def scored(
    channel: Path, bank: training_profile.TrainingProfile, console: Console
) -> dict[str, Scored]:
    """Score the channel: a column of logits a model as known on the day, and the outcomes."""
    ahead, held_out = [], []
    for model in map(bank.model, bank.models):
        with console.status(f"Training {model.name}"):
            learning = snapshot.prepare(snapshot.read(channel, bank, model), bank, model)
            fitted = train.fit(model, learning, bank.training)
        ahead.append(fitted.ahead)
        held_out.append(fitted.logits(learning.holdout.rows))
    return {
        "calibration": (np.column_stack(ahead), learning.calibration.outcomes),
        "holdout": (np.column_stack(held_out), learning.holdout.outcomes),
    }


def _worth(blend: Blend, names: list[str], periods: dict[str, Scored]) -> Table:
    shown = ("auc", "ks", "brier", "ece", "slope")
    table = Table("Period", "Model", *shown)
    for period, (logits, outcomes) in periods.items():
        scored = dict(zip(names, logits.T, strict=True)) | {"the decision": blend(logits)}
        for name, one in scored.items():
            measured = measures.metrics(outcomes, calibration.probability(one))
            table.add_row(period, name, *(f"{measured[metric]:.4f}" for metric in shown))
    return table


def text(blend: Blend, names: list[str]) -> str:
    head = f"[decision]\nintercept = {blend.intercept:g}\nslope = {blend.slope:g}\n"
    weights = "".join(f"{n} = {w:g}\n" for n, w in zip(names, blend.weights, strict=True))
    return f"{head}\n[decision.weights]\n{weights}"


if __name__ == "__main__":
    main()
