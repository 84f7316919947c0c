"""One slow model must not slow the others: a model's process is stopped under eight clients.

The other two models go on answering, the policy decides without the silent one, each decision is
stored as it was answered, and soon takes as long as before. The model answers again by itself.
"""

import os
import signal
import statistics
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
from moto.cloudwatch.models import cloudwatch_backends

from bank.first_run import body_of
from chalicelib import profile
from chalicelib.decisions.decision import may_decide
from chalicelib.decisions.predictions import PredictionTable
from chalicelib.governance.policies.policy_bucket import PolicyBucket
from chalicelib.scoring.time_budgets import BRANCH_SECONDS, SAVE_SECONDS
from chalicelib.services import services
from localcloud.cloud import ACCOUNT
from tests.drills.calls.call_faults import Place
from tests.drills.calls.decision_flows import asked, not_as_answered, records
from tests.drills.calls.guards import GUARDS
from tests.drills.calls.runs import Run
from tests.workflow.conftest import Served
from tests.workflow.test_alarms import rings
from workbench.replay import artifacts_in
from workbench.replaying.policy_record import PolicyRecord
from workbench.replaying.replayed_decision import replay

CLIENTS = 8
BEFORE_SECONDS, STOPPED_SECONDS = 8.0, 32.0
SETTLED_SECONDS = 12.0  # after the stop: two time-outs of 8 s at once, and the circuit is open
AFTER_SECONDS = 2.0  # it stays stopped: for the last answers
HEALED_SECONDS = 30.0
PAUSE_SECONDS = 0.25  # of a client that was answered
LONGEST_SECONDS = BRANCH_SECONDS + SAVE_SECONDS  # two attempts, and the decision
SLOWER, MORE_SECONDS = 2, 0.25  # what a settled median may be of the one before
REPLAYED = 10  # of the decisions without the model, the last
MODELS = tuple(profile.load().models)


@dataclass(frozen=True)
class Decided:
    """What a client got, when it asked, and how long it waited."""

    client: str
    at: float
    seconds: float
    answer: dict[str, Any] | None

    @property
    def silent(self) -> set[str]:
        models = (self.answer or {}).get("models", {})
        return {name for name, one in models.items() if one["status"] != "OK"}


class SlowModel:
    """POST /predict by eight clients, before a model's process is stopped and while it is."""

    name = "predict, and one model is slow"

    def __init__(self, served: Served, case: Any) -> None:
        self.served, self.body = served, body_of(case)

    def during(self, seconds: float) -> list[Decided]:
        """Return what the clients got that asked within the next seconds."""
        until = time.monotonic() + seconds
        with ThreadPoolExecutor(CLIENTS) as pool:
            running = [pool.submit(self._client, until) for _ in range(CLIENTS)]
        return [one for client in running for one in client.result()]

    def heals(self) -> float | None:
        """Return the seconds until all three models answer; None if they do not."""
        began = time.monotonic()
        while time.monotonic() - began < HEALED_SECONDS:
            if not self._ask().silent:
                return round(time.monotonic() - began, 1)
            time.sleep(PAUSE_SECONDS)
        return None

    def _client(self, until: float) -> list[Decided]:
        found = []
        while time.monotonic() < until:
            found.append(self._ask())
            time.sleep(PAUSE_SECONDS)
        return found

    def _ask(self) -> Decided:
        client, at = f"drill-{uuid.uuid4().hex[:12]}", time.monotonic()
        answer = asked(self.served, "/predict", {**self.body, "clientId": client})
        return Decided(client, at, time.monotonic() - at, answer)


