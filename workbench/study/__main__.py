"""Writes docs/models.md and its plots: `make models`. Half an hour on two cores."""

import dataclasses
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from rich.console import Console
from sklearn.metrics import roc_auc_score

from chalicelib.profile import Training
from datasets import sba
from training.fitting import calibration
from training.snapshots import snapshot
from training.snapshots.parquet_reading import read_parquet
from workbench.study import study_report, tree_settings
from workbench.study.libraries import Classifier, Columns, Library, Task, libraries
from workbench.study.loans import TO, Study, prepared
from workbench.study.ours import as_deployed, ours
from workbench.study.study_report import Compared, Split
from workbench.study.table import Scored

SPLITS = (
    Split("2005-07 to 2006-03", pd.Timestamp("2005-07-01"), pd.Timestamp("2006-03-31")),
    Split("2006-07 to 2006-12", pd.Timestamp("2006-07-01"), pd.Timestamp("2006-12-31")),
)
SLOW = frozenset({"CatBoost", "EBM"})

Floats = npt.NDArray[np.float64]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        study = prepared(Path(folder), Console(stderr=True))
        learning, scored, decided = ours(study)
        scored += [_as_deployed(study, learning), *_libraries(study, learning, libraries())]
        chosen = _settings(study, learning)
        unknowing = _without(study, sba.KNOWN_LATER)
    compared = Compared(learning, scored, unknowing, sba.KNOWN_LATER, decided, chosen)
    print(study_report.write(SPLITS, compared))


def _as_deployed(study: Study, learning: snapshot.Learning) -> Scored:
    """Score the holdout's applications, as they were made."""
    loans = read_parquet(sba.register(study.console))
    first = pd.Timestamp(learning.holdout.window["from"])
    tested = sba.snapshot(loans, first, TO).dropna(subset="defaulted")
    return as_deployed(loans, tested)


def _without(study: Study, inputs: Iterable[str]) -> list[Scored]:
    """Score with our models and the quick libraries, without features of later knowledge."""
    blind = dataclasses.replace(study, bank=study.bank.without([*inputs]))
    learning, scored, _ = ours(blind)
    quick = (one for one in libraries() if one.name not in SLOW)
    return [*scored, *_libraries(blind, learning, quick)]


def _settings(study: Study, learning: snapshot.Learning) -> study_report.Chosen:
    """Return the settings that the rule chooses, beside credit.toml's."""
    model = study.bank.model(list(study.bank.models)[-1])
    with study.console.status(f"{model.name}: settings"):
        chosen, tried = tree_settings.search(study.bank, model, learning).choose()
    return study_report.Chosen(tried, chosen == tree_settings.in_profile(study.bank, model))


def _libraries(
    study: Study, learning: snapshot.Learning, tried: Iterable[Library]
) -> Iterator[Scored]:
    """Yield the libraries' scores on the features of the model that reads most.

    `learning` is that model's own.
    """
    model = study.bank.model(list(study.bank.models)[-1])
    columns = Columns(
        texts=tuple(f.name for f in model.features if f.is_text),
        directions={f.name: f.monotone for f in model.features},
    )
    for library in tried:
        with study.console.status(f"{library.name}: {len(library.settings)} settings"):
            scored = _library(library, columns, learning, study.bank.training)
        auc = roc_auc_score(learning.holdout.outcomes, scored.logits)
        study.console.print(f"{scored.label}: {auc:.4f} in {scored.seconds:.0f} s")
        yield scored


def _library(
    library: Library, columns: Columns, learning: snapshot.Learning, training: Training
) -> Scored:
    """Train a library as ours: calibrated on the calibration period, then trained on it, too."""
    started = time.perf_counter()
    then = learning.calibration
    first, both = (
        Task.of(part, columns, training, obeys=library.obeys)
        for part in (learning.training, learning.training.followed_by(then))
    )
    tried = []
    for some in library.settings:
        logits = _logits(library.fit(first, some), then.rows)
        tried.append((roc_auc_score(then.outcomes, logits), some, logits))
    _, chosen, logits = max(tried, key=lambda trial: trial[0])
    calibrated = calibration.fit(logits, then.outcomes)
    final = library.fit(both, chosen)
    seconds = time.perf_counter() - started
    calibrated_logits = calibrated(_logits(final, learning.holdout.rows))
    return Scored(library.name, calibrated_logits, seconds, library.obeys)


def _logits(fitted: Classifier, rows: pd.DataFrame) -> Floats:
    probabilities = fitted.predict_proba(rows)[:, 1].astype(float)
    return calibration.logit(np.clip(probabilities, 1e-9, 1 - 1e-9))


if __name__ == "__main__":
    main()
