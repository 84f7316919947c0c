"""Drills of kill -9: the bank's process dies before and after each call of a flow."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from bank.first_run import body_of
from datasets.sba import SAMPLE, dataset_of
from tests.drills.bank_process import BankProcess, bank_process
from tests.drills.calls.call_faults import Place
from tests.drills.calls.guards import GUARDS
from tests.drills.calls.runs import Run, hit, of_functions, tell
from tests.drills.kills.killed_bank import FOLDER, Order, give, seen
from tests.drills.kills.killed_erasure import KilledErase
from tests.drills.kills.killed_flows import (
    KilledDeploy,
    KilledOutcome,
    KilledPredict,
    KilledRollBack,
)
from tests.drills.kills.killed_retraining import KilledRetrain

LISTED_SECONDS, READY_SECONDS = 5, 60
TRIES = 3  # of a guard's fault
WITH_ALL = "", ""  # the guards that are out until the kill, and after it
# That SageMaker writes a job's log changes no flow.
WRITES_NOTHING = ("Get", "Head", "List", "Describe", "Query", "Scan", "CreateLog", "PutLog")
NUMBERS = count(1)
FLOWS: dict[str, Any] = {
    "kill-predict": KilledPredict,
    "kill-outcome": KilledOutcome,
    "kill-erase": KilledErase,
    "kill-deploy": KilledDeploy,
    "kill-rollback": KilledRollBack,
    "kill-retrain": KilledRetrain,
}


@contextmanager
def flow_of(name: str) -> Iterator[tuple[Any, BankProcess, Path]]:
    """A flow on a bank that takes orders to die, and the folder of the orders."""
    body = body_of(next(iter(dataset_of(pd.read_parquet(SAMPLE)).cases())))
    with tempfile.TemporaryDirectory(prefix="drill-") as work:
        orders = Path(work) / "orders"
        orders.mkdir()
        with bank_process(Path(work) / "bank", Path(work) / "bank.log") as bank:
            bank.module, bank.more = "tests.drills.kills.killed_bank", {FOLDER: str(orders)}
            bank.start()
            again(bank, orders)
            yield FLOWS[name](bank, body), bank, orders


def again(bank: BankProcess, orders: Path) -> None:
    """Start a bank cold: nothing that functions keep is there. Return once it takes orders."""
    bank.kill()
    (orders / "ready").unlink(missing_ok=True)
    bank.start()
    until = time.monotonic() + READY_SECONDS
    while not (orders / "ready").exists():
        assert time.monotonic() < until, bank.said()
        time.sleep(0.1)


def moments(place: Place) -> tuple[Literal["before", "after"], ...]:
    """Return when to kill at a call; never at one that writes nothing."""
    service, _, action = place.call.partition(" ")[2].rpartition(":")
    if action.startswith(WRITES_NOTHING):
        return ()
    return ("before",) if service else ("before", "after")  # a job's request is seen before alone


def places(flow: Any, orders: Path) -> list[Place]:
    """Return the calls of a flow that nothing kills."""
    flow.before()
    give(orders, Order(next(NUMBERS)))
    flow.ask()
    if not flow.repeats:  # it waits for what it began
        flow.settle()
    time.sleep(LISTED_SECONDS)  # for what goes on after the answer
    mine = of_functions(flow, seen(orders))
    flow.settle()
    assert not [*flow.broken()]
    return [one for one in mine if one.number <= flow.most.get(one.call, flow.most[""])]


def killed(
    flow: Any, bank: BankProcess, orders: Path, place: Place, when: Any, out: Any = WITH_ALL
) -> Run:
    """Kill the bank at a call of a flow, start it again, and return what is broken then."""
    flow.before()
    give(orders, Order(next(NUMBERS), place, when, out[0]))
    flow.ask()
    is_hit = dies(flow, bank)
    by_itself = [] if bank.was_killed or not is_hit else [f"the bank ends: {bank.said()}"]
    give(orders, Order(next(NUMBERS), without=out[1]))
    again(bank, orders)
    flow.settle()
    broken = [*by_itself, *flow.broken()]
    return Run(f"killed {when}", str(place), is_hit, broken, broken)


def broken_without(flow: Any, *at: Any) -> Run:
    """Kill the bank without its guard. A kill that comes before the caller's answer breaks nothing,
    as the caller repeats, so it is tried three times.
    """
    for _ in range(TRIES):
        done = killed(flow, *at, flow.guards_out)
        if done.at_last:
            break
    return done


def dies(flow: Any, bank: BankProcess) -> bool:
    """Return whether the bank dies in a flow's time, or soon after its end if it tells of one."""
    until = time.monotonic() + flow.dies_seconds
    while time.monotonic() < until:
        if bank.dies(1):
            return True
        if hasattr(flow, "is_over") and flow.is_over():
            return bank.dies(LISTED_SECONDS)
    return False


def drilled(name: str) -> tuple[str, list[Run], tuple[Run, Run]]:
    """Return a flow's name, the runs of all kills, and those with its guard and without it."""
    with flow_of(name) as (flow, bank, orders):
        at, runs = (bank, orders, GUARDS[flow.name].place, "after"), []
        guarded = killed(flow, *at), broken_without(flow, *at)
        tell(guarded[0])
        tell(guarded[1], ", without its guard")
        # The last calls come first: later weeks' challengers are not promoted any more.
        called = reversed(places(flow, orders))
        for place, when in ((one, when) for one in called for when in moments(one)):
            runs.append(hit(partial(killed, flow, bank, orders, place, when)))
            tell(runs[-1])
        return flow.name, runs, guarded
