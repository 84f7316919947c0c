"""The routes of /policies: draft, approve by two people, roll back, and look."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec

from chalicelib.foundation.text import Text
from chalicelib.governance import repeats
from chalicelib.governance.policies.acts import (
    APPROVALS,
    Act,
    Period,
    approvals_of,
    approvers,
    in_force,
    periods,
)
from chalicelib.governance.policies.policy_documents import proposed, with_policy
from chalicelib.governance.policies.policy_problems import PolicyConflict, PolicyNotFound
from chalicelib.governance.policies.policy_requests import (
    decisions_request,
    draft_request,
    rollback_request,
)
from chalicelib.governance.policies.policy_swap_set import Decided, policy_swap_set
from chalicelib.governance.policies.times import act_id, written_at
from chalicelib.profile import Policy, Profile

Document = dict[str, Any]
By = dict[str, str]

SAME = Text(
    es="La política {version} ya está en vigor: el borrador no cambia nada.",
    en="The policy {version} is in force already: the draft changes nothing.",
)
NO_DRAFT = Text(es="No hay borrador {id}.", en="There is no draft {id}.")
TWICE = Text(
    es="Ya aprobó este borrador: lo tiene que aprobar otra persona.",
    en="You have approved this draft: another person must approve it.",
)
APPROVED = Text(
    es="El borrador ya tiene sus aprobaciones.", en="The draft has its approvals already."
)
NEVER = Text(
    es="La política {version} nunca estuvo en vigor: se puede volver a una que lo estuvo.",
    en="The policy {version} was never in force: a rollback goes to one that was.",
)


class Policies(Protocol):
    def acts(self) -> list[Act]: ...
    def add_act(self, act: Act) -> None: ...
    def policy(self, version: str) -> Policy: ...
    def add_policy(self, policy: Policy) -> None: ...


class PolicyDesk:
    """Policies of a bank at one time. `profile` is that of the deployment."""

    def __init__(self, policies: Policies, profile: Profile, now: datetime) -> None:
        self._policies = policies
        self._profile = profile
        self._now = now
        self._at = written_at(now)
        self._acts = policies.acts()
        self._periods = periods(self._acts)

    def overview(self) -> Document:
        """Return the policy in force, those to come, drafts without their approvals, and all
        acts, the newest first.
        """
        current = in_force(self._periods, self._at)
        later = [period for period in self._periods if period.start > self._at]
        return {
            "inForce": _shown_period(current) if current else None,
            "scheduled": [_shown_period(period) for period in later],
            "drafts": [self._shown_draft(act) for act in self._open_drafts()],
            "acts": [_shown(act) for act in self._acts[::-1]],
            "deployed": self._profile.policy_version(),
        }

    def document(self, version: str) -> Document:
        """Return a policy's document and its acts. Raises PolicyNotFound."""
        mine = [act for act in self._acts if act.policy == version]
        if not mine:
            raise PolicyNotFound
        policy = msgspec.to_builtins(self._policies.policy(version))
        return {"version": version, "policy": policy, "acts": [_shown(act) for act in mine]}

    def draft(self, body: Any, by: By) -> Document:
        """Keep a draft. Its policy is that in force with the parts of `body` in their place.

        A repeat of an open draft by the same person returns it. Raises InvalidRequest,
        InvalidPolicy, and PolicyConflict if nothing would change.
        """
        asked = draft_request(body, self._now)
        before = self._in_force()
        policy = proposed(asked.parts, before).policy
        if policy.version() == before.policy_version():
            raise PolicyConflict(SAME.format(version=policy.version()))
        starts = {"effective_from": asked.effective_from, "reason": asked.reason}
        act = self._act("DRAFTED", policy.version(), by, **starts)
        if earlier := repeats.first_of(act, self._open_drafts()):
            return self._shown_draft(earlier)
        self._policies.add_policy(policy)
        return self._shown_draft(self._kept(act))

    def swap_set(
        self, draft: str, newest: Callable[[int], Sequence[Decided]], wanted: str
    ) -> Document:
        """Return the newest decisions that a draft turns, beside the policy in force.

        Raises PolicyNotFound, and InvalidRequest for `wanted`, a number of decisions.
        """
        policy = self._policies.policy(self._draft(draft).policy)
        recent = newest(decisions_request(wanted))
        found = policy_swap_set(recent, self._in_force().policy, policy)
        return {"draft": draft, "policy": policy.version()} | found

    def approve(self, draft: str, by: By) -> Document:
        """Approve a draft; the second person's approval puts it in force at its time.

        Raises PolicyNotFound, and PolicyConflict for a person's second approval.
        """
        found = self._draft(draft)
        people = approvers(self._acts, draft)
        if len(people) >= APPROVALS:
            raise PolicyConflict(APPROVED)
        if by["sub"] in people:
            raise PolicyConflict(TWICE)
        with_policy(self._profile, self._policies.policy(found.policy))  # a deployment may differ
        act = self._kept(self._act("APPROVED", found.policy, by, draft=draft))
        starts = [one for one in periods([*self._acts, act]) if one.act == act]
        return self._shown_draft(found, [*self._acts, act]) | {
            "inForceFrom": starts[0].start if starts else None
        }

    def roll_back(self, body: Any, by: By) -> Document:
        """Put a policy that was in force back in force, at once and by one person.

        What is approved for later is cancelled. A repeat of the newest act returns it. Raises
        InvalidRequest, InvalidPolicy, and PolicyConflict.
        """
        asked = rollback_request(body)
        version = asked.version
        if not any(one.policy == version and one.start <= self._at for one in self._periods):
            raise PolicyConflict(NEVER.format(version=version))
        act = self._act("ROLLED_BACK", version, by, reason=asked.reason)
        if earlier := repeats.first_of(act, self._acts[-1:]):
            return _shown(earlier)
        with_policy(self._profile, self._policies.policy(version))
        return _shown(self._kept(act))

    def deploy(self, by: By, *, at_once: bool) -> Act | None:
        """Put the deployment's own policy in force, if it is the first or `at_once`; else draft it.

        Returns the act; None if the policy of credit.toml is that of the deployment before.
        """
        version = self._profile.policy_version()
        deployed = [act.policy for act in self._acts if "deployment" in act.by]
        if deployed[-1:] == [version]:
            return None
        self._policies.add_policy(self._profile.policy)
        if at_once or not deployed:
            return self._kept(self._act("DEPLOYED", version, by))
        starts = {"effective_from": self._at, "reason": "make deploy"}
        return self._kept(self._act("DRAFTED", version, by, **starts))

    def _in_force(self) -> Profile:
        current = in_force(self._periods, self._at)
        if current is None:
            return self._profile
        return with_policy(self._profile, self._policies.policy(current.policy))

    def _act(self, kind: Any, version: str, by: By, **parts: str) -> Act:
        return Act(act_id(self._now), kind, version, self._at, by, **parts)

    def _kept(self, act: Act) -> Act:
        self._policies.add_act(act)
        return act

    def _draft(self, draft: str) -> Act:
        for act in self._acts:
            if act.id == draft and act.kind == "DRAFTED":
                return act
        raise PolicyNotFound(NO_DRAFT.format(id=draft))

    def _open_drafts(self) -> list[Act]:
        return [
            act
            for act in self._acts
            if act.kind == "DRAFTED" and len(approvers(self._acts, act.id)) < APPROVALS
        ]

    def _shown_draft(self, draft: Act, acts: Sequence[Act] | None = None) -> Document:
        known = self._acts if acts is None else acts
        approvals = approvals_of(known, draft.id)
        return _shown(draft) | {
            "approvals": [{"by": one.by, "at": one.at} for one in approvals],
            "missingApprovals": max(0, APPROVALS - len(approvals)),
        }


def _shown(act: Act) -> Document:
    parts = {
        "id": act.id, "kind": act.kind, "policy": act.policy, "at": act.at, "by": act.by,
        "effectiveFrom": act.effective_from, "draft": act.draft, "reason": act.reason,
    }  # fmt: skip
    return {name: value for name, value in parts.items() if value}


def _shown_period(period: Period) -> Document:
    return {"policy": period.policy, "from": period.start, "act": period.act.id}
