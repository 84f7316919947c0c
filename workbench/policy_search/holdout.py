"""Real loans of the holdout through the profile's three models, as they were known on the day."""

import math
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from rich.console import Console
from rich.progress import track

from chalicelib.decisions.decision import weigh
from chalicelib.decisions.policy_rules import decisive
from chalicelib.profile import Policy
from chalicelib.scoring.branch_results import Answer, Scored
from training import train, training_profile
from training.fitting.calibration import probability
from training.serving import inference
from training.snapshots import snapshot
from workbench.policy_search.cut_offs import Loans

FIGURES = ("score", "probabilityOfDefault", "disagreement")
NO_RULE = {"effect": ""}


def scored(
    models: Path, channel: Path, bank: training_profile.TrainingProfile, policy: Policy
) -> Loans:
    """Score the holdout with the artifacts in `models/<Model>` and the policy's weights."""
    answers: list[dict[str, Answer]] = []
    for name in bank.models:
        model = bank.model(name)
        learning = snapshot.prepare(snapshot.read(channel, bank, model), bank, model)
        served = inference.model_fn(str(models / name))
        rows = plain(learning.holdout.rows)
        answers = answers or [{} for _ in rows]
        progress = track(rows, f"Scoring with {name}", console=Console(stderr=True), transient=True)
        for answer, row in zip(answers, progress, strict=True):
            baseline, parts = served.evaluator.explain(row)
            risk = float(probability(np.array(baseline + math.fsum(parts.values()))))
            answer[name] = Scored(served.version, served.sha256, risk, baseline, parts)
    return _weighed(_applications(channel, bank), answers, policy, learning.holdout, bank.date)


def _applications(channel: Path, bank: training_profile.TrainingProfile) -> list[dict[str, Any]]:
    """Return what rules read of the holdout's applications."""
    read = bank.read_by_policy()
    rows = snapshot.prepare(snapshot.read(channel, bank, read), bank, read).brought
    return plain(rows) or [{} for _ in range(len(rows))]


def plain(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Return each row as JSON has it: None where a value is missing."""
    records: list[dict[str, Any]] = rows.astype(object).where(rows.notna(), None).to_dict("records")
    return records


def _weighed(
    applications: list[dict[str, Any]],
    answers: list[dict[str, Answer]],
    policy: Policy,
    holdout: snapshot.Part,
    date: str | None,
) -> Loans:
    pairs = [*zip(applications, answers, strict=True)]
    made = [weigh(*pair, policy) for pair in pairs]
    decisions = pd.DataFrame(made).reindex(columns=[*FIGURES, "rules"])
    fired = [rules if isinstance(rules, list) else [] for rules in decisions["rules"]]
    return Loans(
        decisions["score"].to_numpy(float),
        decisions["probabilityOfDefault"].to_numpy(float),
        decisions["disagreement"].to_numpy(float),
        holdout.outcomes.to_numpy(float),
        holdout.audit[date].dt.strftime("%Y-%m").to_numpy(str) if date else None,
        np.array([(decisive(rules) or NO_RULE)["effect"] for rules in fired]),
        [tuple(rule["code"] for rule in rules) for rules in fired],
        _above_offer(applications, made, policy),
    )


def train_missing(
    models: Path, channel: Path, name: str, schema: dict[str, str], file: Path
) -> None:
    for model, digest in schema.items():
        if not (models / model / "manifest.json").exists():
            options = Namespace(model=model, version="policy", schema=digest, snapshot=name)
            with Console(stderr=True).status(f"Training {model}"):
                train.train(options, channel, file, models / model)


def _above_offer(
    applications: list[dict[str, Any]], made: list[dict[str, Any]], policy: Policy
) -> npt.NDArray[np.bool_] | None:
    if (offer := policy.offer) is None:
        return None
    pairs = zip(applications, made, strict=True)
    return np.array([offer.terms(asked, decided["score"]) is None for asked, decided in pairs])
