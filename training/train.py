"""Trains one model of the profile: SageMaker's script mode, and the same as a local process."""

import argparse
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy.typing as npt
import pandas as pd

from chalicelib.foundation.errors import InvalidProfile
from chalicelib.profile import Training
from training import training_profile
from training.fitting import artifact_writer, calibration, fit_scorecard
from training.fitting.blank_inputs import with_blanks
from training.snapshots import snapshot
from training.validation import card, card_facts, measures


class Estimator(Protocol):
    def probabilities(self, rows: pd.DataFrame) -> npt.NDArray[Any]: ...


class NoChannel(Exception):
    pass


FAULTS = (
    NoChannel,
    InvalidProfile,
    snapshot.InvalidSnapshot,
    fit_scorecard.NothingLearnt,
)


@dataclass(frozen=True)
class Trained:
    estimator: Estimator
    documents: dict[str, Any]  # the model's files, by name
    modules: tuple[str, ...]  # what evaluates them


@dataclass(frozen=True)
class Fitted:
    trained: Trained
    calibrated: calibration.Calibration
    ahead: npt.NDArray[Any]  # the calibration period's logits, from before it was learnt from

    def logits(self, rows: pd.DataFrame) -> npt.NDArray[Any]:
        return self.calibrated(_logits(self.trained, rows))


def main() -> int:
    options = _options()
    try:
        train(
            options,
            training=_directory("SM_CHANNEL_TRAINING"),
            profile=_directory("SM_CHANNEL_PROFILE") / "credit.toml",
            model_dir=_directory("SM_MODEL_DIR"),
        )
    except FAULTS as fault:
        reason = " ".join(str(fault).split())
        print(reason, file=sys.stderr)
        _failure_file().write_text(reason, encoding="utf-8")
        return 1
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="a model of the profile")
    parser.add_argument("--version", required=True, help="of the artifact, e.g. 20050701T000000")
    parser.add_argument("--schema", required=True, help="hash of the profile's features")
    parser.add_argument("--snapshot", required=True, help="name of the snapshot, for the manifest")
    return parser.parse_args()


def _directory(variable: str) -> Path:
    if variable not in os.environ:
        raise NoChannel(f"{variable} is not set: give the training job that channel")
    return Path(os.environ[variable])


def _failure_file() -> Path:
    directory = Path(os.environ.get("SM_OUTPUT_DIR", "/opt/ml/output"))
    directory.mkdir(parents=True, exist_ok=True)
    return directory / "failure"


def train(options: argparse.Namespace, training: Path, profile: Path, model_dir: Path) -> None:
    bank = training_profile.read(profile)
    model = bank.model(options.model)
    print(f"reading the snapshot {options.snapshot}", flush=True)
    frame = snapshot.read(training, bank, model)
    learning = snapshot.prepare(frame, bank, model)
    rows = len(learning.training.rows)
    print(f"training {model.name} on {rows} of {len(frame)} rows", flush=True)
    learn_and_write(options, bank, model, learning, model_dir)


def learn_and_write(
    options: argparse.Namespace,
    bank: training_profile.TrainingProfile,
    model: training_profile.Model,
    learning: snapshot.Learning,
    model_dir: Path,
) -> None:
    """Fit the model, measure it on its holdout and write its artifact."""
    fitted = fit(model, learning, bank.training)
    judged = card_facts.judge(learning, fitted.logits)
    measured = measures.metrics(learning.holdout.outcomes, judged.holdout.probabilities)
    manifest = _manifest(options, model, learning, measured)
    manifest["intervals"] = measures.intervals(
        learning.holdout.outcomes, judged.holdout.probabilities, bank.training.seed
    )
    manifest["scores"] = measures.histogram(pd.Series(judged.holdout.probabilities))
    artifact_writer.write(
        model_dir,
        documents={
            "features.json": _features(model, learning),
            "peers.json": learning.tables,
            "calibration.json": asdict(fitted.calibrated),
            "card.html": card.page(card_facts.facts(bank, model, judged, manifest)),
        }
        | fitted.trained.documents,
        modules=("inference.py", "features.py", *fitted.trained.modules),
        manifest=manifest,
    )
    _report(measured, learning)


