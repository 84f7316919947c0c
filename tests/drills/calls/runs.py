"""Runs of a flow: once for each call and each kind of fault, and once with its guard out."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from chalicelib.services import services
from tests.drills.calls.call_faults import Fault, Place, fault_of
from tests.drills.calls.guards import GUARDS
from tests.drills.jobs.faulty_answers import KINDS

IDLE_SECONDS = 300


@dataclass(frozen=True)
class Run:
    """A fault and what was broken after it: at once, and after the days that heal."""

    kind: str
    place: str
    hit: bool
    at_once: list[str]
    at_last: list[str]
    measured: dict[str, Any] = field(default_factory=dict)


def tell(one: Run, guard: str = "") -> None:
    """Print a line of a run as soon as it is over: a flow takes minutes."""
    ends = "; ".join(one.at_once) or ("nothing is broken" if one.hit else "it never happened")
    later = f"; later {'; '.join(one.at_last) or 'nothing'}" if one.at_last != one.at_once else ""
    print(f"{one.kind} {one.place}{guard}: {ends}{later}", flush=True)


def run(flow: Any, kind: str, place: Place | None, *, heals: bool = True) -> tuple[Fault, Run]:
    """Run a flow with a fault, cold: nothing that functions keep is there."""
    if hasattr(flow, "before"):
        flow.before()
    flow.served.bank.cloud.idle(IDLE_SECONDS)
    services.cache_clear()
    with getattr(flow, "door", fault_of)(kind, place) as fault:
        flow.run()
        flow.served.bank.cloud.idle(IDLE_SECONDS)
    at_once = list(flow.broken())
    at_last = at_once
    if at_once and heals:
        flow.heal()
        at_last = list(flow.broken())
    return fault, Run(kind, str(place or ""), fault.hit, at_once, at_last)


def places(flow: Any) -> list[Place]:
    """Return the calls of a flow without a fault. Raises AssertionError if that breaks anything."""
    fault, done = run(flow, "failed", None)
    assert done.at_once == [], done
    return of_functions(flow, fault.seen)


def of_functions(flow: Any, seen: Iterable[Place]) -> list[Place]:
    """Return the calls of a flow's functions. Raises AssertionError if one of them makes none."""
    by_function = [(one.call.partition(" ")[0], one) for one in seen]
    silent = {*flow.functions} - {function for function, _ in by_function}
    assert not silent, f"{', '.join(sorted(silent))} made no call"
    return [one for function, one in by_function if function in flow.functions]


def faults(flow: Any, kinds: Iterable[str] | None = None) -> Iterator[Run]:
    """Yield a run for each call of a flow and each kind of fault that it can have."""
    for place in places(flow):
        for kind in kinds or kinds_at(flow, place):
            yield hit(partial(_faulted, flow, kind, place))


def _faulted(flow: Any, kind: str, place: Place) -> Run:
    return run(flow, kind, place)[1]


def hit(once: Callable[[], Run]) -> Run:
    """Return a run whose fault happened: one run makes a call more than another, so it is tried
    twice."""
    done = once()
    return done if done.hit or done.at_last else once()


def kinds_at(flow: Any, place: Place) -> Iterable[str]:
    known = getattr(flow, "kinds", KINDS)
    return [one for one in known if not hasattr(flow, "can_have") or flow.can_have(one, place)]


def without_guard(flow: Any) -> tuple[Run, Run]:
    """Return the run of a guard's fault with the guard, and without it."""
    guard = GUARDS[flow.name]
    inside: Callable[[Any], AbstractContextManager[None]]
    ends = []
    for inside in (lambda _: nullcontext(), guard.out):
        with inside(flow):
            ends.append(run(flow, guard.kind, guard.place, heals=guard.heals)[1])
    return ends[0], ends[1]
