"""The bank of `make run`, which kills itself at a call of a function.

python -m tests.drills.kills.killed_bank run, with KILL_ORDERS, a folder. Its file `order` says at
which call; its file `seen` gets each call since.
"""

import os
import re
import signal
import threading
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Literal

import boto3
import msgspec

from bank import __main__ as bank
from chalicelib.foundation.settings import Settings
from chalicelib.governance.erasure.erasure_table import ErasureTable
from chalicelib.governance.model_acts import version_standing
from chalicelib.retraining.weekly_update import Execution
from localcloud.iam.touched import NeedsPermission
from localcloud.kept_state.sqlite.database import Storage
from localcloud.services.lambda_.pending_events import PendingEvents
from tests.aws_calls import Asked, answered_by
from tests.drills.calls.call_faults import Place, call_of
from tests.drills.calls.decision_flows import subscribe
from tests.drills.jobs.job_requests import job_requests

FOLDER = "KILL_ORDERS"
VERSION = re.compile(r"\d{8}T\d{6}")
SETTINGS = Settings("appvengers", "dev", "us-east-1")  # of the bank


class Order(msgspec.Struct, frozen=True):
    """To die before or after a call; of no place, to list calls. A guard may be taken out."""

    number: int  # of the order
    place: Place | None = None
    when: Literal["before", "after"] = "before"
    without: str = ""  # the name of a guard


def give(folder: Path, order: Order) -> None:
    """Order a bank to die, or to list its calls from now on."""
    (folder / "seen").unlink(missing_ok=True)
    passing = folder / "order.new"
    passing.write_bytes(msgspec.json.encode(order))
    passing.rename(folder / "order")


def order_in(folder: Path) -> Order:
    path = folder / "order"
    return msgspec.json.decode(path.read_bytes(), type=Order) if path.exists() else Order(0)


def seen(folder: Path) -> list[Place]:
    """Return the calls since the last order."""
    found, counts = folder / "seen", Counter[str]()
    for name in found.read_text().splitlines() if found.exists() else ():
        counts[name] += 1
    return [Place(name, number + 1) for name, count in counts.items() for number in range(count)]


class Killing:
    """Calls of functions, of which one kills the process."""

    def __init__(self, folder: Path) -> None:
        self.order = Order(0)
        self._folder, self._turn, self._counts = folder, threading.Lock(), Counter[str]()

    def __call__(self, asked: Asked, go: Callable[[], Any]) -> Any:
        """Make a function's call."""
        is_it = self._is_it(call_of(asked))
        if is_it and self.order.when == "after":
            go()
        if is_it:
            die()
        return go()

    def before_request(self, kind: str, asked: NeedsPermission) -> None:
        """See a job's request, before it is made."""
        if self._is_it(f"{kind.partition(' ')[0]} {named(asked)}"):
            die()

    def _is_it(self, name: str) -> bool:
        with self._turn:
            self._read_order()
            self._counts[name] += 1
            with (self._folder / "seen").open("a") as lines:
                lines.write(f"{name}\n")
            return self.order.place == Place(name, self._counts[name])

    def _read_order(self) -> None:
        order = order_in(self._folder)
        if order.number != self.order.number:
            self.order, self._counts = order, Counter()
            if order.without:
                GUARDS_OUT[order.without]()


def named(asked: NeedsPermission) -> str:
    """Return a request's name. That of a write has its file's, so that the last is written last,
    however many parts a snapshot has by then.
    """
    file = VERSION.sub("…", asked.resource.rpartition("/")[2])
    return f"{asked.action} {file}" if asked.action == "s3:PutObject" else asked.action


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def forget_writes() -> None:
    """Let writes be answered that are never on disk."""

    def commit(self: Storage, transaction: Any) -> None:
        self._execute("rollback")

    Storage._commit = commit  # type: ignore[method-assign]


def take_failed_for_done() -> None:
    """Let a run that failed have used its news."""
    Execution.failed = property(lambda self: False)  # type: ignore[method-assign, assignment]


def forget_events() -> None:
    """Let a restart deliver no event that was on its way."""
    PendingEvents.after_a_restart = lambda self: []  # type: ignore[method-assign]


def finish_no_erasure() -> None:
    """Let the hourly watch find no erasure that was cut off."""
    ErasureTable.unfinished = lambda self, before: iter(())  # type: ignore[method-assign]


def record_each_repeat() -> None:
    """Let a rollback that is asked for again be another act."""
    version_standing.state_of_repeat = lambda *given: None


GUARDS_OUT = {
    "writes": forget_writes,
    "events": forget_events,
    "failed runs": take_failed_for_done,
    "watch": finish_no_erasure,
    "acts": record_each_repeat,
}


def taking_orders(until_the_end: Callable[[], None]) -> Callable[[], None]:
    """Take orders from when the bank serves: the embedded cloud's own doors are behind ours."""

    def wait() -> None:
        folder = Path(os.environ[FOLDER])
        killing = Killing(folder)
        with answered_by(killing), job_requests(killing.before_request):
            (folder / "ready").touch()
            until_the_end()

    return wait


def subscribe_first() -> None:
    """Let a subscriber of the bus be there when a restart delivers what was on its way: a
    deployment brings back its own rules alone.
    """
    usual = PendingEvents.after_a_restart

    def after_a_restart(self: PendingEvents) -> list[tuple[int, str, bytes]]:
        subscribe(partial(boto3.client, region_name=SETTINGS.region), SETTINGS.event_source)
        return usual(self)

    PendingEvents.after_a_restart = after_a_restart  # type: ignore[method-assign]


if __name__ == "__main__":
    if out := order_in(Path(os.environ[FOLDER])).without:
        GUARDS_OUT[out]()
    subscribe_first()
    bank._wait_for_the_end = taking_orders(bank._wait_for_the_end)
    bank.main()
