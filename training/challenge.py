"""Measures a challenger, and the champion beside it, on the newest applications that neither has
learnt from: facts only, for the gate. A SageMaker processing job, and the same as a local process.

It writes evaluation.json and, for the swap set, decisions.jsonl: what the challenger says to the
bank's recent decisions. If nothing can be measured, `refused` has the reason.
"""

import argparse
import json
import sys
from contextlib import ExitStack
from pathlib import Path

from chalicelib.foundation.errors import InvalidProfile
from training import training_profile
from training.snapshots import snapshot
from training.snapshots.parquet_reading import read_parquet
from training.validation.challenge_decisions import on_decisions
from training.validation.challenge_facts import measured
from training.validation.compared_models import (
    UNREADABLE,
    ComparedModel,
    Facts,
    champion_in,
    compared_model_in,
)

NONE = "none"  # the version of a champion that there is not yet

FAULTS = (InvalidProfile, snapshot.InvalidSnapshot)


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
    bank = training_profile.read(options.profile / "credit.toml")
    model = bank.model(options.model)
    with ExitStack() as stack:
        try:
            challenger = compared_model_in(options.challenger, stack)
        except UNREADABLE as fault:
            _write(options.out, {"refused": f"{type(fault).__name__}: {fault}"})
            return
        champion, absent = None, "there is no champion yet"
        if options.champion_version != NONE:
            champion, absent = champion_in(options.champion, stack)
        frame = snapshot.read(options.snapshot, bank, model)
        learning = snapshot.prepare(frame, bank, model)
        _write(options.out, measured(bank, model, learning, challenger, champion, absent))
        _write_decisions(options, bank, challenger)


def _write(out: Path, facts: Facts) -> None:
    out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(facts, indent=1, sort_keys=True, allow_nan=False)
    (out / "evaluation.json").write_text(text + "\n", encoding="utf-8")


def _write_decisions(
    options: argparse.Namespace, bank: training_profile.TrainingProfile, challenger: ComparedModel
) -> None:
    stored = options.snapshot / snapshot.DECISIONS
    if not stored.exists():
        return
    lines = list(on_decisions(read_parquet(stored), bank, challenger))
    text = "".join(json.dumps(line, allow_nan=False) + "\n" for line in lines)
    (options.out / "decisions.jsonl").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
