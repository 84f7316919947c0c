"""The function eraseClient: it erases one client, and goes on with an erasure that was killed."""

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

import msgspec

from chalicelib.foundation.errors import TableUnavailable
from chalicelib.foundation.expiry import going_on
from chalicelib.governance.erasure.erasure_plan import LAST, Plan, decisions_of, plan
from chalicelib.governance.policies.times import written_at
from chalicelib.profile import Retention

Document = dict[str, Any]

# Records may come while a client is erased; a round that finds none is the last. For analyses that
# are under way the rounds wait, together about as long as the API waits for the function.
ROUNDS = 20
PAUSE_SECONDS = 1.0


class Erasures(Protocol):
    def begin(self, client_id: str, order: Mapping[str, Any]) -> Document: ...
    def records(self, client_id: str) -> list[Document]: ...
    def erased_records(self, beginning: str) -> Iterable[str]: ...
    def cases(self, client_id: str) -> list[Document]: ...
    def pseudonymise(
        self, erasure: Document, counted: str, records: list[Document], now: datetime
    ) -> None: ...
    def delete_claims(self, erasure: Document, claims: list[Document]) -> None: ...
    def delete_cases(self, erasure: Document, cases: list[Document]) -> None: ...
    def finish(self, erasure: Document, facts: Mapping[str, Any], now: datetime) -> Document: ...


class Files(Protocol):
    def delete(self, batches: Iterable[str]) -> int: ...


def erase(
    event: Mapping[str, Any],
    retention: Retention,
    table: Erasures,
    files: Files,
    now: datetime,
    wait: Callable[[float], None] = time.sleep,
) -> Document:
    """Erase a client, and return what became of each class of records.

    `event` has clientId, reason and by, the person; `until` for a repeat, which leaves what the
    client applied for later, and is nothing if nothing came late. Every step is harmless to repeat.
    Raises TableUnavailable if records keep coming, or an analysis does not end: the erasure stays
    open.
    """
    client_id = event["clientId"]
    order = {"at": written_at(now), "reason": event["reason"], "by": event["by"]}
    if "until" in event:
        if _plan(event, table, retention, lambda: now, ())[0].is_done:
            return {}  # nothing came late: it is no erasure
        order["repeatOf"] = event["until"]
    erasure = table.begin(client_id, order)
    # First, for a record that is erased no longer says of which batch it is.
    records = table.records(client_id)
    batches = {one["batch"]["batchId"] for one in records if "batch" in one}
    gone = files.delete(sorted(batches))
    clock = going_on(now)
    before = _erased_before(records, table)
    last = _erase_records(event, erasure, retention, table, before, clock, wait)
    gone += files.delete(sorted(batches))  # of a batch that ended meanwhile
    facts: Document = {"kept": {name: len(found) for name, found in last.kept.items()}}
    facts |= {"until": last.until, "files": gone}
    done = table.finish(erasure, facts, clock())
    return _answer(done, retention)


def _erase_records(
    event: Mapping[str, Any],
    erasure: Document,
    retention: Retention,
    table: Erasures,
    gone: set[str],
    clock: Callable[[], datetime],
    wait: Callable[[float], None],
) -> Plan:
    """Erase until nothing is left to erase, and return the last plan. `gone` has the decisions that
    are erased, and gets the others.

    A mark may not be of a day before its record, so the time is read after the records.
    """
    for _ in range(ROUNDS):
        todo, now = _plan(event, table, retention, clock, gone)
        if todo.is_done:
            return todo
        if todo.erases_nothing:
            wait(PAUSE_SECONDS)
            continue
        table.delete_cases(erasure, todo.cases)  # before the decision by which they go
        for name, erased in todo.pseudonymised.items():
            table.pseudonymise(erasure, name, erased, now)
            gone |= decisions_of(erased)
        table.delete_claims(erasure, todo.claims)
    raise TableUnavailable


def _erased_before(records: Iterable[Document], table: Erasures) -> set[str]:
    """Return the decisions that an erasure has taken before it was cut off: their claims are left,
    and are no analyses under way.
    """
    claimed = {one["claimedId"] for one in records if isinstance(one.get("claimedId"), str)}
    return {one for one in claimed if one in table.erased_records(one)}


def _plan(
    event: Mapping[str, Any],
    table: Erasures,
    retention: Retention,
    clock: Callable[[], datetime],
    gone: Collection[str],
) -> tuple[Plan, datetime]:
    """Return the plan for what the client has, and the time of it."""
    client_id, until = event["clientId"], event.get("until", LAST)
    records, cases, now = table.records(client_id), table.cases(client_id), clock()
    return plan(records, cases, retention, now, gone, until), now


def _answer(done: Document, retention: Retention) -> Document:
    """Return an erasure by class of records; a decision's outcomes and acts count with it."""
    classes = [
        {
            "class": name,
            "pseudonymised": done[name],
            "kept": done["kept"].get(name, 0),
            "until": done["until"].get(name),
            "law": msgspec.to_builtins(getattr(retention, name).law),
        }
        for name in ("loans", "decisions")
    ]
    deleted = [{"class": name, "erased": done[name]} for name in ("claims", "cases")]
    return {
        "at": done["at"],
        "reason": done["reason"],
        "classes": [*classes, *deleted],
        "files": {"erased": done["files"]},
    }
