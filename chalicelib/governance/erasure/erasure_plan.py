"""Plan of an erasure: which of a client's records stay, are pseudonymised or deleted. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from chalicelib.decisions.outcome_rules import final_decision, loan_fault
from chalicelib.governance.policies.times import written_at
from chalicelib.profile import Retention

Record = dict[str, Any]
Class = Literal["loans", "decisions"]

UNDER_WAY_MINUTES = 10  # an analysis is over long before


@dataclass
class Plan:
    """`kept` and `pseudonymised` have the records of each class; `until`, the last day of a kept
    class. A decision comes after the records beside it, so that its class is known to the end.
    `claims` and the reviewers' `cases` of decisions that are not kept are deleted.
    """

    kept: dict[Class, list[Record]] = field(default_factory=lambda: defaultdict(list))
    pseudonymised: dict[Class, list[Record]] = field(default_factory=lambda: defaultdict(list))
    claims: list[Record] = field(default_factory=list)
    cases: list[Record] = field(default_factory=list)
    until: dict[Class, str] = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        return not (self.claims or self.cases or any(self.pseudonymised.values()))


def plan(
    records: Iterable[Record],
    cases: Iterable[Record],
    retention: Retention,
    now: datetime,
    gone: Collection[str] = (),
) -> Plan:
    """Return the plan for all records and cases of a client, at a time in UTC.

    `gone` are the decisions that this erasure has pseudonymised already.

    Outcomes and acts go with their decision. Where that is gone, they go, too: they came while it
    was being erased. A case that was opened just now may precede its decision, and is left.
    """
    made, decided, claims = Plan(), dict[str, Record](), list[Record]()
    beside: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        if "claimedId" in record:
            claims.append(record)
        elif "of" in record:
            beside[record["of"]].append(record)
        else:
            decided[record["predictionId"]] = record
    loans = _loans(decided, beside)
    for name, decision in decided.items():
        kind: Class = "loans" if name in loans else "decisions"
        _add(made, kind, decision, beside.pop(name, []), retention, now.date().isoformat())
    made.pseudonymised["loans"] += [one for orphans in beside.values() for one in orphans]
    kept = {one["predictionId"] for records in made.kept.values() for one in records}
    made.claims = [claim for claim in claims if claim["claimedId"] not in kept]
    settled = written_at(now - timedelta(minutes=UNDER_WAY_MINUTES))
    made.cases = [
        case
        for case in cases
        if case["predictionId"] not in kept
        and (case["predictionId"] in {*decided, *gone} or case["openedAt"] < settled)
    ]
    return made


def decisions_of(records: Iterable[Record]) -> set[str]:
    """Return the ids of the decisions among records."""
    return {one["predictionId"] for one in records if "of" not in one}


def _loans(decided: Mapping[str, Record], beside: Mapping[str, list[Record]]) -> set[str]:
    """Return the decisions that are loans, and those whose counter-offer became one: it names them,
    and would lead to their pseudonym.
    """
    loans = {name for name, one in decided.items() if is_loan(one, beside.get(name, []))}
    return loans | {decided[name].get("counterOfferOf", name) for name in loans}


def is_loan(decision: Record, beside: Iterable[Record]) -> bool:
    """Return whether a decision became a loan, by the records beside it."""
    ordered = sorted(beside, key=lambda one: one["predictionId"])
    acts = [one for one in ordered if "outcome" not in one]
    final = final_decision(decision["decision"], acts)
    granted = [None, *(one.get("granted") for one in ordered if "outcome" in one)]
    return any(not loan_fault(final, day) for day in granted)


def _add(
    made: Plan,
    name: Class,
    decision: Record,
    beside: list[Record],
    retention: Retention,
    today: str,
) -> None:
    retained = retention.loans if name == "loans" else retention.decisions
    if retained.is_kept(decision["createdAt"], today):
        made.kept[name] += [*beside, decision]
        until = retained.until(decision["createdAt"])
        made.until[name] = max(until, made.until.get(name, until))
    else:
        made.pseudonymised[name] += [*beside, decision]
