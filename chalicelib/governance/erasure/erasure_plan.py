"""Plan of an erasure: which of a client's records stay, are pseudonymised or deleted. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from chalicelib.decisions.outcome_rules import final_decision, loan_fault
from chalicelib.governance.policies.times import written_at
from chalicelib.profile import Retention

Record = dict[str, Any]
Class = Literal["loans", "decisions"]

LAST = "~"  # after every time
UNDER_WAY_MINUTES = 10  # an analysis is over long before


@dataclass
class Plan:
    """`kept` and `pseudonymised` have the records of each class; `until`, the last day of a kept
    class. A decision comes after the records beside it, so that its class is known to the end.
    `claims` and the reviewers' `cases` of decisions that do not stay are deleted. `under_way` are
    decisions that an analysis is about to add to: the erasure waits for these.
    """

    kept: dict[Class, list[Record]] = field(default_factory=lambda: defaultdict(list))
    pseudonymised: dict[Class, list[Record]] = field(default_factory=lambda: defaultdict(list))
    claims: list[Record] = field(default_factory=list)
    cases: list[Record] = field(default_factory=list)
    until: dict[Class, str] = field(default_factory=dict)
    under_way: set[str] = field(default_factory=set)

    @property
    def erases_nothing(self) -> bool:
        return not (self.claims or self.cases or any(self.pseudonymised.values()))

    @property
    def is_done(self) -> bool:
        return self.erases_nothing and not self.under_way


def plan(
    records: Iterable[Record],
    cases: Iterable[Record],
    retention: Retention,
    now: datetime,
    gone: Collection[str] = (),
    until: str = LAST,
) -> Plan:
    """Return the plan for all records and cases of a client, at a time in UTC.

    `gone` are the decisions that this erasure has pseudonymised already. Applications of after
    `until` stay: the client came back.

    An item that no function of the bank writes goes: no law keeps it, whatever it says.

    A decision stays or goes together with the decisions on its counter-offer: they name it, and one
    of them may be the loan. Outcomes and acts go with their decision. Where that is gone, they go,
    too: they came while it was being erased. A case that was opened just now may precede its
    decision, and is left.
    """
    made, stored = Plan(), _sorted(records)
    decided, applications = stored.decided.keys(), _applications(stored.decided.values())
    settled = written_at(now - timedelta(minutes=UNDER_WAY_MINUTES))
    made.under_way = _claimed_just_now(stored.claims, {*decided, *gone}, settled)
    stays = set(made.under_way)
    for first, members in applications.items():
        if _is_attempted(members, stored.beside.get(first, []), settled):
            made.under_way.add(first)
        elif _made(members) <= until:
            _add(made, members, stored.beside, retention, now.date().isoformat())
            continue
        stays |= decisions_of(members)
        for one in members:
            stored.beside.pop(one["predictionId"], None)
    made.pseudonymised["decisions"] += stored.foreign
    made.pseudonymised["loans"] += [one for orphans in stored.beside.values() for one in orphans]
    stays |= {name for kept in made.kept.values() for name in decisions_of(kept)}
    made.claims = [claim for claim in stored.claims if claim["claimedId"] not in stays]
    made.cases = [
        case
        for case in cases
        if case["predictionId"] not in stays
        and (case["predictionId"] in {*decided, *gone} or _opened(case) < settled)
    ]
    return made


@dataclass
class _Stored:
    """Records of a client. What stands beside a decision is by the decision's id. `foreign` are
    items that are no records.
    """

    decided: dict[str, Record] = field(default_factory=dict)
    claims: list[Record] = field(default_factory=list)
    beside: dict[str, list[Record]] = field(default_factory=lambda: defaultdict(list))
    foreign: list[Record] = field(default_factory=list)


def _sorted(records: Iterable[Record]) -> _Stored:
    stored = _Stored()
    for record in records:
        match record:
            case {"claimedId": str()} if isinstance(record.get("createdAt", ""), str):
                stored.claims.append(record)
            case {"of": str(of)} if _is_beside(record):
                stored.beside[of].append(record)
            case {"predictionId": str(name), "createdAt": str(at), "decision": str()} if _is_time(
                at
            ):
                stored.decided[name] = record
            case _:
                stored.foreign.append(record)
    return stored


def _is_beside(record: Record) -> bool:
    """Return whether what stands beside a decision has what a plan reads of it."""
    if record.get("act") != "OFFER":
        return True
    return isinstance(record.get("at"), str) and isinstance(record.get("attempt"), int)


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _opened(case: Record) -> str:
    """Return when a case was opened; of an item that is none, before all."""
    opened = case.get("openedAt")
    return opened if isinstance(opened, str) else ""


def _applications(decided: Iterable[Record]) -> dict[str, list[Record]]:
    """Return the decisions on each application, by the id of the first."""
    found: dict[str, list[Record]] = defaultdict(list)
    for one in decided:
        found[str(one.get("counterOfferOf", one["predictionId"]))].append(one)
    return found


def _made(members: Iterable[Record]) -> str:
    """Return when an application was first decided on."""
    return str(min(one["createdAt"] for one in members))


def _claimed_just_now(claims: Iterable[Record], known: set[str], settled: str) -> set[str]:
    """Return the decisions that are claimed, and not stored yet."""
    return {
        claim["claimedId"]
        for claim in claims
        if claim["claimedId"] not in known and claim.get("createdAt", "") > settled
    }


def _is_attempted(members: list[Record], acts: Iterable[Record], settled: str) -> bool:
    """Return whether a counter-offer is being taken: its newest attempt has no decision yet."""
    attempts = [one for one in acts if one.get("act") == "OFFER" and one["at"] > settled]
    decided = sum("counterOfferOf" in one for one in members)
    return any(one["attempt"] >= decided for one in attempts)


def decisions_of(records: Iterable[Record]) -> set[str]:
    """Return the ids of the decisions among records."""
    return {one["predictionId"] for one in records if "of" not in one}


def is_loan(decision: Record, beside: Iterable[Record]) -> bool:
    """Return whether a decision became a loan, by the records beside it."""
    ordered = sorted(beside, key=lambda one: one["predictionId"])
    acts = [one for one in ordered if "outcome" not in one]
    final = final_decision(decision["decision"], acts)
    granted = [None, *(one.get("granted") for one in ordered if "outcome" in one)]
    return any(not loan_fault(final, day) for day in granted)


def _add(
    made: Plan,
    members: list[Record],
    beside: dict[str, list[Record]],
    retention: Retention,
    today: str,
) -> None:
    """Add the decisions on one application with the records beside them. The law's term counts from
    the last of them.
    """
    is_any_loan = any(is_loan(one, beside.get(one["predictionId"], [])) for one in members)
    name: Class = "loans" if is_any_loan else "decisions"
    retained = retention.loans if is_any_loan else retention.decisions
    newest = max(one["createdAt"] for one in members)
    records = [record for one in members for record in [*beside.pop(one["predictionId"], []), one]]
    if retained.is_kept(newest, today):
        made.kept[name] += records
        until = retained.until(newest)
        made.until[name] = max(until, made.until.get(name, until))
    else:
        made.pseudonymised[name] += records
