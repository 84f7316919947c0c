"""Each AWS call of one flow has a fault once, on a bank of its own.

python -m tests.drills.calls FLOW

The result is kept in build/drills. The command ends with 1 if anything stays broken.
"""

import logging
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console

from bank.api import serving_api
from bank.embedded_bank import open_bank
from bank.first_run import bring
from bench.report.machine import commit
from datasets.sba import SAMPLE, dataset_of
from tests.drills.calls import drills_page
from tests.drills.calls.decision_flows import Outcome, Predict
from tests.drills.calls.drills_page import RESULTS
from tests.drills.calls.model_flows import Deploy, Promote, Update
from tests.drills.calls.opened_snapshot import OpenSnapshot
from tests.drills.calls.rollback_flows import AskRollBack, RollBack
from tests.drills.calls.runs import Run, faults, tell, without_guard
from tests.drills.jobs.collect_flow import (
    Collect,
    CollectAnswers,
    collect_faults,
    without_its_guard,
)
from tests.drills.jobs.training_flow import Train, TrainAnswers, training_faults, without_its_catch
from tests.drills.kills import kills
from tests.drills.machines.batch_machine import Batch, MachineBatch
from tests.drills.machines.decision_machine import MachinePredict
from tests.drills.machines.retraining_machine import MachineRetrain
from tests.drills.slow_model import SlowModel, slow_faults, without_the_circuit
from tests.workflow.conftest import API_KEY, Served

# A run may make a call less than the one that listed them: an object was kept, a poll came sooner.
MOST_MISSED = 0.1  # of the faults

FLOWS: dict[str, Any] = {
    one.__name__.lower(): one
    for one in (
        Predict, MachinePredict, Outcome, Batch, MachineBatch, Collect, CollectAnswers, Train,
        TrainAnswers, Promote, MachineRetrain, Deploy, RollBack, Update, SlowModel,
        AskRollBack, OpenSnapshot,
    )
}  # fmt: skip

OWN_WAYS: dict[str, Any] = {
    "collect": (collect_faults, without_its_guard),
    "collectanswers": (collect_faults, without_its_guard),
    "train": (training_faults, without_its_catch),
    "trainanswers": (training_faults, without_its_catch),
    "slowmodel": (slow_faults, without_the_circuit),
}


@contextmanager
def bank_in_service() -> Iterator[tuple[Served, Any]]:
    """A bank with three models, and an application."""
    sample = dataset_of(pd.read_parquet(SAMPLE))
    with (
        tempfile.TemporaryDirectory(prefix="drill-") as folder,
        open_bank(Path(folder) / "bank") as bank,
        serving_api(bank, API_KEY, 0) as port,
    ):
        bring(bank, sample, Console(quiet=True))
        yield Served(bank, f"http://127.0.0.1:{port}"), next(iter(sample.cases()))


def drilled(name: str) -> tuple[str, list[Run], tuple[Run, Run]]:
    """Return a flow's name, the runs of all faults, and those with its guard and without it."""
    with bank_in_service() as (served, case):
        flow = FLOWS[name](served, case)
        faulted, unguarded = OWN_WAYS.get(name, (faults, without_guard))
        guarded, runs = unguarded(flow), []
        tell(guarded[0])
        tell(guarded[1], ", without its guard")
        for one in faulted(flow):
            runs.append(one)
            tell(one)
        return flow.name, runs, guarded


def drill(name: str) -> bool:
    """Run a flow's drill on a bank of its own, and keep its results. Return whether all is well."""
    began, sources = time.monotonic(), commit()
    drills_page.forget(RESULTS, name)
    flow, runs, guarded = kills.drilled(name) if name in kills.FLOWS else drilled(name)
    seconds = round(time.monotonic() - began)
    document = {"flow": flow, "seconds": seconds, "commit": sources}
    document |= {"runs": [asdict(one) for one in runs]}
    document |= {
        key: asdict(one) for key, one in zip(("withGuard", "without"), guarded, strict=True)
    }
    if commit() != sources:
        print(f"The sources changed while it ran: {sources}, then {commit()}.")
        return False
    drills_page.keep(RESULTS, name, document)
    print(f"{len(runs)} faults in {seconds} s", flush=True)
    faults_found = [*amiss(runs, guarded)]
    for one in faults_found:
        print(one, flush=True)
    return not faults_found


def amiss(runs: list[Run], guarded: tuple[Run, Run]) -> Iterator[str]:
    """Yield what makes a drill fail."""
    if bad := sum(bool(one.at_last) for one in runs):
        yield f"{bad} faults broke something"
    missed = [one.place for one in runs if not one.hit]
    if len(missed) > MOST_MISSED * len(runs) or not runs:
        yield f"{len(missed)} of {len(runs)} faults never happened"
    if not all(one.hit for one in guarded):
        yield "the fault of the guard never happened"
    if guarded[0].at_last:
        yield "its fault breaks something with the guard"
    if not guarded[1].at_last:
        yield "its fault breaks nothing without the guard"


def main() -> int:
    known = [*FLOWS, *kills.FLOWS]
    if len(sys.argv) != 2 or sys.argv[1] not in known:
        sys.exit(f"Give the name of one flow: {', '.join(known)}.")
    logging.getLogger().addHandler(logging.NullHandler())  # each fault's traceback would be shown
    return 0 if drill(sys.argv[1]) else 1


if __name__ == "__main__":
    sys.exit(main())
