"""Writes docs/models.md and its plots: `make models`. 15 minutes on two cores."""

import dataclasses
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from rich.console import Console
from sklearn.metrics import roc_auc_score

sys.path.insert(
    0, str(Path(__file__).parents[1])
)  # where train.py's modules import each other flat

import calibration
import product
import snapshot
import train

from training import blend
from training.datasets import sba
from training.study import report, settings
from training.study.libraries import Columns, Library, libraries
from training.study.report import Scored, Split

FROM, TRAINED_TO, TO = (pd.Timestamp(day) for day in ("2004-01-01", "2005-06-30", "2006-12-31"))
SPLITS = (
    Split("2005-07 to 2006-03", pd.Timestamp("2005-07-01"), pd.Timestamp("2006-03-31")),
    Split("2006-07 to 2006-12", pd.Timestamp("2006-07-01"), pd.Timestamp("2006-12-31")),
)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Study:
    bank: product.Product
    channel: Path
    console: Console

    def learning(self, name: str) -> tuple[product.Model, snapshot.Learning]:
        model = self.bank.model(name)
        frame = snapshot.read(self.channel, self.bank, model)
        return model, snapshot.prepare(frame, self.bank, model)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        study = prepared(Path(folder), Console(stderr=True))
        learning, ours, decided = _ours(study)
        chosen = _settings(study, learning)
        scored = [*ours, *_libraries(study, learning)]
    dates = learning.holdout.audit[study.bank.date or ""]
    outcomes = learning.holdout.outcomes
    print(report.write(SPLITS, scored, outcomes, dates, learning, chosen, decided))


def prepared(channel: Path, console: Console) -> Study:
    _write(pd.read_parquet(sba.register(console)), channel)
    return Study(_bank(), channel, console)


def _settings(study: Study, learning: snapshot.Learning) -> report.Chosen:
    """What the rule chooses, beside what credit.toml has and the models were trained with."""
    model = study.bank.model(list(study.bank.models)[-1])
    with study.console.status(f"{model.name}: settings"):
        found, tried = settings.search(study.bank, model, learning).choose()
    return report.Chosen(tried, found == settings.in_profile(study.bank, model))


def _write(loans: pd.DataFrame, channel: Path) -> None:
    """Everything approved up to the last test's end; of the applications before the training
    window, whose loans only serve as peers, the outcome is not told."""
    table = sba.snapshot(loans, last=TO)
    table["defaulted"] = table["defaulted"].mask(table["approvalDate"] < FROM)
    table.to_parquet(channel / "applications.parquet")


def _bank() -> product.Product:
    """The profile's, with its holdout from July 2005 on: that is what is tested."""
    bank = product.read(sba.PROFILE)
    months = dataclasses.replace(bank.training, window_months=37, holdout_months=18)
    return dataclasses.replace(bank, training=months)


def _ours(study: Study) -> tuple[snapshot.Learning, list[Scored], report.Decided]:
    ahead, found = [], []
    for name in study.bank.models:
        started = time.perf_counter()
        with study.console.status(f"{name}: features and training"):
            model, learning = study.learning(name)
            fitted = train.fit(model, learning, study.bank.training)
        seconds = time.perf_counter() - started
        ahead.append(fitted.ahead)
        found.append(Scored(name, fitted.logits(learning.holdout.rows), seconds, obeys=True))
    columns = np.column_stack(ahead)
    outcomes = learning.calibration.outcomes
    tested = np.column_stack([one.logits for one in found])
    total = sum(one.seconds for one in found)
    blends = []
    for kind, least in (("blend", blend.LEAST), ("blend, no least weight", 0.0)):
        mixed = blend.rounded(blend.fit(columns, outcomes, least), columns, outcomes)
        told = ", ".join(f"{w:g}" for w in mixed.weights)
        blends.append(Scored(f"{kind} ({told})", mixed(tested), total, obeys=True))
    points = study.bank.scale.points(tested)
    apart = points.max(axis=1) - points.min(axis=1)
    decision = study.bank.scale.points(blends[0].logits)
    decided = report.Decided(decision, apart, study.bank.scale.approve_from)
    return learning, [*blends, *found], decided


def _libraries(study: Study, learning: snapshot.Learning) -> Iterator[Scored]:
    """On the features of the model that reads most; `learning` is its own."""
    model = study.bank.model(list(study.bank.models)[-1])
    columns = Columns(
        texts=tuple(f.name for f in model.features if f.is_text),
        directions={f.name: f.monotone for f in model.features},
    )
    for library in libraries(columns, study.bank.training.seed):
        with study.console.status(f"{library.name}: {len(library.settings)} settings"):
            scored = _library(library, learning)
        auc = roc_auc_score(learning.holdout.outcomes, scored.logits)
        study.console.print(f"{scored.label}: {auc:.4f} in {scored.seconds:.0f} s")
        yield scored


def _library(library: Library, learning: snapshot.Learning) -> Scored:
    """As ours: chosen and calibrated on the calibration period, then trained on it, too."""
    started = time.perf_counter()
    first, then = learning.training, learning.calibration
    tried = []
    for some in library.settings:
        fitted = library.fit(first.rows, first.outcomes, some)
        logits = _logits(fitted, then.rows)
        tried.append((roc_auc_score(then.outcomes, logits), some, logits))
    _, chosen, logits = max(tried, key=lambda found: found[0])
    calibrated = calibration.fit(logits, then.outcomes)
    both = first.followed_by(then)
    final = library.fit(both.rows, both.outcomes, chosen)
    seconds = time.perf_counter() - started
    found = calibrated(_logits(final, learning.holdout.rows))
    return Scored(library.name, found, seconds, library.obeys)


def _logits(fitted: object, rows: pd.DataFrame) -> Floats:
    probabilities = fitted.predict_proba(rows)[:, 1].astype(float)
    return calibration.logit(np.clip(probabilities, 1e-9, 1 - 1e-9))


if __name__ == "__main__":
    main()
