"""A month of the past: train on what was known, ask the gate, score the month's loans."""

import contextlib
import io
import pickle
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.metrics import roc_auc_score

from chalicelib.profile import Profile
from chalicelib.retraining import gate
from training import train, training_profile
from training.batch_scoring import batch
from training.fitting.calibration import probability
from training.serving import inference
from training.snapshots import snapshot
from training.validation import challenge_facts, measures
from training.validation.compared_models import ComparedModel
from workbench.file_scoring.file_decisions import blended
from workbench.history.known import Register

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Bank:
    profile: Profile
    file: Path  # the profile's
    product: training_profile.TrainingProfile
    register: Register


@dataclass(frozen=True)
class Trained:
    """The models of a day, a folder each."""

    day: pd.Timestamp
    folders: Mapping[str, Path]


@dataclass(frozen=True)
class InForce:
    """Models that answer, and how the loans of the year before they took over look to them."""

    folders: Mapping[str, Path]
    models: Mapping[str, inference.Model]
    reference: Floats

    @classmethod
    def since(cls, day: pd.Timestamp, folders: Mapping[str, Path], bank: Bank) -> "InForce":
        models = {name: inference.model_fn(str(folder)) for name, folder in folders.items()}
        before = bank.register.approved_in_the_year_before(day)
        return cls(folders, models, _logits(models, before, bank))


@dataclass(frozen=True)
class Shown:
    """Scores of a month's loans by the models in force."""

    auc: float
    expected: float  # bad rate
    psi: float


@dataclass(frozen=True)
class Month:
    day: pd.Timestamp
    loans: int
    bad_rate: float
    verdicts: Mapping[str, tuple[str, ...]]  # of each model: the gate's rules against it
    retrained: Shown
    frozen: Shown
    held: int = 0  # outcomes of the month before that the watch holds back


def train_models(day: pd.Timestamp, bank: Bank, work: Path) -> Trained:
    """Train the models on the knowledge of that day, with the gate's inputs beside each model."""
    version = day.strftime("%Y%m%dT%H%M%S")
    channel = work / version / "snapshot"
    channel.mkdir(parents=True)
    bank.register.known(day).to_parquet(channel / "applications.parquet")
    folders = {name: work / version / name for name in bank.product.models}
    for name, folder in folders.items():
        model = bank.product.model(name)
        frame = snapshot.read(channel, bank.product, model)
        learning = bank.register.learnt_from(snapshot.prepare(frame, bank.product, model))
        schema = bank.profile.schema(name)
        options = Namespace(model=name, version=version, schema=schema, snapshot=version)
        with contextlib.redirect_stdout(io.StringIO()):
            train.learn_and_write(options, bank.product, model, learning, folder)
        _kept(folder).write_bytes(pickle.dumps(learning))
    return Trained(day, folders)


def refused(name: str, challenger: Path, champion: Path, bank: Bank) -> tuple[str, ...]:
    """Return the gate's reasons against the challenger; empty if it is promoted."""
    learning: snapshot.Learning = pickle.loads(_kept(challenger).read_bytes())  # noqa: S301 - ours
    measured = challenge_facts.measured(
        bank.product,
        bank.product.model(name),
        learning,
        ComparedModel.of(challenger),
        ComparedModel.of(champion),
        absent="",
    )
    if "refused" in measured:
        return (measured["refused"],)
    facts = msgspec.convert(measured, gate.Facts)
    return tuple(reason.rule for reason in gate.reasons(facts, bank.profile.gate))


def shown(in_force: InForce, loans: pd.DataFrame, bank: Bank) -> Shown:
    logits = _logits(in_force.models, loans, bank)
    matured = loans["defaulted"].notna().to_numpy()
    return Shown(
        float(roc_auc_score(loans["defaulted"][matured].astype(int), logits[matured])),
        float(probability(logits[matured]).mean()),
        measures.stability(in_force.reference, logits),
    )


def _kept(folder: Path) -> Path:
    return folder.with_suffix(".learning")


def _logits(models: Mapping[str, inference.Model], loans: pd.DataFrame, bank: Bank) -> Floats:
    """Return the decision's logit of each loan, as the endpoints would have answered."""
    result: Floats = blended(batch.Batch([*models.values()]).logits(loans), bank.profile.decision)
    return result
