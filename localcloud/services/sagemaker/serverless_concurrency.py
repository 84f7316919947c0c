"""Concurrency of serverless endpoints: how many invocations run at once, and which are throttled.

"Any endpoint invocations beyond the maximum are throttled":
https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html#serverless-endpoints-how-it-works-concurrency
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Throttled(Exception):
    """An invocation beyond the MaxConcurrency of its endpoint."""


class ServerlessConcurrency:
    """The invocations that run on each endpoint. One whose client gave up runs on until the model
    answers, and so keeps its place. If not `limited`, none is throttled: for measurements.
    """

    def __init__(self) -> None:
        self.limited = True
        self._running: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def invocation(self, endpoint: Any) -> Iterator[None]:
        """Hold a place of the endpoint, which is moto's record. Raises Throttled.

        An endpoint on instances has no limit here: AWS documents none.
        """
        name, limit = endpoint.endpoint_name, _limit(endpoint)
        with self._lock:
            if self.limited and limit is not None and self._running[name] >= limit:
                raise Throttled
            self._running[name] += 1
        try:
            yield
        finally:
            with self._lock:
                self._running[name] -= 1


def _limit(endpoint: Any) -> int | None:
    serverless = endpoint.production_variants[0].get("CurrentServerlessConfig") or {}
    limit: int | None = serverless.get("MaxConcurrency")
    return limit