def fit(model: training_profile.Model, learning: snapshot.Learning, training: Training) -> Fitted:
    """Fit the model on the training and calibration periods.

    The calibration period first shows how probabilities shift in the months after a training. Then
    the model learns from that period, too, because its applications are the newest.
    """
    part = learning.calibration
    earlier = _logits(learn(model, learning.training, training), part.rows)
    calibrated = calibration.fit(earlier, part.outcomes)
    trained = learn(model, learning.training.followed_by(part), training)
    return Fitted(trained, calibrated, calibrated(earlier))


def _logits(trained: Trained, rows: pd.DataFrame) -> npt.NDArray[Any]:
    return calibration.logit(trained.estimator.probabilities(rows))


def learn(model: training_profile.Model, part: snapshot.Part, training: Training) -> Trained:
    if model.method == "scorecard":
        return _scorecard(model, part, training)
    return _trees(model, part, training)


def _scorecard(model: training_profile.Model, part: snapshot.Part, training: Training) -> Trained:
    try:
        parameters = fit_scorecard.Parameters(**model.parameters)  # type: ignore[arg-type]
    except TypeError as fault:
        known = ", ".join(asdict(fit_scorecard.Parameters()))
        message = f"{model.name}: a scorecard's parameters are {known}"
        raise InvalidProfile(message) from fault
    weights = part.weights(training.half_life_months)
    fitted = fit_scorecard.fit(part.rows, part.outcomes, model.features, parameters, weights)
    return Trained(fitted, {"scorecard.json": fitted.document()}, modules=("scorecard.py",))


def _trees(model: training_profile.Model, part: snapshot.Part, training: Training) -> Trained:
    # LightGBM is slow to load, and the scorecards do without it.
    from training.fitting import fit_trees
    from training.serving.tree_text import UnknownTrees

    part = with_blanks(part, model, training.seed)
    try:
        fitted = fit_trees.fit(
            part.rows,
            part.outcomes,
            monotone={feature.name: feature.monotone for feature in model.features},
            text=frozenset(feature.name for feature in model.features if feature.is_text),
            parameters=model.parameters,
            seed=training.seed,
            threads=int(os.environ.get("SM_NUM_CPUS", "1")),
            weights=part.weights(training.half_life_months),
        )
        fitted.check(part.rows)
    except fit_trees.LightGBMError as fault:
        raise InvalidProfile(f"{model.name}: LightGBM refuses this: {fault}") from fault
    except (UnknownTrees, fit_trees.Unlike) as fault:
        message = f"{model.name}: no endpoint can evaluate these trees: {fault}"
        raise InvalidProfile(message) from fault
    return Trained(
        fitted,
        {"trees.txt": fitted.text(), "encoding.json": {"columns": fitted.columns()}},
        modules=("trees.py", "tree_shap.py", "tree_text.py"),
    )


def _features(model: training_profile.Model, learning: snapshot.Learning) -> dict[str, Any]:
    """Return the features that the endpoint reads, derives and has seen, as lists: order counts."""
    return {
        "inputs": {f.name: "text" if f.is_text else "number" for f in model.inputs},
        "derive": [{"feature": name, **rule} for name, rule in model.derivations.items()],
        "seen": learning.seen,
    }


def _manifest(
    options: argparse.Namespace,
    model: training_profile.Model,
    learning: snapshot.Learning,
    measured: dict[str, float],
) -> dict[str, Any]:
    learnt = learning.training.followed_by(learning.calibration)
    return {
        "model": model.name,
        "method": model.method,
        "version": options.version,
        "schema": options.schema,
        "snapshot": options.snapshot,
        "window": learnt.window,
        "rows": len(learnt.rows),
        "bads": int(learnt.outcomes.sum()),
        "calibration": _extent(learning.calibration),
        "holdout": _extent(learning.holdout),
        "metrics": measured,
        "reference": {name: measures.histogram(c) for name, c in learnt.rows.items()},
    }


def _extent(part: snapshot.Part) -> dict[str, Any]:
    return {**part.window, "rows": len(part.rows), "bads": int(part.outcomes.sum())}


def _report(measured: dict[str, float], learning: snapshot.Learning) -> None:
    """Print a line of measurements for the MetricDefinitions of a training job."""
    values = [f"{name}={value:.6f}" for name, value in measured.items()]
    extent = _extent(learning.holdout)
    values += [f"{name}={extent[name]}" for name in ("rows", "bads")]
    print("holdout " + "; ".join(values), flush=True)


if __name__ == "__main__":
    sys.exit(main())
