"""The way of POST /predict through AWS, by simulation: who waits for whom, and for how long.

The steps, their repeats and their time limits are those of analisisCredito and time_budgets.py.
"""

import random
from collections import Counter
from dataclasses import dataclass, field

import simpy

from chalicelib.scoring import time_budgets as budgets
from infrastructure.account.aws_path.assumed_times import Draws, values
from infrastructure.account.aws_path.places import (
    Account,
    Function,
    Instances,
    Serverless,
    Steps,
    Table,
    Throttled,
)

ANSWERS = ("trees_ms", "scorecard_ms", "scorecard_ms")  # of [work], a model each
SAVE_REPEATS, LAMBDA_REPEATS, TIMEOUT_REPEATS = 3, 4, 2  # MaxAttempts of analisisCredito
LONGEST_WAIT, LONGEST_LAMBDA_WAIT = 2.0, 3.0  # its MaxDelaySeconds
EVERY = 10**6  # environments and containers enough for all


@dataclass(frozen=True)
class Design:
    """A deployment and what of it is warm: `provisioned` containers of each model always are."""

    name: str
    serverless: bool = True
    provisioned: int = 0
    instances: int = 0
    route_rate: float = 1e9
    route_burst: float = 1e9
    functions_at_once: int = EVERY
    endpoint_at_once: int = 200
    table_units: float = 24_000


@dataclass
class Outcome:
    """Times of the callers with a decision, in seconds; others by how they ended; billed time."""

    times: list[float] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)
    api_seconds: float = 0.0
    model_seconds: float = 0.0
    save_seconds: float = 0.0
    machine_seconds: float = 0.0
    endpoint_seconds: float = 0.0
    functions_at_once: int = 0


class DecisionPath:
    """One stage in one account, from its first caller on."""

    def __init__(self, design: Design, *, warm: bool, seed: int) -> None:
        self.design, self.world = design, simpy.Environment()
        self.draws = Draws(random.Random(seed))
        self.outcome, self.work = Outcome(), values("work")
        self.account = Account(design.functions_at_once)
        idle = EVERY if warm else 0
        self.api, self.save, *self.models = (
            Function(self.world, self.draws, self.account, idle) for _ in range(5)
        )
        self.endpoints = [self._endpoint(name, warm=warm) for name in ANSWERS]
        self.table = Table(self.world, self.draws, design.table_units)
        self.tokens, self.filled_at = design.route_burst, 0.0

    def _endpoint(self, answer: str, *, warm: bool) -> Serverless | Instances:
        seconds, design = getattr(self.work, answer) / 1000, self.design
        if not design.serverless:
            return Instances(self.world, self.draws, seconds, design.instances)
        started = design.endpoint_at_once if warm else design.provisioned
        most = design.endpoint_at_once
        return Serverless(self.world, self.draws, seconds, most, idle=started, made=started)

    def run(self, rate: float, seconds: float) -> Outcome:
        """Let callers come for so long, and return how each ended."""
        self.world.process(self._callers(rate, seconds))
        self.world.run()
        done = self.outcome
        done.times.sort()
        done.api_seconds, done.save_seconds = self.api.seconds, self.save.seconds
        done.model_seconds = sum(one.seconds for one in self.models)
        done.endpoint_seconds = sum(getattr(one, "seconds", 0.0) for one in self.endpoints)
        done.functions_at_once = self.account.peak
        return done

    def _callers(self, rate: float, seconds: float) -> Steps:
        while True:
            yield self.world.timeout(self.draws.until_next(rate))
            if self.world.now > seconds:
                return
            self.world.process(self._call())

    def _admitted(self) -> bool:
        design, now = self.design, self.world.now
        grown = self.tokens + (now - self.filled_at) * design.route_rate
        self.tokens, self.filled_at = min(design.route_burst, grown), now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True

    def _call(self) -> Steps:
        began = self.world.now
        if not self._admitted():
            self.outcome.ends["429"] += 1
            return
        yield self.world.timeout(self.draws.seconds("gateway"))
        try:
            yield from self.api.enter()
        except Throttled:
            self.outcome.ends["failed"] += 1
            return
        entered = self.world.now
        yield self._computing(0)
        machine = self.world.process(self._machine())
        patience = self.world.timeout(budgets.CONNECT_SECONDS + budgets.PATIENCE_SECONDS)
        yield machine | patience
        self.api.leave(entered)
        end = str(machine.value) if machine.processed else "202"
        self.outcome.ends[end] += 1
        if end in ("three models", "fewer models"):
            self.outcome.times.append(self.world.now - began)

    def _computing(self, function: int) -> simpy.Timeout:
        """Return the wait for a function's own work: 0 the API's, 1 a model's, 2 saveResult."""
        cpu = self.work.handler_cpu_ms + self.work.calls[function] * self.work.call_cpu_ms
        return self.world.timeout(cpu / 1000 / self.work.function_vcpu)

    def _machine(self) -> Steps:
        began = self.world.now
        yield self.world.timeout(self.draws.seconds("transition"))
        branches = [self.world.process(self._branch(one)) for one in range(len(ANSWERS))]
        yield simpy.AllOf(self.world, branches)
        scored = sum(bool(one.value) for one in branches)
        yield self.world.timeout(self.draws.seconds("transition"))
        stored = yield from self._saving()
        self.outcome.machine_seconds += self.world.now - began
        if not stored:
            return "failed"
        return "three models" if scored == len(ANSWERS) else "fewer models"

    def _saving(self) -> Steps:
        for repeat in range(SAVE_REPEATS + 1):
            try:
                yield from self.save.enter()
            except Throttled:
                yield self._before(repeat)
                continue
            entered, stored = self.world.now, True
            yield self._computing(2)
            try:
                yield from self.table.write(self.work.write_units)
            except Throttled:
                stored = False
            self.save.leave(entered)
            if stored:
                return True
            yield self._before(repeat)
        return False

    def _before(self, repeat: int) -> simpy.Timeout:
        wait = min(LONGEST_LAMBDA_WAIT, 2.0**repeat)
        return self.world.timeout(self.draws.jitter(wait))

    def _branch(self, model: int) -> Steps:
        """Ask a model until it answers or its time is over. The value is whether it answered."""
        began, timeouts, refusals = self.world.now, 0, 0
        function = self.models[model]
        while (waited := self.world.now - began) <= budgets.LAST_THROTTLED_SECONDS:
            try:
                yield from function.enter()
            except Throttled:
                refusals += 1
                if refusals > LAMBDA_REPEATS:
                    return False
                yield self._before(refusals - 1)
                continue
            answer = yield from self._asking(function, model, waited)
            if answer == "answered":
                return True
            if answer == "late":
                timeouts += 1
                late = self.world.now - began > budgets.LAST_TIMEOUT_SECONDS
                if late or timeouts > TIMEOUT_REPEATS:
                    return False
            yield self.world.timeout(self.draws.jitter(LONGEST_WAIT if answer == "busy" else 1))
        return False

    def _asking(self, function: Function, model: int, waited: float) -> Steps:
        """Ask an endpoint once. The value is answered, busy or late."""
        entered = self.world.now
        yield self._computing(1)
        is_short = waited > budgets.LAST_ATTEMPT_SECONDS
        limit = budgets.TEST_SECONDS if is_short else budgets.ENDPOINT_SECONDS
        asked = self.world.process(self._answered(model))
        yield asked | self.world.timeout(limit)
        function.leave(entered)
        return asked.value if asked.processed else "late"

    def _answered(self, model: int) -> Steps:
        try:
            yield from self.endpoints[model].answer()
        except Throttled:
            return "busy"
        return "answered"
