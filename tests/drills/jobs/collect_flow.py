"""The job that collects a snapshot, refused at each of its requests in turn: it dies there. The
next run has the snapshot that it would have had, and each outcome is stored once."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import boto3

from chalicelib import profile
from chalicelib.foundation.settings import NEW_DATA_PREFIX, PROFILE_PREFIX, SNAPSHOT_PREFIX
from chalicelib.retraining.data_bucket import DataBucket
from localcloud.cloud import ACCOUNT
from tests.drills.calls.call_faults import Place
from tests.drills.calls.decision_flows import records
from tests.drills.calls.guards import GUARDS
from tests.drills.calls.job_requests import job_requests
from tests.drills.calls.model_flows import MODEL, Versions
from tests.drills.calls.runs import Run
from tests.workflow import retraining
from tests.workflow.conftest import Served

JOB, ENDED_SECONDS = "processing job", 600
NO_TRAINING = "import sys; sys.exit('the drill ends here')"


class Collect:
    """collectSnapshot of reentrenamiento; its trainings end at once."""

    name = "collect"

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

    def run(self, place: Place | None) -> tuple[list[Place], str]:
        """Return the job's requests, and the version of the snapshot that it should have made."""
        version, seen = self.versions.next(), list[Place]()
        with retraining.source(**self.scripts), refused_at(place, seen):
            arn = boto3.client("stepfunctions").start_execution(
                stateMachineArn=self.served.bank.settings.retraining_machine_arn(ACCOUNT),
                name=f"drill-{version}",
                input=json.dumps(self._request(version)),
            )["executionArn"]
            retraining.ended(self.served, arn, ENDED_SECONDS)
        return seen, version

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


def collect_faults(flow: Collect) -> Iterator[Run]:
    """Yield a run for each request of the job: refused once, then run again."""
    seen, version = flow.run(None)
    wanted = flow.snapshot(version)
    assert wanted, "the job fails without a fault"
    for place in seen:
        yield refused(flow, place, wanted)


def without_its_guard(flow: Collect) -> tuple[Run, Run]:
    """Return the run of the guard's fault with the guard, and without it."""
    guard = GUARDS[flow.name]
    wanted = flow.snapshot(flow.run(None)[1])
    kept = refused(flow, guard.place, wanted)
    with guard.out(flow):
        return kept, refused(flow, guard.place, wanted)


def refused(flow: Collect, place: Place, wanted: dict[str, Any] | None) -> Run:
    """Run the job with a request refused, and again; `wanted` is what its snapshot should be."""
    flow.untell()
    asked, broken = flow.run(place)
    at_once = [] if flow.snapshot(broken) in (wanted, None) else ["half a snapshot is taken"]
    if flow.snapshot(broken) is None and not flow.told(broken):
        at_once.append("the operator was not told")
    _, again = flow.run(None)
    at_last = list(at_once)
    if flow.snapshot(again) != wanted:
        at_last.append(f"the next run has {flow.snapshot(again)}, not {wanted}")
    if (stored := len(flow.outcomes())) != len(flow.decided):
        at_last.append(f"{stored} stored outcomes of {len(flow.decided)} decisions")
    return Run("refused", str(place), place in asked, at_once, at_last)


@contextmanager
def refused_at(place: Place | None, seen: list[Place]) -> Iterator[None]:
    """Inside, the job's request at a place is refused; all of its requests are listed."""

    def answer(kind: str, action: str) -> str | None:
        if kind != JOB:
            return None
        number = 1 + sum(one.call == f"collect {action}" for one in seen)
        seen.append(Place(f"collect {action}", number))
        return "a drill's refusal" if seen[-1] == place else None

    with job_requests(answer):
        yield
