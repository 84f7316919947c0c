"""Comparison of challenger and champion on applications that neither has learnt from."""

from dataclasses import replace

import pandas as pd

from training import training_profile
from training.batch_scoring import batch
from training.fitting import calibration
from training.snapshots import snapshot
from training.validation import bootstrap, card_facts, measures
from training.validation.compared_models import ComparedModel, Facts, Floats

DECIMALS = 6


def measured(
    bank: training_profile.TrainingProfile,
    model: training_profile.Model,
    learning: snapshot.Learning,
    challenger: ComparedModel,
    champion: ComparedModel | None,
    absent: str,
) -> Facts:
    if champion and not _reads(champion, learning.holdout.rows):
        champion, absent = None, "the champion reads features that the profile no longer has"
    models = [challenger, *([champion] if champion else [])]
    learning = untouched_by(bank, learning, models)
    untouched = learning.holdout
    facts: Facts = {
        "model": model.name,
        "version": challenger.manifest["version"],
        "sha256": challenger.model.sha256,
        "snapshot": challenger.manifest["snapshot"],
        "learntUntil": {"challenger": challenger.learnt_until},
        "holdout": untouched.window,
        "champion": None,
        "championVersion": None,
        "withoutChampion": absent,
        "rows": len(untouched.rows),
        "bads": int(untouched.outcomes.sum()),
    }
    if untouched.outcomes.nunique() < 2:
        return facts | {"refused": f"{len(untouched.rows)} applications that no model has learnt "
                                  "from, not both outcomes"}  # fmt: skip
    judged = card_facts.judge(learning, challenger.logits)
    card = card_facts.facts(bank, model, judged, challenger.manifest)
    facts |= _of_challenger(card, untouched, judged.holdout.logits)
    facts["featureCsi"] = _shifts(challenger, untouched.rows)
    facts["servedAuc"] = _served(challenger, learning) if challenger.model.tables else None
    if champion:
        facts |= _beside(champion, untouched, judged.holdout.logits, bank.training.seed)
        facts["learntUntil"]["champion"] = champion.learnt_until
    return facts


def _reads(champion: ComparedModel, rows: pd.DataFrame) -> bool:
    return champion.reader.inputs.keys() <= {*rows.columns}


def untouched_by(
    bank: training_profile.TrainingProfile, learning: snapshot.Learning, models: list[ComparedModel]
) -> snapshot.Learning:
    """Restrict the holdout to applications after those that either model has learnt from.

    Without dates all count. The champion may then have seen some, which is in its favour.
    """
    holdout = learning.holdout
    ends = [one.learnt_until for one in models if one.learnt_until]
    if bank.date is None or not ends:
        return learning
    chosen = holdout.audit[bank.date] > pd.Timestamp(max(ends))
    parts = {
        name: getattr(holdout, name)[chosen].reset_index(drop=True)
        for name in ("rows", "outcomes", "ages", "audit")
    }
    dates = parts["audit"][bank.date]
    window = {"from": str(dates.min().date()), "to": str(dates.max().date())} if len(dates) else {}
    brought = learning.brought[chosen].reset_index(drop=True)
    return replace(learning, holdout=snapshot.Part(**parts, window=window), brought=brought)


def _of_challenger(facts: Facts, part: snapshot.Part, logits: Floats) -> Facts:
    protected = {name: facts["groups"][name] for name in facts["protected"]}
    return {
        "challenger": _figures(part, logits),
        "aucDifference": None,
        "ksDifference": None,
        "scorePsi": facts["psi"],
        "directions": [
            {"feature": one["name"], "steps": one["steps"], "broken": one["broken"]}
            for one in facts["monotone"]
        ],
        "protected": protected,
        "segments": {n: groups for n, groups in facts["groups"].items() if n not in protected},
    }


def _served(challenger: ComparedModel, learning: snapshot.Learning) -> float:
    """Return the AUC of the challenger with the peer tables of its artifact, as served today.

    Everything else is measured with the peers of each application's day. The tables include these
    applications' outcomes, which flatters: a low AUC shows a fault, a high one shows nothing.
    """
    logits = batch.Batch([challenger.model]).logits(learning.brought)[challenger.model.name]
    auc: float = _figures(learning.holdout, logits)["auc"]
    return auc


def _shifts(challenger: ComparedModel, rows: pd.DataFrame) -> dict[str, float]:
    """Return the stability index of each feature that the model reads.

    The reference is the histogram in its artifact. A scorecard leaves out dropped features.
    """
    return {
        name: round(measures.shift(reference, rows[name]), DECIMALS)
        for name, reference in challenger.manifest["reference"].items()
        if name in rows and name in challenger.reader.inputs
    }


def _beside(champion: ComparedModel, part: snapshot.Part, logits: Floats, seed: int) -> Facts:
    theirs = champion.logits(part.rows)
    apart = bootstrap.differences(logits, theirs, part.outcomes.to_numpy(), seed)
    return {
        "champion": _figures(part, theirs),
        "championVersion": champion.manifest["version"],
        "withoutChampion": "",
        "aucDifference": apart["auc"],
        "ksDifference": apart["ks"],
    }


def _figures(part: snapshot.Part, logits: Floats) -> Facts:
    measured = measures.metrics(part.outcomes, calibration.probability(logits))
    _, intercept = calibration.regression(logits, part.outcomes)
    names = ("auc", "ks", "brier", "ece", "slope")
    return {name: measured[name] for name in names} | {"intercept": round(intercept, DECIMALS)}
