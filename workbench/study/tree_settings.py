"""The third model's settings, chosen in time: learnt to a day, judged on the quarter after it.

    make settings

No application of a test period is looked at. One setting after the other, in the order of CHOICES,
is tried at each of its values; the best by the mean AUC over quarters and seeds stays. It prints
what credit.toml should have.
"""

import dataclasses
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pandas as pd
from rich.console import Console
from sklearn.metrics import roc_auc_score

from chalicelib.profile import Training
from training import train, training_profile
from training.snapshots import snapshot
from training.snapshots.snapshot import Part
from workbench.study.loans import prepared

QUARTERS = tuple(pd.Timestamp(day) for day in ("2004-10-01", "2005-01-01", "2005-04-01"))
MONTHS = pd.DateOffset(months=3)
SEEDS = (1, 2)

HALF_LIFE = "half_life_months"  # of [training]; the others are the model's parameters
START = {
    "num_iterations": 300, "num_leaves": 16, "learning_rate": 0.05, "max_bin": 255,
    "min_data_in_leaf": 200, "feature_fraction": 0.3, "bagging_fraction": 0.7, "bagging_freq": 1,
    "lambda_l2": 10, "cat_smooth": 50, "cat_l2": 50, HALF_LIFE: 6,
}  # fmt: skip
CHOICES = {
    "num_leaves": (8, 16),  # more and a batch can't be scored quickly
    "max_bin": (255, 63),
    "feature_fraction": (0.3, 0.5, 0.7),
    "min_data_in_leaf": (200, 100, 50),
    "lambda_l2": (10, 2, 50),
    "learning_rate": (0.05, 0.03, 0.08),
    HALF_LIFE: (6, 12, 24),
}

Settings = dict[str, Any]


@dataclass(frozen=True)
class Tried:
    setting: str
    value: float
    auc: float
    kept: bool


@dataclass
class Search:
    """On the applications before the tests, with their features as of the day."""

    model: training_profile.Model
    training: Training
    part: Part
    dates: pd.Series
    _auc_of: dict[tuple[tuple[str, float], ...], float] = field(default_factory=dict)

    def choose(self) -> tuple[Settings, list[Tried]]:
        settings, tried = dict(START), []
        for name, values in CHOICES.items():
            auc_of = {value: self.auc({**settings, name: value}) for value in values}
            best = max(values, key=lambda value: auc_of[value])
            tried += [Tried(name, value, auc, value == best) for value, auc in auc_of.items()]
            settings[name] = best
        return settings, tried

    def auc(self, settings: Mapping[str, float]) -> float:
        """Return the mean AUC over quarters and seeds."""
        key = tuple(sorted(settings.items()))
        if key not in self._auc_of:
            aucs = [self._judged(settings, day, seed) for day in QUARTERS for seed in SEEDS]
            self._auc_of[key] = float(np.mean(aucs))
        return self._auc_of[key]

    def _judged(self, settings: Mapping[str, float], day: pd.Timestamp, seed: int) -> float:
        parameters = {name: value for name, value in settings.items() if name != HALF_LIFE}
        model = dataclasses.replace(self.model, parameters=parameters)
        training = msgspec.structs.replace(
            self.training, seed=seed, half_life_months=settings[HALF_LIFE]
        )
        fitted = train.learn(model, self._cut(self.dates < day), training)
        judged = self._cut((self.dates >= day) & (self.dates < day + MONTHS))
        return float(roc_auc_score(judged.outcomes, fitted.estimator.probabilities(judged.rows)))

    def _cut(self, chosen: npt.ArrayLike) -> Part:
        part = self.part
        rows, outcomes, ages, audit = (
            frame[chosen].reset_index(drop=True)
            for frame in (part.rows, part.outcomes, part.ages, part.audit)
        )
        return Part(rows, outcomes, ages, audit, window={})


def search(
    bank: training_profile.TrainingProfile,
    model: training_profile.Model,
    learning: snapshot.Learning,
) -> Search:
    part = learning.training.followed_by(learning.calibration)
    return Search(model, bank.training, part, part.audit[bank.date or ""])


def in_profile(bank: training_profile.TrainingProfile, model: training_profile.Model) -> Settings:
    return {**model.parameters, HALF_LIFE: bank.training.half_life_months}


def tried_settings(tried: Sequence[Tried]) -> Iterator[str]:
    yield "| setting | value | AUC on the quarters after | |"
    yield "|---|---|---|---|"
    for one in tried:
        yield f"| `{one.setting}` | {one.value:g} | {one.auc:.4f} | {'kept' if one.kept else ''} |"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        study = prepared(Path(folder), Console(stderr=True))
        with study.console.status("Features"):
            model, learning = study.learning(list(study.bank.models)[-1])
        with study.console.status("Settings"):
            settings, tried = search(study.bank, model, learning).choose()
    print("\n".join(tried_settings(tried)), "\n")
    for name, value in settings.items():
        print(f"{name} = {value:g}")


if __name__ == "__main__":
    main()
