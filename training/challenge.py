"""Measures a challenger, and the champion beside it, on the newest applications that neither has
learnt from: facts only, for the gate. A SageMaker processing job, and the same as a local process.

It writes evaluation.json and, for the swap set, decisions.jsonl: what the challenger says to the
bank's recent decisions. What can't be measured is a fact, too: it is told in `refused`.
"""

import argparse
import json
import sys
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import artifact_folder
import audit
import batch
import bootstrap
import calibration
import inference
import measures
import numpy as np
import numpy.typing as npt
import pandas as pd
import product
import snapshot
from features import derive

Floats = npt.NDArray[np.float64]
Facts = dict[str, Any]

NONE = "none"  # the version of a champion that there is not yet
OK = "OK"
DECIMALS = 6

FAULTS = (product.InvalidProfile, snapshot.InvalidSnapshot)
UNREADABLE = (
    artifact_folder.NotAnArtifact,
    inference.Refused,
    tarfile.TarError,
    KeyError,
    TypeError,
    ValueError,
)


@dataclass(frozen=True)
class Contender:
    manifest: Facts
    model: inference.Model

    @classmethod
    def of(cls, folder: Path) -> "Contender":
        manifest = json.loads((folder / "manifest.json").read_bytes())
        return cls(manifest, inference.model_fn(str(folder)))

    def logits(self, rows: pd.DataFrame) -> Floats:
        return self._batch.logits(rows)[self.model.name]

    @cached_property
    def reader(self) -> inference.Model:
        return batch.reading_derived(self.model)

    @cached_property
    def _batch(self) -> batch.Batch:
        return batch.Batch([self.reader])

    @property
    def learnt_until(self) -> str | None:
        end: str | None = self.manifest["window"].get("to")
        return end


def main() -> int:
    options = _options()
    try:
        challenge(options)
    except FAULTS as fault:
        reason = " ".join(str(fault).split())
        print(reason, file=sys.stderr)
        options.message.parent.mkdir(parents=True, exist_ok=True)
        options.message.write_text(reason, encoding="utf-8")
        return 1
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="a model of the profile")
    for name, what in (
        ("challenger", "the folder of its model.tar.gz"),
        ("champion", "the same of the model that answers now"),
        ("snapshot", "the folder of the snapshot"),
        ("profile", "the folder of credit.toml"),
        ("out", "where evaluation.json goes"),
        ("message", "where the reason of a failure goes"),
    ):
        parser.add_argument(f"--{name}", required=True, type=Path, help=what)
    parser.add_argument("--champion-version", default=NONE, help=f"{NONE}: there is no champion")
    return parser.parse_args()


def challenge(options: argparse.Namespace) -> None:
    bank = product.read(options.profile / "credit.toml")
    model = bank.model(options.model)
    with ExitStack() as stack:
        try:
            challenger = _contender(options.challenger, stack)
        except UNREADABLE as fault:
            _write(options.out, {"refused": f"{type(fault).__name__}: {fault}"})
            return
        champion, absent = None, "there is no champion yet"
        if options.champion_version != NONE:
            champion, absent = _champion(options.champion, stack)
        frame = snapshot.read(options.snapshot, bank, model)
        learning = snapshot.prepare(frame, bank, model)
        _write(options.out, measured(bank, model, learning, challenger, champion, absent))
        _write_decisions(options, bank, challenger)


def _contender(folder: Path, stack: ExitStack) -> Contender:
    return Contender.of(stack.enter_context(artifact_folder.opened(folder / "model.tar.gz")))


def _champion(folder: Path, stack: ExitStack) -> tuple[Contender | None, str]:
    """Nothing, and why, if it can't be read: what answers today must not stop its successor."""
    try:
        return _contender(folder, stack), ""
    except UNREADABLE as fault:
        return None, f"the champion can't be read: {type(fault).__name__}: {fault}"


