"""Places that answer a call: execution environments, serverless containers, instances, a table."""

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import simpy

from infrastructure.account.aws_path.assumed_times import Draws, values

GROWTH_SECONDS = 10

Steps = Generator[Any, Any, Any]  # what simpy waits for


class Throttled(Exception):
    """No place is free, and no more may be made."""


@dataclass
class Account:
    """The functions of an account that run at once, and the most that may."""

    most: int
    busy: int = 0
    peak: int = 0


@dataclass
class Function:
    """The environments of a function: a call takes an idle one, or waits for a new one."""

    world: simpy.Environment
    draws: Draws
    account: Account
    idle: int = 0
    seconds: float = 0.0  # billed
    grown: float = 0.0  # environments that count for the growth of the last 10 seconds
    grown_at: float = 0.0

    def enter(self) -> Steps:
        """Take an environment. Raises Throttled if the account, or the function in the last 10
        seconds, has as many as it may.
        """
        if self.account.busy >= self.account.most or not (self.idle or self._may_grow()):
            raise Throttled
        self.account.busy += 1
        self.account.peak = max(self.account.peak, self.account.busy)
        yield self.world.timeout(self.draws.seconds("invocation"))
        if self.idle:
            self.idle -= 1
            return
        self.grown += 1
        work = values("work")
        own = work.import_cpu_ms / 1000 / work.function_vcpu
        self.seconds += own  # the initialisation is billed
        yield self.world.timeout(self.draws.seconds("function_start") + own)

    def _may_grow(self) -> bool:
        growth = values("limits").function_growth
        passed, self.grown_at = self.world.now - self.grown_at, self.world.now
        self.grown = max(0.0, self.grown - passed * growth / GROWTH_SECONDS)
        return bool(self.grown < growth)

    def leave(self, since: float) -> None:
        """Give the environment back; `since` is when its handler began."""
        self.account.busy -= 1
        self.idle += 1
        self.seconds += self.world.now - since


@dataclass
class Serverless:
    """A serverless endpoint: one call a container, and a new container if none is idle."""

    world: simpy.Environment
    draws: Draws
    answer_seconds: float
    most: int
    idle: int = 0
    made: int = 0
    seconds: float = 0.0  # billed

    def answer(self) -> Steps:
        """Answer a call. Raises Throttled beyond the endpoint's concurrency."""
        if self.idle:
            self.idle -= 1
        elif self.made < self.most:
            self.made += 1
            yield self.world.timeout(self.draws.seconds("container_start"))
        else:
            raise Throttled
        yield self.world.timeout(self.draws.seconds("endpoint_way") + self.answer_seconds)
        self.seconds += self.answer_seconds
        self.idle += 1


@dataclass
class Instances:
    """An endpoint on instances: its workers answer one call after the other."""

    world: simpy.Environment
    draws: Draws
    answer_seconds: float
    count: int
    workers: simpy.Resource = field(init=False)

    def __post_init__(self) -> None:
        workers = self.count * values("work").instance_workers
        self.workers = simpy.Resource(self.world, workers)

    def answer(self) -> Steps:
        """Answer a call as soon as a worker is free."""
        yield self.world.timeout(self.draws.seconds("endpoint_way"))
        with self.workers.request() as turn:
            yield turn
            yield self.world.timeout(self.answer_seconds)


@dataclass
class Table:
    """A table that takes so many write units a second; more of them wait."""

    world: simpy.Environment
    draws: Draws
    units_a_second: float
    free_at: float = 0.0

    def write(self, units: float) -> Steps:
        """Write an item. Raises Throttled if it would wait longer than boto3 repeats it."""
        waits = max(0.0, self.free_at - self.world.now)
        if waits > 1.0:
            raise Throttled
        self.free_at = self.world.now + waits + units / self.units_a_second
        yield self.world.timeout(waits + self.draws.seconds("table"))
