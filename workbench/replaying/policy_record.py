"""The bank's record of policies: which were in force when a decision was made."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from chalicelib.governance.policies.acts import Act, Period, in_force_between, periods
from chalicelib.governance.policies.in_force import SECONDS_UNTIL_SEEN
from chalicelib.governance.policies.times import written_at
from chalicelib.profile import Policy
from chalicelib.scoring.time_budgets import MACHINE_SECONDS


class Policies(Protocol):
    def acts(self) -> list[Act]: ...
    def policy(self, version: str) -> Policy: ...


class PolicyRecord:
    """The acts and documents of the data bucket, read once."""

    def __init__(self, policies: Policies) -> None:
        self._policies = policies
        self._periods: list[Period] = periods(policies.acts())

    def fault(self, decision: Mapping[str, Any]) -> str:
        """Return why the policy of a decision was not the bank's; empty if it was, or if the
        record begins later.
        """
        at, version = decision["createdAt"], decision["policyVersion"]
        if not self._periods or at < self._periods[0].start:
            return ""
        made = datetime.fromisoformat(at)
        # A function may know a policy that ended, and it decides after the request was made.
        first = written_at(made - timedelta(seconds=SECONDS_UNTIL_SEEN))
        last = written_at(made + timedelta(seconds=MACHINE_SECONDS))
        were = in_force_between(self._periods, first, last)
        if version not in were:
            return f"not in force on {at}: {' or '.join(sorted(were))} was"
        try:
            self._policies.policy(version)
        except ValueError as changed:
            return str(changed)
        return ""
