"""Limits of API Gateway: a token bucket for each API key, and one for each method of a stage.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
"""

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from localcloud.services.apigateway.refused import Refused


@dataclass(frozen=True, slots=True)
class Throttle:
    """Tokens that a bucket gains a second, and those that it holds."""

    rate: float
    burst: int


class TokenBuckets:
    """Token buckets by their names. A bucket is full until it is first used."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._held: dict[Hashable, tuple[float, float]] = {}  # tokens, and when they were counted
        self._one_at_a_time = threading.Lock()

    def take(self, name: Hashable, throttle: Throttle | None) -> None:
        """Take a token; without a throttle there is no limit. Raises Refused."""
        if throttle is None:
            return
        with self._one_at_a_time:
            now = self._now()
            tokens, counted = self._held.get(name, (float(throttle.burst), now))
            tokens = min(throttle.burst, tokens + (now - counted) * throttle.rate)
            self._held[name] = (tokens - 1 if tokens >= 1 else tokens, now)
        if tokens < 1:
            raise Refused("THROTTLED")
