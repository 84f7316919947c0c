"""The job that collects a snapshot, with a fault at each of its requests in turn: it dies there, or
asks again. The next run has the snapshot that it would have had, and each outcome is stored once.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3

from chalicelib import profile
from chalicelib.foundation.settings import NEW_DATA_PREFIX, PROFILE_PREFIX, SNAPSHOT_PREFIX
from chalicelib.retraining.data_bucket import DataBucket
from infrastructure.packing import training_source
from localcloud.cloud import ACCOUNT
from localcloud.iam.touched import NeedsPermission
from tests.drills.calls.call_faults import Place
from tests.drills.calls.decision_flows import records
from tests.drills.calls.guards import GUARDS
from tests.drills.calls.model_flows import MODEL, Versions
from tests.drills.calls.runs import Run
from tests.drills.jobs import faulty_answers
from tests.drills.jobs.job_requests import job_requests
from tests.workflow import retraining
from tests.workflow.conftest import Served

JOB, ENDED_SECONDS = "processing job", 600
LOGS = "/aws/sagemaker/ProcessingJobs"
SCRIPT, FIRST_IMPORT = training_source.FOLDER / "collect.py", "import argparse\n"
NO_TRAINING = "import sys; sys.exit('the drill ends here')"


class Collect:
    """collectSnapshot of reentrenamiento; its trainings end at once."""

    name = "collect"
    kinds: tuple[str, ...] = ("refused",)

    def __init__(self, served: Served, case: Any) -> None:
        self.served, self.versions = served, Versions(2037)
        self.scripts = {"train": NO_TRAINING}
        self.decided = [served.predict(case) for _ in range(3)]
        told = [f"{one['clientId']},{one['predictionId']},paid,{datetime.now(UTC):%Y-%m-%d}"
                for one in self.decided]  # fmt: skip
        header = "clientId,predictionId,outcome,when"
        retraining.put(f"{NEW_DATA_PREFIX}drill.csv", "\n".join([header, *told, ""]).encode())
        retraining.put_profile()
        self.data = DataBucket(boto3.client("s3"), served.bank.settings.data_bucket)
        self.first = self.data.newest_snapshot()
        self.at = datetime.now(UTC)

    def run(self, kind: str, place: Place | None) -> tuple[list[Place], str]:
        """Return the job's requests, and the version of the snapshot that it should have made."""
        version = self.versions.next()
        with self.door(kind, place, version) as seen:
            arn = boto3.client("stepfunctions").start_execution(
                stateMachineArn=self.served.bank.settings.retraining_machine_arn(ACCOUNT),
                name=f"drill-{version}",
                input=json.dumps(self._request(version)),
            )["executionArn"]
            retraining.ended(self.served, arn, ENDED_SECONDS)
        return seen, version

    @contextmanager
    def door(self, kind: str, place: Place | None, version: str) -> Iterator[list[Place]]:
        """Inside, the job's request at a place is refused; all of its requests are listed."""
        seen = list[Place]()

        def answer(job: str, asked: NeedsPermission) -> str | None:
            if job != JOB:
                return None
            call = f"collect {asked.action}"
            seen.append(Place(call, 1 + sum(one.call == call for one in seen)))
            return "a drill's refusal" if seen[-1] == place else None

        with retraining.source(**self.scripts), job_requests(answer):
            yield seen

    def _request(self, version: str) -> dict[str, Any]:
        champions = retraining.champions(self.served)
        model = {"model": MODEL, "schema": profile.load().schema(MODEL)}
        return {
            "version": version,
            "at": self.at.isoformat(),
            "snapshot": version,
            "previous": self.first,
            "profilePrefix": f"{PROFILE_PREFIX}test/",
            "news": {"outcomes": 3, "files": []},
            "models": [model | {"champion": champions[MODEL]}],
        }

    def snapshot(self, version: str) -> dict[str, Any] | None:
        """Return what a snapshot's manifest says that does not depend on its version, and which of
        its files are not as it says; None without a manifest."""
        if not self.data.has_snapshot(version):
            return None
        told = self.data.manifest(version)
        kept = {name: told.get(name) for name in ("rows", "bads", "newRows", "sources", "previous")}
        there = self._files(version)
        lacks = [name for name, digest in told["files"].items() if there.get(name) != digest]
        return kept | {"lacks": lacks}

    def _files(self, version: str) -> dict[str, str]:
        """Return the SHA-256 of each file of a snapshot."""
        s3, prefix = boto3.client("s3"), f"{SNAPSHOT_PREFIX}{version}/"
        listed = s3.list_objects_v2(Bucket=self.data.name, Prefix=prefix)["Contents"]
        bodies = {
            one["Key"]: s3.get_object(Bucket=self.data.name, Key=one["Key"])["Body"].read()
            for one in listed
        }
        return {
            key.removeprefix(prefix): hashlib.sha256(body).hexdigest()
            for key, body in bodies.items()
        }

    def outcomes(self) -> list[dict[str, Any]]:
        """Return the stored outcomes of the file's decisions."""
        clients = {one["clientId"] for one in self.decided}
        found = [one for client in sorted(clients) for one in records(self.served, client)]
        return [one for one in found if "outcome" in one]

    def untell(self) -> None:
        """Take the outcomes away, so that the next run stores the file's rows as the first did."""
        table = boto3.resource("dynamodb").Table(self.served.bank.settings.predictions_table)
        for one in self.outcomes():
            table.delete_item(Key={name: one[name] for name in ("clientId", "predictionId")})

    def told(self, version: str) -> bool:
        return any(version in one.message for one in self.served.bank.cloud.notices)