def measured(
    bank: product.Product,
    model: product.Model,
    learning: snapshot.Learning,
    challenger: Contender,
    champion: Contender | None,
    absent: str,
) -> Facts:
    if champion and not _reads(champion, learning.holdout.rows):
        champion, absent = None, "the champion reads features that the profile no longer has"
    contenders = [challenger, *([champion] if champion else [])]
    untouched = _untouched(bank, learning.holdout, contenders)
    told: Facts = {
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
        return told | {"refused": f"{len(untouched.rows)} applications that no model has learnt "
                                  "from, not both outcomes"}  # fmt: skip
    judged = audit.judge(replace(learning, holdout=untouched), challenger.logits)
    facts = audit.facts(bank, model, judged, challenger.manifest)
    told |= _of_challenger(facts, untouched, judged.holdout.logits)
    told["featureCsi"] = _shifts(challenger, untouched.rows)
    if champion:
        told |= _beside(champion, untouched, judged.holdout.logits, bank.training.seed)
        told["learntUntil"]["champion"] = champion.learnt_until
    return told


def _reads(champion: Contender, rows: pd.DataFrame) -> bool:
    return champion.reader.inputs.keys() <= {*rows.columns}


def _untouched(
    bank: product.Product, holdout: snapshot.Part, contenders: list[Contender]
) -> snapshot.Part:
    """The holdout's applications after all that either has learnt from. Without dates, all of it:
    an old champion may have seen some of them, which is in its favour."""
    ends = [one.learnt_until for one in contenders if one.learnt_until]
    if bank.date is None or not ends:
        return holdout
    chosen = holdout.audit[bank.date] > pd.Timestamp(max(ends))
    parts = {
        name: getattr(holdout, name)[chosen].reset_index(drop=True)
        for name in ("rows", "outcomes", "ages", "audit")
    }
    dates = parts["audit"][bank.date]
    window = {"from": str(dates.min().date()), "to": str(dates.max().date())} if len(dates) else {}
    return snapshot.Part(**parts, window=window)


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


def _shifts(challenger: Contender, rows: pd.DataFrame) -> dict[str, float]:
    """Against what the artifact says it has learnt from, whatever snapshot that was."""
    learnt = challenger.manifest["rows"]
    return {
        name: round(measures.shift(reference, learnt, rows[name]), DECIMALS)
        for name, reference in challenger.manifest["reference"].items()
        if name in rows
    }


def _beside(champion: Contender, part: snapshot.Part, logits: Floats, seed: int) -> Facts:
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


def _write(out: Path, facts: Facts) -> None:
    out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(facts, indent=1, sort_keys=True, allow_nan=False)
    (out / "evaluation.json").write_text(text + "\n", encoding="utf-8")


def _write_decisions(
    options: argparse.Namespace, bank: product.Product, challenger: Contender
) -> None:
    stored = options.snapshot / snapshot.DECISIONS
    if not stored.exists():
        return
    lines = list(_decisions(pd.read_parquet(stored), bank, challenger))
    text = "".join(json.dumps(line, allow_nan=False) + "\n" for line in lines)
    (options.out / "decisions.jsonl").write_text(text, encoding="utf-8")


def _decisions(
    stored: pd.DataFrame, bank: product.Product, challenger: Contender
) -> Iterator[Facts]:
    """Each as it was, and the challenger's logit as its endpoint would find it."""
    applications = [json.loads(text) for text in stored["application"]]
    scored = batch.Batch([challenger.model]).logits(pd.DataFrame(applications))
    logits = scored[challenger.model.name] if applications else []
    for row, application, logit in zip(
        stored.to_dict("records"), applications, logits, strict=True
    ):
        yield {
            "predictionId": row["predictionId"],
            "models": json.loads(row["models"]),
            "challenger": float(logit),
            "segments": _segments(application, bank),
            "outcome": row["outcome"] if isinstance(row["outcome"], str) else None,
        }


def _segments(application: Facts, bank: product.Product) -> dict[str, str]:
    """The values of the card's segments; those of numbers have no few values."""
    rules = {name: f.derive for name, f in bank.features.items()
             if f.derive and "peers" not in f.derive}  # fmt: skip
    row = derive(application, rules, {})
    return {
        name: str(row.get(name) or "missing")
        for name in bank.segments
        if bank.features[name].is_text
    }


if __name__ == "__main__":
    sys.exit(main())
