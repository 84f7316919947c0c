"""Flows of a caller: an application is decided, an outcome is told. Each caller repeats a request
under its Idempotency-Key until it has an answer, as docs/api.md asks for."""

import json
import time
import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
from boto3.dynamodb.conditions import Key

from bank.first_run import body_of
from localcloud.services.sns import Notice
from tests.workflow.conftest import Served

PATIENCE_SECONDS = 60
PAUSE_SECONDS = 0.2
DECIDED_ALONE = ("APPROVE", "DECLINE")
MANDATORY = "Tradicional"  # a decision without it is a person's
TOPIC = "drill-events"


class Announced:
    """The events of the account's bus, as another subscriber gets them: once or more often."""

    def __init__(self, served: Served) -> None:
        self._notices = served.bank.cloud.notices
        subscribe(boto3.client, served.bank.settings.event_source)

    def end(self) -> None:
        """Subscribe no more: notices are then those to the operator alone."""
        events = boto3.client("events")
        events.remove_targets(Rule=TOPIC, Ids=["drill"])
        events.delete_rule(Name=TOPIC)

    def told(self, *words: str) -> bool:
        return any(heard(self._notices, words))


def subscribe(client: Any, source: str) -> None:
    """Let the bus's events of a source be notices of a topic; `client` makes a service's client."""
    topic = client("sns").create_topic(Name=TOPIC)["TopicArn"]
    client("events").put_rule(Name=TOPIC, EventPattern=json.dumps({"source": [source]}))
    client("events").put_targets(Rule=TOPIC, Targets=[{"Id": "drill", "Arn": topic}])


def heard(notices: Iterable[Notice], words: Iterable[str]) -> Iterator[Notice]:
    """Yield the notices of events that have all the words."""
    mine = (one for one in notices if one.topic == TOPIC)
    yield from (one for one in mine if all(word in one.message for word in words))


class Predict:
    """POST /predict until saveResult: one answered decision, stored once, and no wrong one."""

    name = "predict and save"
    functions: tuple[str, ...] = (
        "api_handler", "Tradicional", "NetworkingAccelerator", "AppVengersAccelerator",
        "saveResult", "publishEvents",
    )  # fmt: skip

    def __init__(self, served: Served, case: Any) -> None:
        self.served, self.body = served, body_of(case)
        self.usual = served.predict(case)["decision"]
        self.announced = Announced(served)

    def run(self) -> None:
        self.client = f"drill-{uuid.uuid4().hex[:12]}"
        self.answer = asked(self.served, "/predict", {**self.body, "clientId": self.client})

    def heal(self) -> None:
        """Nothing: the caller's repeat is all."""

    def broken(self) -> Iterator[str]:
        stored = [one for one in records(self.served, self.client) if "decision" in one]
        if self.answer is None:
            yield "no answer"
            return
        if len(stored) != 1:
            yield f"{len(stored)} stored decisions"
        kept = [one for one in stored if one["predictionId"] == self.answer["predictionId"]]
        if [one["decision"] for one in kept] != [self.answer["decision"]]:
            yield "another decision is stored than was answered"
        place = f"/predictions/{self.client}/{self.answer['predictionId']}"
        yield from not_as_answered(self.answer, self.served.get(place).json())
        if not self.announced.told(self.answer["predictionId"]):
            yield "no event tells of the decision"
        yield from wrongly_automatic(self.answer, self.usual)


class Outcome:
    """POST …/outcome: stored once, as it was told."""

    name = "outcome"
    functions = ("api_handler", "publishEvents")

    def __init__(self, served: Served, case: Any) -> None:
        self.served, self.body = served, body_of(case)
        self.told = {"outcome": "paid", "when": datetime.now(UTC).date().isoformat()}
        self.announced = Announced(served)

    def before(self) -> None:
        self.client = f"drill-{uuid.uuid4().hex[:12]}"
        decided = self.served.post({**self.body, "clientId": self.client}).json()
        self.prediction = decided["predictionId"]
        self.place = f"/predictions/{self.client}/{self.prediction}/outcome"

    def run(self) -> None:
        self.answer = asked(self.served, self.place, self.told)

    def heal(self) -> None:
        """Nothing: the caller's repeat is all."""

    def broken(self) -> Iterator[str]:
        stored = [one for one in records(self.served, self.client) if "outcome" in one]
        if self.answer is None:
            yield "no answer"
        if not is_as_sent(stored, self.told | told_at(self.answer)):
            yield f"{len(stored)} stored outcomes"
        if not self.announced.told("outcomeId", self.prediction):
            yield "no event tells of the outcome"


def wrongly_automatic(answer: dict[str, Any], usual: str) -> Iterator[str]:
    """Yield why a decision must not be automatic: it is another one than without a fault, or the
    model without which a person decides was silent.
    """
    silent = [name for name, one in answer["models"].items() if one["status"] != "OK"]
    decided = answer["decision"]
    if decided in DECIDED_ALONE and (decided != usual or MANDATORY in silent):
        yield f"{decided} instead of {usual}, silent: {', '.join(silent) or 'none'}"


def not_as_answered(answer: dict[str, Any], stored: dict[str, Any]) -> Iterator[str]:
    """Yield the fields in which a stored decision is another than was answered."""
    if others := sorted(name for name, value in answer.items() if stored.get(name) != value):
        yield f"stored and answered are two: {', '.join(others)}"


def told_at(answer: dict[str, Any] | None) -> dict[str, str]:
    """Return the time of an outcome that was answered, which is that of the stored one."""
    return {"toldAt": answer["toldAt"]} if answer else {}


def is_as_sent(stored: list[dict[str, Any]], sent: dict[str, str]) -> bool:
    """Return whether an outcome is stored once, as a caller sent it."""
    return [{name: one.get(name) for name in sent} for one in stored] == [sent]


def asked(served: Served, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
    """Return the answer, asked for again until there is one; None after a minute."""
    key, until = uuid.uuid4().hex, time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        response = served.post(body, path, **{"Idempotency-Key": key})
        if response.status_code == 200:
            return dict(response.json())
        assert response.status_code in (202, 429) or response.status_code >= 500, response.text
        time.sleep(PAUSE_SECONDS)
    return None


def records(served: Served, client: str) -> list[dict[str, Any]]:
    table = boto3.resource("dynamodb").Table(served.bank.settings.predictions_table)
    found = table.query(KeyConditionExpression=Key("clientId").eq(client), ConsistentRead=True)
    return list(found["Items"])
