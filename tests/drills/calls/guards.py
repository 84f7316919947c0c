"""Guards taken out, one at a time: the same fault then breaks what the guard holds."""

import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import boto3

from chalicelib.decisions import outcomes
from chalicelib.decisions.predictions import PredictionTable
from chalicelib.governance.model_acts import version_standing
from chalicelib.retraining.weekly_update import News
from chalicelib.scoring.circuit import Circuit
from infrastructure.packing import training_source
from localcloud.services.lambda_ import functions
from tests.drills.calls.call_faults import Place
from tests.drills.calls.model_flows import reachable

FILES_WRITTEN = """\
    for name, body in files.items():
        job.bucket.write(place + name, body)
"""


@dataclass(frozen=True)
class Guard:
    """A guard with the fault that it is for, and the way to take it out."""

    what: str
    kind: str
    place: Place
    out: Callable[[Any], AbstractContextManager[None]]
    heals: bool = True  # whether the days after come with the guard out


@contextmanager
def replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


def claims_for_everyone(_: Any) -> AbstractContextManager[None]:
    """Each request gets its own claim, whoever came first."""

    def claim(self: Any, client_id: str, key: str, claim: Any, days: Any) -> Any:
        return claim

    return replaced(PredictionTable, "claim", claim)


def random_outcome_ids(_: Any) -> AbstractContextManager[None]:
    return replaced(outcomes, "outcome_id", lambda *given: secrets.token_hex(8))


def events_come_once(_: Any) -> AbstractContextManager[None]:
    return replaced(functions, "RETRY_WAITS_SECONDS", ())


def random_executions(_: Any) -> AbstractContextManager[None]:
    def execution(self: News, at: Any, after_failed: str) -> str:
        year, week, _day = at.isocalendar()
        return f"{year}-W{week:02}-{secrets.token_hex(4)}"

    return replaced(News, "execution", execution)


def acts_of_each_repeat(_: Any) -> AbstractContextManager[None]:
    """A rollback that is asked for again is another act."""
    return replaced(version_standing, "state_of_repeat", lambda *given: None)


def manifest_first(flow: Any) -> AbstractContextManager[None]:
    """The job writes the manifest before the snapshot's files."""
    script = (training_source.FOLDER / "collect.py").read_text(encoding="utf-8")
    before, written, after = script.partition(FILES_WRITTEN)
    manifest, shown, rest = after.partition("    shown = ")
    assert shown, "collect.py writes in another way now"
    turned = before + manifest + written + shown + rest
    return replaced(flow, "scripts", flow.scripts | {"collect": turned})


def tasks_run_once(flow: Any) -> AbstractContextManager[None]:
    return states_without(flow, "Retry")


def jobs_that_die_end_it(flow: Any) -> AbstractContextManager[None]:
    return states_without(flow, "Catch")


@contextmanager
def states_without(flow: Any, field: str) -> Iterator[None]:
    client = boto3.client("stepfunctions")
    before = client.describe_state_machine(stateMachineArn=flow.machine)["definition"]
    bare = json.loads(before)
    take_out(bare, field)
    bare["States"] = reachable(bare["States"], bare["StartAt"])
    client.update_state_machine(stateMachineArn=flow.machine, definition=json.dumps(bare))
    yield
    client.update_state_machine(stateMachineArn=flow.machine, definition=before)


def take_out(machine: dict[str, Any], field: str) -> None:
    """Take a field out of a machine's states and out of those of its branches."""
    for state in machine["States"].values():
        state.pop(field, None)
        for branch in state.get("Branches", []):
            take_out(branch, field)


def calls_of_no_circuit(_: Any) -> AbstractContextManager[None]:
    """Each call of an endpoint waits for its whole time, whatever became of those before."""

    @contextmanager
    def calling(self: Any, endpoint: str, waited: float = 0) -> Iterator[bool]:
        yield False

    return replaced(Circuit, "calling", calling)


