"""Challenger's score of the bank's recent decisions, for the swap set."""

import json
from collections.abc import Iterable, Iterator

import pandas as pd

from training import training_profile
from training.batch_scoring import batch
from training.serving.features import derive
from training.validation.compared_models import ComparedModel, Facts


def on_decisions(
    stored: pd.DataFrame, bank: training_profile.TrainingProfile, challenger: ComparedModel
) -> Iterator[Facts]:
    """Yield each decision with the challenger's logit, as its endpoint would compute it."""
    applications = [json.loads(text) for text in stored["application"]]
    scored = batch.Batch([challenger.model]).logits(pd.DataFrame(applications))
    logits: Iterable[float] = scored[challenger.model.name] if applications else []
    for row, application, logit in zip(
        stored.to_dict("records"), applications, logits, strict=True
    ):
        yield {
            "predictionId": row["predictionId"],
            "models": json.loads(row["models"]),
            "challenger": float(logit),
            "unseen": challenger.model.unseen(application),
            "segments": _texts(application, bank, bank.segments),
            "peers": _peers(application, bank),
            "outcome": row["outcome"] if isinstance(row["outcome"], str) else None,
            "application": _read_by_policy(application, bank),
        }


def _read_by_policy(application: Facts, bank: training_profile.TrainingProfile) -> Facts:
    """Return what a policy must know of an application to decide again."""
    read = bank.profile.read_by_policy()
    return {name: value for name, value in application.items() if name in read}


def _texts(
    application: Facts, bank: training_profile.TrainingProfile, names: tuple[str, ...]
) -> dict[str, str]:
    """Return the values of the text features; numbers have too many values."""
    rules = {name: f.derive for name, f in bank.features.items()
             if f.derive and "peers" not in f.derive}  # fmt: skip
    row = derive(application, rules, {})
    return {name: str(row.get(name) or "missing") for name in names if bank.features[name].is_text}


def _peers(application: Facts, bank: training_profile.TrainingProfile) -> dict[str, str]:
    """Return the peers of a decision; without a franchise it has no peers by franchise."""
    texts = _texts(application, bank, bank.outcomes.peers)
    return {name: value for name, value in texts.items() if value != "missing"}