class CollectAnswers(Collect):
    """The same job, whose requests are answered late, or by garbage, or not at all."""

    name = "collect, late and garbled answers"
    kinds = ("late", "garbage", "throttled")

    @contextmanager
    def door(self, kind: str, place: Place | None, version: str) -> Iterator[list[Place]]:
        """Inside, the answer to the job's request at a place has the fault, in its own process.
        All of its requests are listed at the end, from its log.
        """
        seen = list[Place]()
        operation, number = (place.call.partition(" ")[2], place.number) if place else ("", 0)
        begun = f"import faulty_answers\nfaulty_answers.answer_here{kind, operation, number}\n"
        script = self.scripts.get("collect") or SCRIPT.read_text(encoding="utf-8")
        door = Path(faulty_answers.__file__).read_text(encoding="utf-8")
        before, first, after = script.partition(FIRST_IMPORT)
        assert after, "collect.py begins in another way now"
        whole = before + begun + first + after
        scripts = self.scripts | {"collect": whole, "faulty_answers": door}
        with retraining.source(**scripts):
            yield seen
        seen += asked_in(self.log(version))

    def log(self, version: str) -> list[str]:
        """Return the lines of a job's log."""
        job = f"{self.served.bank.settings.prefix}-collect-{version}"
        place = {"logGroupName": LOGS, "logStreamName": f"{job}/algo-1"}
        events = boto3.client("logs").get_log_events(**place, startFromHead=True)["events"]
        return [one["message"] for one in events]


def asked_in(log: list[str]) -> list[Place]:
    """Return the requests that a job's log lists."""
    counts = Counter[str]()
    for line in log:
        if line.startswith(faulty_answers.SEEN):
            counts[line.removeprefix(faulty_answers.SEEN).strip()] += 1
    return [Place(f"collect {one}", n) for one, most in counts.items() for n in range(1, most + 1)]


def collect_faults(flow: Collect) -> Iterator[Run]:
    """Yield a run for each request of the job and each kind of fault: once, then run again."""
    seen, version = flow.run(flow.kinds[0], None)
    wanted = flow.snapshot(version)
    assert wanted, "the job fails without a fault"
    assert not wanted["lacks"], wanted
    for place in seen:
        for kind in flow.kinds:
            yield faulted(flow, kind, place, wanted)


def without_its_guard(flow: Collect) -> tuple[Run, Run]:
    """Return the run of the guard's fault with the guard, and without it."""
    guard = GUARDS[flow.name]
    wanted = flow.snapshot(flow.run(guard.kind, None)[1])
    kept = faulted(flow, guard.kind, guard.place, wanted)
    with guard.out(flow):
        return kept, faulted(flow, guard.kind, guard.place, wanted)


def differences(found: dict[str, Any] | None, wanted: dict[str, Any] | None) -> set[str]:
    """Return the names of what two snapshots do not have in common."""
    sides = found or {}, wanted or {}
    return {name for name in (*sides[0], *sides[1]) if sides[0].get(name) != sides[1].get(name)}


def faulted(flow: Collect, kind: str, place: Place, wanted: dict[str, Any] | None) -> Run:
    """Run the job with a fault, and again if it died; `wanted` is what its snapshot should be."""
    flow.untell()
    asked, version = flow.run(kind, place)
    at_once = [] if flow.snapshot(version) in (wanted, None) else ["half a snapshot is taken"]
    if flow.snapshot(version) is None and not flow.told(version):
        at_once.append("the operator was not told")
    if flow.snapshot(version) is None:
        _, version = flow.run(kind, None)
    at_last = list(at_once)
    if others := sorted(differences(flow.snapshot(version), wanted)):
        at_last.append(f"the next run's snapshot has other {', '.join(others)}")
    if (stored := len(flow.outcomes())) != len(flow.decided):
        at_last.append(f"{stored} stored outcomes of {len(flow.decided)} decisions")
    return Run(kind, str(place), place in asked, at_once, at_last)
