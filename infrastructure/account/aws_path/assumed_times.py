"""Assumptions of the simulation, read from assumptions.toml, and times drawn from them."""

import math
import random
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ASSUMPTIONS = Path(__file__).with_name("assumptions.toml")
STANDARD_P99 = 2.3263  # of the standard normal distribution


@cache
def table() -> dict[str, Any]:
    """Return assumptions.toml."""
    return tomllib.loads(ASSUMPTIONS.read_text(encoding="utf-8"))


def values(section: str) -> SimpleNamespace:
    """Return the plain figures of a section by name."""
    return SimpleNamespace(**{name: row["value"] for name, row in table()[section].items()})


@dataclass(frozen=True)
class Draws:
    """Draws of times, in seconds, the same for the same seed."""

    source: random.Random

    def seconds(self, name: str) -> float:
        """Return one time of [times]: lognormal, through its p50 and p99."""
        row = table()["times"][name]
        sigma = math.log(row["p99"] / row["p50"]) / STANDARD_P99
        return self.source.lognormvariate(math.log(row["p50"]), sigma) / 1000

    def until_next(self, rate: float) -> float:
        """Return the time until the next of callers who come independently of each other."""
        return self.source.expovariate(rate)

    def jitter(self, at_most: float) -> float:
        """Return a wait of Step Functions with JitterStrategy FULL."""
        return self.source.uniform(0, at_most)


def quantile(sorted_times: list[float], share: float) -> float:
    """Return the smallest time that `share` of all times do not exceed.

    >>> quantile([1, 2, 3, 4], 0.5)
    2
    """
    return sorted_times[max(0, math.ceil(share * len(sorted_times)) - 1)]
