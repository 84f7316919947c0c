"""The profile's three models and their blend, and the decision as `make run` deploys it."""

import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from chalicelib import profile
from datasets import sba
from training import train
from training.batch_scoring import batch
from training.serving import inference
from training.snapshots import snapshot
from workbench import blend
from workbench.file_scoring.file_decisions import blended
from workbench.policy_search import holdout
from workbench.study.loans import Study
from workbench.study.study_report import Decided
from workbench.study.table import Scored


def ours(study: Study) -> tuple[snapshot.Learning, list[Scored], Decided]:
    """Return the last model's learning, the scores with the blend first, and its decisions."""
    ahead, scored = [], []
    for name in study.bank.models:
        started = time.perf_counter()
        with study.console.status(f"{name}: features and training"):
            model, learning = study.learning(name)
            fitted = train.fit(model, learning, study.bank.training)
        seconds = time.perf_counter() - started
        ahead.append(fitted.ahead)
        logits = fitted.logits(learning.holdout.rows)
        scored.append(Scored(name, logits, seconds, obeys=True, is_ours=True))
    columns = np.column_stack(ahead)
    outcomes = learning.calibration.outcomes
    tested = np.column_stack([one.logits for one in scored])
    total = sum(one.seconds for one in scored)
    blends = []
    for kind, least in (("blend", blend.LEAST), ("blend, no least weight", 0.0)):
        mixed = blend.rounded(blend.fit(columns, outcomes, least), columns, outcomes)
        weights = ", ".join(f"{w:g}" for w in mixed.weights)
        named = f"{kind} ({weights})"
        blends.append(Scored(named, mixed(tested), total, obeys=True, is_ours=True))
    points = study.bank.scale.points(tested)
    apart = points.max(axis=1) - points.min(axis=1)
    decision = study.bank.scale.points(blends[0].logits)
    decided = Decided(decision, apart, study.bank.scale.approve_from)
    return learning, [*blends, *scored], decided


def as_deployed(loans: pd.DataFrame, tested: pd.DataFrame) -> Scored:
    """Score `tested` with the artifacts that `make run` trains, decided as credit.toml says.

    The endpoints have their peers' tables from the day of the snapshot.
    """
    deployed, started = profile.load(sba.PROFILE), time.perf_counter()
    schema = {name: deployed.schema(name) for name in deployed.models}
    with tempfile.TemporaryDirectory() as channel, tempfile.TemporaryDirectory() as folder:
        sba.snapshot(loans).to_parquet(Path(channel) / "applications.parquet")
        models = Path(folder)
        holdout.train_missing(models, Path(channel), "study", schema, sba.PROFILE)
        seconds = time.perf_counter() - started
        served = batch.Batch([inference.model_fn(str(models / name)) for name in schema])
    logits = blended(served.logits(tested), deployed.decision)
    return Scored("as deployed", logits, seconds, obeys=True, is_ours=True)
