"""Acts on policies, which are only ever added, and what follows from them. Pure.

Two different people approve a draft before it comes into force. A rollback by one person is in
force at once, and cancels what was approved for later.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec

APPROVALS = 2  # by so many different people

Kind = Literal["DEPLOYED", "DRAFTED", "APPROVED", "ROLLED_BACK"]


class Act(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """An act of a person or of a deployment on one policy.

    `id` sorts by time. `at` and `effectiveFrom` are in ISO 8601, UTC, with milliseconds. `draft` is
    the id of the act that an approval is for.
    """

    id: str
    kind: Kind
    policy: str
    at: str
    by: dict[str, str]
    effective_from: str = ""
    draft: str = ""
    reason: str = ""

    @property
    def asked(self) -> tuple[object, ...]:
        """Who asks for what, and from when: nothing for at once."""
        later = self.effective_from if self.effective_from > self.at else ""
        return self.kind, self.policy, self.by, self.reason, self.draft, later


@dataclass(frozen=True, slots=True)
class Period:
    """A time in which a policy is in force, from `start` until the next one starts."""

    start: str
    policy: str
    act: Act


def periods(acts: Iterable[Act]) -> list[Period]:
    """Return the periods, the earliest first, those of the future included."""
    found: list[Period] = []
    drafts: dict[str, Act] = {}
    approved: dict[str, set[str]] = {}
    for act in sorted(acts, key=lambda one: one.id):
        if act.kind == "DRAFTED":
            drafts[act.id] = act
        elif act.kind == "APPROVED" and act.draft in drafts:
            people = approved.setdefault(act.draft, set())
            is_complete = len(people) >= APPROVALS
            people.add(_person(act.by))
            if len(people) >= APPROVALS and not is_complete:
                start = max(drafts[act.draft].effective_from, act.at)
                found.append(Period(start, act.policy, act))
        elif act.kind in ("DEPLOYED", "ROLLED_BACK"):
            if act.kind == "ROLLED_BACK":
                found = [period for period in found if period.start <= act.at]
            found.append(Period(act.at, act.policy, act))
    return sorted(found, key=lambda period: (period.start, period.act.id))


def in_force(found: Iterable[Period], at: str) -> Period | None:
    """Return the period of a time, or None before the first."""
    started = [period for period in found if period.start <= at]
    return started[-1] if started else None


def in_force_between(found: list[Period], first: str, last: str) -> set[str]:
    """Return the policies that were in force at any time from `first` to `last`."""
    begun = in_force(found, first)
    inside = {period.policy for period in found if first < period.start <= last}
    return inside | ({begun.policy} if begun else set())


def approvals_of(acts: Iterable[Act], draft: str) -> list[Act]:
    """Return the first approval of a draft by each person: of several at once all are acts."""
    of_draft = (act for act in acts if act.kind == "APPROVED" and act.draft == draft)
    first: dict[str, Act] = {}
    for act in of_draft:
        first.setdefault(_person(act.by), act)
    return list(first.values())


def approvers(acts: Iterable[Act], draft: str) -> set[str]:
    """Return the people who approved a draft."""
    return {_person(act.by) for act in approvals_of(acts, draft)}


def _person(by: Mapping[str, str]) -> str:
    """Return the id of a person, which no other person has: the `sub` of their token."""
    return by.get("sub", "")
