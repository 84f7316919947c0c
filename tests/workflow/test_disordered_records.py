"""Records of the table's stream and of objects, messages of the queue of calls, and the events of
uploads come doubled, reversed or a week late: subscribers hear each event once, as if it had come
in time, and the newest upload is deployed once."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta

import boto3
import pytest
import time_machine

from chalicelib.foundation.settings import REPORT_PREFIX
from localcloud import seam
from localcloud.services.lambda_.functions import Answer
from tests.workflow import retraining
from tests.workflow.conftest import reversioned
from tests.workflow.test_webhooks import Receiver, subscribe, until

DOOR = ("localcloud.services.lambda_.functions:Functions", "_invoked", "(self, function, event)")
MODEL = "NetworkingAccelerator"
TOPIC = "disordered-events"
WEEK = timedelta(days=7)
DISORDERS = {
    "doubled": lambda records: [*records, *records],
    "reversed": lambda records: records[::-1],
    "a week late": lambda records: records,
}


@contextmanager
def held(name: str) -> Iterator[list[dict]]:
    """Inside, a function gets nothing: its records are in the list."""
    records: list[dict] = []

    def replace(original):
        def invoked(self, function, event):
            if not function.name.endswith(name):
                return original(self, function, event)
            records.extend(json.loads(json.dumps(event()["Records"])))
            return Answer(b"null", failed=False)

        return invoked

    with seam.install([seam.Replaced(*DOOR, replace, "a function's records are held back")]):
        yield records


@pytest.fixture(params=DISORDERS)
def deliver(request, served):
    """Give a function its records in disorder, a week later if that is it. They are there."""

    def delivered(name, records, *, as_events=False):
        assert records
        is_late = request.param == "a week late"
        at, disordered = datetime.now(UTC) + WEEK, DISORDERS[request.param](records)
        sent, how = ([[one] for one in disordered], "Event") if as_events else ([disordered], None)
        with time_machine.travel(at, tick=True) if is_late else nullcontext():
            answers = [
                boto3.client("lambda").invoke(
                    FunctionName=f"appvengers-dev-{name}",
                    Payload=json.dumps({"Records": event}),
                    InvocationType=how or "RequestResponse",
                )
                for event in sent
            ]
            served.bank.cloud.idle(60)
        assert [one for one in answers if "FunctionError" in one] == []
        return json.loads(answers[-1]["Payload"].read() or "null")

    return delivered


@pytest.fixture(scope="module")
def told(served):
    """The events that another subscriber of the bus has got; one that came again counts once."""
    topic = boto3.client("sns").create_topic(Name=TOPIC)["TopicArn"]
    events, source = boto3.client("events"), served.bank.settings.event_source
    events.put_rule(Name=TOPIC, EventPattern=json.dumps({"source": [source]}))
    events.put_targets(Rule=TOPIC, Targets=[{"Id": "test", "Arn": topic}])

    def of(*names):
        mine = [one.message for one in served.bank.cloud.notices if one.topic == TOPIC]
        details = [json.loads(message)["detail"] for message in mine]
        found = {json.dumps(one): one for one in details if {*names} & {*one["data"].values()}}
        return [*found.values()]

    yield of
    events.remove_targets(Rule=TOPIC, Ids=["test"])
    events.delete_rule(Name=TOPIC)


def test_what_is_stored_is_told_once_with_its_own_time(served, loans, told, deliver):
    served.bank.cloud.idle(30)
    with held("publishEvents") as records:
        decided = [served.predict(loan) for loan in loans[30:34]]
        loan = next(one for one in decided if one["decision"] == "APPROVE")
        place = f"/predictions/{loan['clientId']}/{loan['predictionId']}/outcome"
        outcome = served.post({"outcome": "paid", "when": loan["createdAt"][:10]}, place).json()
        served.bank.cloud.idle(30)
    deliver("publishEvents", records)

    due = [("DecisionMade", one["predictionId"], one["createdAt"]) for one in decided]
    due += [("ReviewNeeded", *each[1:]) for each, one in zip(due, decided, strict=True)
            if one["decision"] == "REVIEW"]  # fmt: skip
    due.append(("OutcomeReported", loan["predictionId"], outcome["toldAt"]))
    events = told(*(one["predictionId"] for one in decided))
    assert sorted((one["type"], one["data"]["predictionId"], one["timestamp"]) for one in events) \
        == sorted(due)  # fmt: skip
    assert len({one["id"] for one in events}) == len(due)


def test_an_object_is_told_once_with_its_own_time(served, told, deliver, request):
    version = f"refused-{request.node.callspec.id.replace(' ', '-')}"
    report = {"verdict": "rejected", "model": "Tradicional", "version": version}
    key = f"{REPORT_PREFIX}{version}/Tradicional/report.json"
    begun = datetime.now(UTC) - timedelta(seconds=1)
    try:
        with held("publishEvents") as records:
            retraining.put(key, json.dumps(report).encode())
            served.bank.cloud.idle(30)
        deliver("publishEvents", records)
    finally:  # GET /models reads reports
        boto3.client("s3").delete_object(Bucket=retraining.DATA, Key=key)

    (event,) = told(version)
    assert event["type"] == "ModelRefused"
    assert begun < datetime.fromisoformat(event["timestamp"]) < datetime.now(UTC)


def test_a_call_that_is_due_is_handled_once(served, loans, deliver):
    receiver = Receiver()
    subscribe(served, core=(receiver, ("DecisionMade",)))
    try:
        with held("deliverEvents") as messages:
            decided = [served.predict(loan) for loan in loans[34:37]]
            until(lambda: len(messages) == len(decided))
        failed = deliver("deliverEvents", messages)
    finally:
        subscribe(served)
        receiver.close()

    assert failed == {"batchItemFailures": []}
    assert sorted(one["data"]["predictionId"] for one in receiver.events) == sorted(
        one["predictionId"] for one in decided
    )
    assert {*receiver.refused} <= {"repeated"}


def test_of_two_uploads_the_newer_one_is_deployed_once_and_told(served, deliver, request):
    day = f"{1 + [*DISORDERS].index(request.node.callspec.params['deliver']):02}"
    older, newer = (f"204501{day}T0{hour}0000" for hour in (1, 2))
    body, s3 = served.artifact(MODEL), boto3.client("s3")
    with held("createEndpointModel") as records:
        for version in (older, newer):
            key = f"appvengers/{MODEL}/{version}/model.tar.gz"
            bucket = served.bank.settings.model_bucket
            s3.put_object(Bucket=bucket, Key=key, Body=reversioned(body, version))
        served.bank.cloud.idle(30)
    deliver("createEndpointModel", records, as_events=True)

    mine = [one for one in served.bank.cloud.notices if one.topic != TOPIC]
    told = [one.subject for one in mine if newer in one.message]
    live = served.get("/models").json()["models"][MODEL]
    assert len(records) == 2
    assert (live["version"], live["status"]) == (newer, "InService")
    assert told[:2] == ["Modelo en despliegue", "Modelo en servicio"]
    # Two functions that see an ending at once may both tell it: a lost notice would be worse.
    assert {*told[2:]} <= {"Modelo en servicio"}