class Stopped:
    """What the clients of a flow got before a model was stopped and while it was."""

    def __init__(self, flow: SlowModel, model: str) -> None:
        self.served, self.model = flow.served, model
        services.cache_clear()  # circuits that are closed
        flow.during(1.0)  # the endpoints are warm
        self.before = flow.during(BEFORE_SECONDS)
        self.served.bank.function_logs.flush_metrics()
        cloudwatch_backends[ACCOUNT]["us-east-1"].metric_data.clear()
        with _stopped(self.served, model) as self.stopped:
            self.during = flow.during(STOPPED_SECONDS)
        self.healed = flow.heals()

    @cached_property
    def settled(self) -> list[Decided]:
        """Answers that came once the circuit should be open, whenever they were asked for."""
        since = self.stopped + SETTLED_SECONDS
        return [one for one in self.during if one.at + one.seconds > since]

    @property
    def longest(self) -> float:
        return max(one.seconds for one in self.during)

    @property
    def is_hit(self) -> bool:
        return any(self.model in one.silent for one in self.during)

    def broken(self) -> Iterator[str]:
        yield from self._slow()
        yield from self._wrong()
        yield from self._unlike_the_stored()
        yield from self._unlike_the_answered()
        self.served.bank.function_logs.flush_metrics()
        if not rings(boto3.client("cloudwatch"), "models-unavailable"):
            yield "the operator was not told"
        if self.healed is None:
            yield "it does not answer again"

    def measured(self) -> dict[str, Any]:
        """Return the figures of the page, times in milliseconds."""
        others = [not one.silent - {self.model} for one in self.during]
        return {
            "answers": len(self.during),
            "others": sum(others),
            "before": _median(self.before),
            "settled": _median(self.settled),
            "longest": round(self.longest, 1),
            "healed": self.healed,
        }

    def _slow(self) -> Iterator[str]:
        if self.longest > LONGEST_SECONDS:
            yield f"a client waits for {self.longest:.1f} s"
        most = SLOWER * _median(self.before) + 1000 * MORE_SECONDS
        if not self.settled or _median(self.settled) > most:
            count = len(self.settled)
            yield f"{count} decisions take {_median(self.settled)} ms, not {_median(self.before)}"

    def _wrong(self) -> Iterator[str]:
        """Yield what was answered otherwise than by the policy for the models that answer."""
        if unanswered := sum(one.answer is None for one in self.during):
            yield f"{unanswered} of {len(self.during)} requests have no answer"
        others = {*MODELS} - {self.model}
        wanted = may_decide(others, profile.load().decision)
        for one in self.settled:
            if one.silent != {self.model}:
                yield f"{sorted(one.silent)} are silent, not {self.model} alone"
                return
            if one.answer and wanted not in ("SCORE", one.answer["decisionBasis"]):
                yield f"decided by {one.answer['decisionBasis']}, not {wanted}"
                return

    def _unlike_the_stored(self) -> Iterator[str]:
        stored = []
        for one in self.during:
            found = [each for each in records(self.served, one.client) if "decision" in each]
            answered = [one.answer] if one.answer else []
            if [_of(each) for each in found] != [_of(each) for each in answered]:
                yield f"{len(found)} stored decisions of {len(answered)}, or another"
                return
            stored += found
        silent = [one for one in stored if one["models"][self.model]["status"] == "UNAVAILABLE"]
        if len(silent) < len(self.settled):
            yield f"{len(silent)} of {len(self.settled)} stored decisions say that it was silent"
        yield from self._replayed_otherwise(silent[-REPLAYED:])

    def _unlike_the_answered(self) -> Iterator[str]:
        for answer in [one.answer for one in self.settled if one.answer][-REPLAYED:]:
            place = f"/predictions/{answer['clientId']}/{answer['predictionId']}"
            yield from not_as_answered(answer, self.served.get(place).json())

    def _replayed_otherwise(self, some: list[dict[str, Any]]) -> Iterator[str]:
        s3, settings = boto3.client("s3"), self.served.bank.settings
        table = PredictionTable(boto3.client("dynamodb"), settings.predictions_table)
        stored = [table.get(one["clientId"], one["predictionId"]) for one in some]
        record = PolicyRecord(PolicyBucket(s3, settings.data_bucket))
        found = replay(stored, artifacts_in(s3, settings.model_bucket), record.fault)
        if differs := [one for one in found if one]:
            yield f"{len(differs)} of {len(found)} replay otherwise: {', '.join(differs[0])}"


def slow_faults(flow: SlowModel) -> Iterator[Run]:
    """Yield a run for each model that is stopped."""
    for model in MODELS:
        yield stopped(flow, model)


def without_the_circuit(flow: SlowModel) -> tuple[Run, Run]:
    """Return the run of the guard's fault with the guard, and without it."""
    guard = GUARDS[flow.name]
    kept = stopped(flow, guard.place.call)
    with guard.out(flow):
        return kept, stopped(flow, guard.place.call)


def stopped(flow: SlowModel, model: str) -> Run:
    """Stop a model's process under the clients, and let it run again."""
    seen = Stopped(flow, model)
    broken = [*seen.broken()]
    return Run("stopped", str(Place(model, 1)), seen.is_hit, broken, broken, seen.measured())


@contextmanager
def _stopped(served: Served, model: str) -> Iterator[float]:
    pid = served.bank.cloud.endpoints.worker_pid(f"dev-appvengers-{model}")
    os.kill(pid, signal.SIGSTOP)
    goes_on = threading.Timer(STOPPED_SECONDS + AFTER_SECONDS, os.kill, (pid, signal.SIGCONT))
    goes_on.start()
    yield time.monotonic()
    goes_on.join()


def _of(decision: dict[str, Any]) -> tuple[str, str]:
    return decision["predictionId"], decision["decision"]


def _median(found: list[Decided]) -> int:
    return round(1000 * statistics.median([one.seconds for one in found] or [0.0]))
