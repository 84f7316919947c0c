"""The policy in force: read from the data bucket, at most every 5 s."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.foundation.errors import PolicyUnavailable
from chalicelib.foundation.observability import logger
from chalicelib.governance.policies.acts import Act, Period, in_force, periods
from chalicelib.governance.policies.policy_documents import with_policy
from chalicelib.governance.policies.policy_problems import InvalidPolicy
from chalicelib.governance.policies.times import written_at
from chalicelib.profile import Policy, Profile

SECONDS_UNTIL_SEEN = 5


class Policies(Protocol):
    def acts(self) -> list[Act]: ...
    def policy(self, version: str) -> Policy: ...


class PolicyInForce:
    """The profile of this deployment with the policy in force in place of credit.toml's.

    While the bucket can't be read, what was read last counts.
    """

    def __init__(
        self,
        policies: Policies,
        deployed: Profile,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._policies = policies
        self._deployed = deployed
        self._clock = clock
        self._periods: list[Period] | None = None
        self._read_at = 0.0
        self._profiles: dict[str, Profile] = {}

    def profile(self, at: datetime) -> Profile:
        """Return the profile that decides at a time; credit.toml's, if no policy was ever put in
        force. Raises PolicyUnavailable.
        """
        period = in_force(self._known(), written_at(at))
        if period is None:
            return self._deployed
        if period.policy not in self._profiles:
            self._profiles[period.policy] = self._with(period.policy)
        return self._profiles[period.policy]

    def _with(self, version: str) -> Profile:
        try:
            return with_policy(self._deployed, self._policies.policy(version))
        except (BotoCoreError, ClientError, ValueError, InvalidPolicy) as error:
            logger.error("the policy in force can't be used", policy=version, cause=str(error))
            raise PolicyUnavailable from error

    def _known(self) -> list[Period]:
        now = self._clock()
        if self._periods is None or now - self._read_at >= SECONDS_UNTIL_SEEN:
            try:
                self._periods = periods(self._policies.acts())
            except (BotoCoreError, ClientError) as error:
                if self._periods is None:
                    raise PolicyUnavailable from error
                logger.error("policies can't be read: those read last count", cause=str(error))
            self._read_at = now
        return self._periods
