"""The jobs that train and compare a challenger, with a fault at each of their requests in turn: a
job dies there, or asks again. The champion stays, the operator hears of it, and the next run judges
a challenger."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3

from localcloud.iam.touched import NeedsPermission
from tests.drills.calls.call_faults import Place
from tests.drills.calls.guards import GUARDS
from tests.drills.calls.model_flows import (
    MODEL,
    Versions,
    not_in_service,
    tail_of_retraining,
    trained_once,
)
from tests.drills.calls.runs import Run
from tests.drills.jobs.job_requests import job_answers, job_requests
from tests.workflow import retraining
from tests.workflow.conftest import Served

ENDED_SECONDS = 600


class Train:
    """TrainChallenger and CompareWithChampion of reentrenamiento, and what follows them."""

    name = "train and compare"
    kinds: tuple[str, ...] = ("refused",)

    def __init__(self, served: Served, case: Any) -> None:
        self.served, self.versions = served, Versions(2039)
        self.asked = trained_once(served).asked
        self.machine = tail_of_retraining(served, "TrainChallenger")

    def run(self, kind: str, place: Place | None) -> tuple[list[Place], str, str]:
        """Return the jobs' requests, the challenger's version, and what became of it."""
        version = self.versions.next()
        with self.door(kind, place) as seen:
            arn = boto3.client("stepfunctions").start_execution(
                stateMachineArn=self.machine,
                name=f"drill-{version}",
                input=json.dumps(self._request(version)),
            )["executionArn"]
            ended = retraining.ended(self.served, arn, ENDED_SECONDS)
        output = json.loads(ended.get("output") or "{}")
        return seen, version, output.get("verdict", ended["status"])

    @contextmanager
    def door(self, kind: str, place: Place | None) -> Iterator[list[Place]]:
        """Inside, the jobs' request at the place is refused; all of them are listed."""
        seen: list[Place] = []

        def answer(job: str, asked: NeedsPermission) -> str | None:
            call = f"{job.partition(' ')[0]} {asked.action}"
            seen.append(Place(call, 1 + sum(one.call == call for one in seen)))
            return "a drill's refusal" if seen[-1] == place else None

        with job_requests(answer):
            yield seen

    def broken(self, version: str, verdict: str) -> Iterator[str]:
        """Yield what is wrong after a run that may have failed."""
        if verdict == "promoted":
            yield from not_in_service(self.served, version)
            return
        if verdict != "failed":
            yield f"a job that died ends in {verdict}"
        if retraining.champions(self.served)[MODEL] != self.champion:
            yield "another champion answers"
        told = [one for one in self.served.bank.cloud.notices if version in one.message]
        if "Reentrenamiento fallido" not in {one.subject for one in told}:
            yield "the operator was not told"

    def _request(self, version: str) -> dict[str, Any]:
        """Return TrainChallenger's input for another version on the same snapshot."""
        self.champion = retraining.champions(self.served)[MODEL]
        text = json.dumps(self.asked).replace(self.asked["version"], version)
        kept = {"snapshot": self.asked["snapshot"], "champion": self.champion}
        return dict(json.loads(text)) | kept


class TrainAnswers(Train):
    """The same jobs, whose requests are answered late, or by garbage, or not at all."""

    name = "train and compare, late and garbled answers"
    kinds = ("late", "garbage", "throttled")

    @contextmanager
    def door(self, kind: str, place: Place | None) -> Iterator[list[Place]]:
        """Inside, the answer to the jobs' request at the place has the fault."""
        with job_answers(kind, place) as fault:
            yield fault.seen


def training_faults(flow: Train) -> Iterator[Run]:
    """Yield a run for each request of the jobs and each kind of fault: once, then again."""
    seen, version, verdict = flow.run(flow.kinds[0], None)
    assert not [*flow.broken(version, verdict)], verdict
    for place in seen:
        for kind in flow.kinds:
            yield faulted(flow, kind, place)


def without_its_catch(flow: Train) -> tuple[Run, Run]:
    """Return the run of the guard's fault with the guard, and without it."""
    guard = GUARDS[flow.name]
    kept = faulted(flow, guard.kind, guard.place)
    with guard.out(flow):
        return kept, faulted(flow, guard.kind, guard.place)


def faulted(flow: Train, kind: str, place: Place) -> Run:
    """Run the jobs with a fault, and again if a job died of it."""
    seen, version, verdict = flow.run(kind, place)
    at_once = at_last = [*flow.broken(version, verdict)]
    if verdict != "promoted":
        _, again, verdict = flow.run(kind, None)
        at_last = [*at_once, *not_in_service(flow.served, again)]
    if verdict != "promoted":
        at_last.append(f"the next run's challenger is {verdict}")
    return Run(kind, str(place), place in seen, at_once, at_last)