GUARDS = {
    "predict and save": Guard(
        "An Idempotency-Key is claimed by a PutItem with a condition, and a repeat takes the "
        "claim's prediction id.",
        "late",
        Place("api_handler StartSyncExecution", 1),
        claims_for_everyone,
    ),
    "predict, calls of the state machine": Guard(
        "analisisCredito repeats what Lambda does not run, and whose answer it can't read.",
        "failed",
        Place("analisisCredito Invoke AppVengersAccelerator", 1),
        tasks_run_once,
    ),
    "predict, and one model is slow": Guard(
        "A circuit of each endpoint: after two silences one caller at a time tests it.",
        "stopped",
        Place("AppVengersAccelerator", 1),
        calls_of_no_circuit,
    ),
    "outcome": Guard(
        "An outcome's id is made of its content, and is stored under a condition.",
        "late",
        Place("api_handler TransactWriteItems", 1),
        random_outcome_ids,
    ),
    "collect": Guard(
        "A snapshot's manifest is written last, and the next run collects anew.",
        "refused",
        Place("collect s3:PutObject", 3),
        manifest_first,
    ),
    "collect, late and garbled answers": Guard(
        "The same: a snapshot's manifest is written last.",
        "throttled",
        Place("collect PutObject", 3),
        manifest_first,
    ),
    "retrain, calls of the state machine": Guard(
        "reentrenamiento repeats what Lambda does not run; the next week's run is not needed.",
        "failed",
        Place("reentrenamiento Invoke openSnapshot", 1),
        tasks_run_once,
        heals=False,
    ),
    "batch": Guard(
        "lotesCredito repeats a step that failed; the caller need not start the batch again.",
        "failed",
        Place("closeBatch GetObject", 1),
        tasks_run_once,
        heals=False,
    ),
    "batch, calls of the state machine": Guard(
        "The same: the map of lotesCredito repeats what its reader could not read.",
        "failed",
        Place("lotesCredito GetObject", 1),
        tasks_run_once,
        heals=False,
    ),
    "train and compare": Guard(
        "A job that fails ends in a notice, not in a failed execution.",
        "refused",
        Place("training s3:PutObject", 1),
        jobs_that_die_end_it,
    ),
    "train and compare, late and garbled answers": Guard(
        "The same: a job that fails ends in a notice.",
        "late",
        Place("training PutObject", 1),
        jobs_that_die_end_it,
    ),
    "deploy": Guard(
        "Lambda delivers the event of an upload twice more, and createEndpointModel may repeat.",
        "failed",
        Place("createEndpointModel GetObject", 2),
        events_come_once,
    ),
    "predict, and the process is killed": Guard(
        "Each write is on disk before its answer, so a repeat finds what was answered.",
        "killed after",
        Place("publishEvents PutEvents", 1),
        nullcontext,  # the bank's own process takes it out
    ),
    "outcome, and the process is killed": Guard(
        "The same: each write is on disk before its answer.",
        "killed after",
        Place("publishEvents PutEvents", 1),
        nullcontext,
    ),
    "deploy, and the process is killed": Guard(
        "An upload's event is on disk before the upload's answer; a restart delivers it.",
        "killed after",
        Place("createEndpointModel GetObject", 1),
        nullcontext,
    ),
    "roll back, and the process is killed": Guard(
        "A rollback that is asked for again in the same words is one act.",
        "killed after",
        Place("api_handler PutObject", 1),
        nullcontext,
    ),
    "erase, and the process is killed": Guard(
        "An erasure's order is written first, and the hourly watch finishes what was cut off.",
        "killed after",
        Place("eraseClient TransactWriteItems", 1),
        nullcontext,
    ),
    "retrain, and the process is killed": Guard(
        "A run that failed has used no news: the next one begins from the same snapshot.",
        "killed after",
        Place("openSnapshot GetObject", 1),
        nullcontext,
    ),
    "roll back": Guard(
        "The same: a rollback is an upload.",
        "failed",
        Place("createEndpointModel GetObject", 2),
        events_come_once,
    ),
    "ask for a rollback": Guard(
        "A rollback that is asked for again in the same words is one act.",
        "late",
        Place("api_handler PutObject", 1),
        acts_of_each_repeat,
    ),
    "open the snapshot": Guard(
        "reentrenamiento repeats whatever fails in openSnapshot, which may repeat.",
        "failed",
        Place("openSnapshot GetObject", 1),
        tasks_run_once,
    ),
    "compare and promote": Guard(
        "reentrenamiento repeats whatever fails in evaluateModel and promoteModel, which may "
        "repeat.",
        "late",
        Place("promoteModel GetObject", 1),
        tasks_run_once,
    ),
    "look for news": Guard(
        "An execution's name is made of the news, so the same news starts once.",
        "late",
        Place("updateData StartExecution", 1),
        random_executions,
    ),
}
