"""The route GET /ready: the models that answer now, and whether they are enough to decide."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Protocol

from chalicelib.decisions.decision import may_decide
from chalicelib.foundation.errors import EndpointFault, NotReady
from chalicelib.profile import Profile
from chalicelib.scoring.branch_results import Unavailable

KEPT_SECONDS = 5.0  # whoever asks more often is answered from memory, and loads no endpoint

Document = dict[str, Any]


class Probing(Protocol):
    def ask(self, model: str) -> None: ...


class Readiness:
    """The probes' results, kept for a few seconds. One caller at a time asks the endpoints."""

    def __init__(
        self, profile: Profile, probes: Probing, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._profile = profile
        self._probes = probes
        self._clock = clock
        self._asking = threading.Lock()
        self._until = float("-inf")
        self._found: Document = {}

    def report(self) -> Document:
        """Return READY if all models answer, PARTIAL if enough do. Raises NotReady."""
        with self._asking:
            if self._clock() >= self._until:
                self._found = self._look()
                self._until = self._clock() + KEPT_SECONDS
        answering = [name for name, one in self._found["models"].items() if one["status"] == "OK"]
        if may_decide(answering, self._profile.decision) != "SCORE":
            raise NotReady(self._found)
        whole = len(answering) == len(self._found["models"])
        return {"status": "READY" if whole else "PARTIAL", **self._found}

    def _look(self) -> Document:
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return {"checkedAt": at, "models": {name: self._ask(name) for name in self._profile.models}}

    def _ask(self, model: str) -> Document:
        started = self._clock()
        try:
            self._probes.ask(model)
        except EndpointFault as fault:
            silent = Unavailable({"Error": type(fault).__name__})
            return {"status": "UNAVAILABLE", "cause": silent.code()}
        return {"status": "OK", "milliseconds": round((self._clock() - started) * 1000)}
