"""The function updateData: starts reentrenamiento if there is news since the last snapshot."""

import calendar
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import ClientError

from chalicelib.decisions.outcome_rules import UNTRUSTED, recorded_source, trust_of
from chalicelib.foundation.errors import NoSnapshot
from chalicelib.foundation.notifications import NotificationTopic
from chalicelib.profile import PROFILE_FILE, Profile
from chalicelib.retraining.data_bucket import DataBucket

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

Document = dict[str, Any]


class Outcomes(Protocol):
    def outcomes_reported_on(self, day: str) -> Iterator[Document]: ...


class Machine(Protocol):
    def last(self) -> "Execution | None": ...
    def start(self, name: str, request: Document) -> bool: ...


@dataclass(frozen=True, slots=True)
class Execution:
    name: str
    status: str
    previous: str  # the snapshot that it began from
    version: str
    verdicts: tuple[str, ...] = ()  # of each model, when it has ended

    @property
    def running(self) -> bool:
        return self.status == "RUNNING"

    @property
    def failed(self) -> bool:
        """Return whether the run or a model in it failed: its news is then left to the next run."""
        return not self.running and (self.status != "SUCCEEDED" or "failed" in self.verdicts)


class RetrainingMachine:
    """The STANDARD state machine reentrenamiento. An execution's name is used once."""

    def __init__(self, client: "SFNClient", arn: str) -> None:
        self._client = client
        self._arn = arn

    def last(self) -> Execution | None:
        listed = self._client.list_executions(stateMachineArn=self._arn, maxResults=1)["executions"]
        if not listed:
            return None
        described = self._client.describe_execution(executionArn=listed[0]["executionArn"])
        asked = json.loads(described["input"])
        told = json.loads(described.get("output") or "{}")
        return Execution(
            described["name"],
            described["status"],
            asked.get("previous", ""),
            asked.get("version", ""),
            tuple(one["verdict"] for one in told.get("models", [])),
        )

    def start(self, name: str, request: Document) -> bool:
        """Start an execution. Return False if one of this name was started before."""
        try:
            self._client.start_execution(
                stateMachineArn=self._arn, name=name, input=json.dumps(request)
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                raise
            return False
        return True


@dataclass(frozen=True, slots=True)
class News:
    """News since a snapshot: new files, new outcomes, and earlier outcomes that now count."""

    files: dict[str, str]  # keys and ETags
    outcomes: tuple[str, ...]  # predictionIds of outcomes that were reported since the snapshot
    matured: str  # day on which an outcome of the snapshot matured; empty: none has by today

    def __bool__(self) -> bool:
        return bool(self.files or self.outcomes or self.matured)

    def execution(self, at: datetime, after_failed: str) -> str:
        """Return the execution's name: the same news in the same week has the same name, unless it
        failed in between.
        """
        year, week, _ = at.isocalendar()
        said = json.dumps([sorted(self.files.items()), self.outcomes, self.matured, after_failed])
        return f"{year}-W{week:02}-{hashlib.sha256(said.encode()).hexdigest()[:8]}"


def scheduled_at(event: Mapping[str, Any]) -> datetime:
    """Return the time of a schedule's event; now, if it was sent by hand without a time."""
    told = datetime.fromisoformat(event["time"]) if "time" in event else datetime.now(UTC)
    return told.astimezone(UTC)


def update(
    at: datetime,
    profile: Profile,
    data: DataBucket,
    predictions: Outcomes,
    machine: Machine,
    champions: Mapping[str, Document | None],
    topic: NotificationTopic,
) -> Document:
    """Return what was done: started, already started, already failed, busy or nothing new.

    A run that failed, or in which a model failed, has used no news: the next run begins from the
    same snapshot.
    """
    at, last = at.astimezone(UTC), machine.last()
    version = at.strftime("%Y%m%dT%H%M%S")
    undone = last if last and (last.running or last.failed) else None
    if undone and undone.failed and undone.version == version:
        # Its jobs have the names that a second try would give them.
        topic.publish("already failed", version, _already_failed(undone.name))
        return {"done": "already failed", "execution": undone.name}
    previous = _began_from(undone, data) if undone else _newest(data)
    manifest = data.manifest(previous) if previous else {}
    news = _news(at, profile, manifest, data, predictions)
    if not news:
        topic.publish("nothing new", version, _nothing_new(at, previous, manifest))
        return {"done": "nothing new"}
    running = undone.name if undone and undone.running else ""
    name = news.execution(at, undone.name if undone and not running else "")
    if running and running != name:
        topic.publish("busy", version, f"Sigue en curso {running}: lo nuevo irá en la próxima.")
        return {"done": "busy", "execution": running}
    request = {
        "version": version,
        "at": at.isoformat(),
        "snapshot": version,
        "previous": previous,
        "profilePrefix": data.keep_profile(PROFILE_FILE),
        "news": {"outcomes": len(news.outcomes), "files": sorted(news.files)},
        "models": [
            {"model": model, "schema": profile.schema(model), "champion": champions[model]}
            for model in profile.models
        ],
    }
    if running or not machine.start(name, request):
        return {"done": "already started", "execution": name}
    counted = f"{len(news.files)} archivos y {len(news.outcomes)} resultados nuevos"
    topic.publish("started", version, f"{name}: {counted}.")
    return {"done": "started", "execution": name}


def _began_from(run: Execution, data: DataBucket) -> str:
    """Return the snapshot that a failed run began from, unless it was deleted since."""
    there = not run.previous or data.has_snapshot(run.previous)
    return run.previous if there else _newest(data)


def _newest(data: DataBucket) -> str:
    try:
        return data.newest_snapshot()
    except NoSnapshot:
        return ""


def _news(
    at: datetime, profile: Profile, manifest: Document, data: DataBucket, predictions: Outcomes
) -> News:
    if _is_before(at, manifest):
        return News({}, (), "")
    known = {(one["key"], one["etag"]) for one in manifest.get("sources", [])}
    files = {key: etag for key, etag in data.new_files().items() if (key, etag) not in known}
    as_of = datetime.fromisoformat(manifest["asOf"]) if "asOf" in manifest else at
    today, months = at.astimezone(UTC).date(), profile.training.outcome_months
    told = (one for day in _days(as_of, at) for one in predictions.outcomes_reported_on(day))
    outcomes = sorted(
        one["predictionId"]
        for one in told
        if trust_of(recorded_source(one), profile.outcomes.rules) != UNTRUSTED
        and as_of < datetime.fromisoformat(one["toldAt"]) <= at
        and months_later(date.fromisoformat(one["decidedAt"][:10]), months) <= today
    )
    matures = manifest.get("nextMatures") or ""
    return News(files, tuple(outcomes), matures if matures <= today.isoformat() else "")


def _is_before(at: datetime, manifest: Document) -> bool:
    """Return whether an event is older than the snapshot: it came late or twice."""
    return "sources" in manifest and at <= datetime.fromisoformat(manifest["asOf"])


def _nothing_new(at: datetime, previous: str, manifest: Document) -> str:
    if _is_before(at, manifest):
        return f"La instantánea {previous} es de esa hora o posterior."
    return f"Ni archivos ni resultados maduros desde la instantánea {previous or '(ninguna)'}."


def _already_failed(execution: str) -> str:
    return (
        f"{execution}, de esa misma hora, terminó con fallos y no se repite. Lo nuevo irá en la "
        "próxima; para no esperarla, invoque updateData sin hora o con otra posterior."
    )


def _days(first: datetime, last: datetime) -> Iterator[str]:
    day, end = (moment.astimezone(UTC).date() for moment in (first, last))
    while day <= end:
        yield day.isoformat()
        day += timedelta(days=1)


def months_later(day: date, months: int) -> date:
    """Return the same day of a later month, or that month's last day.

    >>> months_later(date(2024, 1, 31), 13)
    datetime.date(2025, 2, 28)
    """
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
