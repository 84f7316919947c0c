"""Subscribers get a signed call for what was stored, at least once, and a dead letter is kept."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest

from chalicelib.governance.announcements import webhook_signature
from chalicelib.governance.announcements.delivering import ATTEMPTS
from chalicelib.governance.announcements.subscribers import Subscriber
from chalicelib.services import services
from infrastructure.webhooks import replay_day, subscriber_store
from infrastructure.webhooks.verify_webhook import Refused, Verifier

PATIENCE_SECONDS = 30
Served = Any


class Receiver:
    """A bank's own server, with the verifier that we ship. It answers `status`."""

    def __init__(self) -> None:
        self.secret = webhook_signature.new_secret()
        self.events: list[dict[str, Any]] = []
        self.calls: list[tuple[dict[str, str], bytes]] = []
        self.refused: list[str] = []
        self.status = 200
        self.verifier = Verifier([self.secret])
        self.changed = threading.Condition()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hook?token=secret-token"

    def receive(self, headers: dict[str, str], body: bytes) -> int:
        with self.changed:
            self.calls.append((headers, body))
            self.changed.notify_all()
            if self.status != 200:
                return self.status
            try:
                with self.verifier.handling(headers, body) as event:
                    self.events.append(event)
            except Refused as refused:
                self.refused.append(refused.reason)
                return refused.status
            return 204

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def wait(self, holds: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(holds, PATIENCE_SECONDS), (self.events, len(self.calls))

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [one for one in self.events if one["type"] == kind]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                self.send_response(receiver.receive(dict(self.headers), body))
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


def subscribe(served: Served, **receivers: tuple[Receiver, tuple[str, ...]]) -> None:
    known = {
        name: Subscriber(one.url, events, (one.secret,))
        for name, (one, events) in receivers.items()
    }
    served.bank.cloud.idle(PATIENCE_SECONDS)  # what was stored before is announced to no one new
    subscriber_store.put(boto3.client("ssm"), served.bank.settings, known)
    services.cache_clear()  # it reads the subscribers once a minute


def count_in(queue: str) -> int:
    sqs, names = boto3.client("sqs"), ["ApproximateNumberOfMessages"]
    names += ["ApproximateNumberOfMessagesNotVisible"]
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(one) for one in found.values())


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def receiver(served: Served) -> Iterator[Receiver]:
    made = Receiver()
    yield made
    subscribe(served)
    made.close()
    settings = served.bank.settings
    served.bank.cloud.event_sources.queues.make_visible(settings.webhooks_queue)
    until(lambda: count_in(settings.webhooks_queue) == 0)  # they are for nobody now
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName=settings.undelivered_queue)["QueueUrl"]
    for letter in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
        sqs.delete_message(QueueUrl=url, ReceiptHandle=letter["ReceiptHandle"])


def test_a_decision_reaches_its_subscriber_signed(served, loans, receiver):
    subscribe(served, core=(receiver, ("DecisionMade",)))
    decided = served.predict(loans[0])

    receiver.wait(lambda: bool(receiver.events))

    (event,) = receiver.of("DecisionMade")
    assert event["data"] == {name: decided[name] for name in ("clientId", "predictionId")}
    assert event["timestamp"] == decided["createdAt"]
    assert event["schemaVersion"] == 1
    until(lambda: count_in(served.bank.settings.webhooks_queue) == 0)


def test_nothing_of_the_applicant_is_in_a_call(served, loans, receiver):
    subscribe(served, core=(receiver, ("DecisionMade", "ReviewNeeded")))
    served.predict(loans[1])
    receiver.wait(lambda: bool(receiver.events))

    for _, body in receiver.calls:
        assert json.loads(body)["data"].keys() <= {"clientId", "predictionId", "kind"}


def test_an_altered_and_a_replayed_call_are_refused(served, loans, receiver):
    subscribe(served, core=(receiver, ("DecisionMade",)))
    served.predict(loans[2])
    receiver.wait(lambda: bool(receiver.events))
    headers, body = receiver.calls[0]

    assert receiver.receive(headers, body.replace(b"predictionId", b"predictionID")) == 401
    receiver.receive(headers, body)

    assert receiver.refused == ["signature", "repeated"]
    assert len(receiver.events) == 1


def test_a_receiver_that_is_down_is_called_again_with_the_same_id(served, loans, receiver):
    queue, queues = served.bank.settings.webhooks_queue, served.bank.cloud.event_sources.queues
    subscribe(served, core=(receiver, ("DecisionMade",)))
    receiver.status = 503
    served.predict(loans[3])
    receiver.wait(lambda: len(receiver.calls) == 1)
    until(lambda: count_in(queue) == 1)
    receiver.status = 200
    queues.make_visible(queue)  # the time passes

    receiver.wait(lambda: bool(receiver.events))

    ids = {headers["webhook-id"] for headers, _ in receiver.calls}
    assert ids == {receiver.events[0]["id"]}
    until(lambda: count_in(queue) == 0)


def test_a_call_that_no_attempt_delivers_becomes_a_dead_letter(served, loans, receiver):
    settings, queues = served.bank.settings, served.bank.cloud.event_sources.queues
    subscribe(served, core=(receiver, ("DecisionMade",)))
    receiver.status = 500
    decided = served.predict(loans[4])
    for attempt in range(1, ATTEMPTS + 1):
        receiver.wait(lambda: len(receiver.calls) >= attempt)  # noqa: B023 - now
        time.sleep(0.2)
        queues.make_visible(settings.webhooks_queue)

    until(lambda: count_in(settings.undelivered_queue) == 1)

    assert len(receiver.calls) == ATTEMPTS
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName=settings.undelivered_queue)["QueueUrl"]
    (letter,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert decided["predictionId"] in letter["Body"]
    assert "token" not in letter["Body"]


def test_a_slow_or_broken_receiver_delays_nobody_else(served, loans, receiver):
    other = Receiver()
    receiver.status = 500
    subscribe(served, broken=(receiver, ("DecisionMade",)), core=(other, ("DecisionMade",)))
    served.predict(loans[5])

    other.wait(lambda: bool(other.events))
    other.close()


def test_neither_an_address_nor_a_secret_is_logged(served, loans, receiver):
    subscribe(served, core=(receiver, ("DecisionMade",)))
    receiver.status = 500
    served.predict(loans[6])
    receiver.wait(lambda: bool(receiver.calls))
    served.bank.cloud.idle(PATIENCE_SECONDS)

    logs = "".join(
        one.read_text(errors="replace")
        for one in served.bank.function_logs.folder.rglob("*")
        if one.is_file()
    )

    assert "webhook failed" in logs
    assert "secret-token" not in logs
    assert receiver.secret not in logs


def test_the_bus_has_each_event_once_with_the_stages_source(served, loans, receiver):
    sqs, events = boto3.client("sqs"), boto3.client("events")
    url = sqs.create_queue(QueueName="a-bank-of-others")["QueueUrl"]
    arn = "arn:aws:sqs:us-east-1:123456789012:a-bank-of-others"
    pattern = {"source": ["appvengers.dev"], "detail-type": ["DecisionMade"]}
    events.put_rule(Name="others", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="others", Targets=[{"Id": "1", "Arn": arn}])

    decided = served.predict(loans[7])

    until(lambda: count_in("a-bank-of-others") == 1)
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    event = json.loads(message["Body"])
    events.remove_targets(Rule="others", Ids=["1"])
    events.delete_rule(Name="others")
    assert (event["source"], event["detail-type"]) == ("appvengers.dev", "DecisionMade")
    assert event["detail"]["data"]["predictionId"] == decided["predictionId"]


def test_an_item_that_is_no_record_stops_no_other_event(served, loans, receiver):
    """It looks like a decision, and nothing of ours wrote it."""
    subscribe(served, core=(receiver, ("DecisionMade",)))
    poison = {"clientId": "poison", "predictionId": "0" * 32, "day": "2026-11-29#00"}
    table = served.bank.settings.predictions_table
    item = {name: {"S": text} for name, text in {**poison, "decision": "DECLINE"}.items()}
    boto3.client("dynamodb").put_item(TableName=table, Item=item)
    decided = served.predict(loans[3])
    receiver.wait(lambda: bool(receiver.events))
    told = {one["data"]["clientId"] for one in receiver.events}
    day = decided["createdAt"][:10]
    again = replay_day.replay(served.bank.settings, "123456789012", day, "core")
    key = {name: item[name] for name in ("clientId", "predictionId")}
    boto3.client("dynamodb").delete_item(TableName=table, Key=key)

    assert told == {decided["clientId"]}
    assert again > 0


def test_an_outcome_is_told(served, loans, receiver):
    subscribe(served, core=(receiver, ("OutcomeReported",)))
    decided = served.predict(loans[8])
    place = f"/predictions/{decided['clientId']}/{decided['predictionId']}"
    day = decided["createdAt"][:10]
    told = served.post({"outcome": "paid", "when": day, "granted": day}, f"{place}/outcome")
    assert told.status_code == 200, told.text

    receiver.wait(lambda: bool(receiver.events))

    assert receiver.events[0]["data"]["predictionId"] == decided["predictionId"]


def test_a_version_that_arrives_is_told(served, receiver):
    subscribe(served, core=(receiver, ("ModelPromoted", "ModelInService")))
    settings, model = served.bank.settings, "Tradicional"
    version = served.get("/models").json()["models"][model]["version"]
    key = f"appvengers/{model}/{version}/model.tar.gz"
    served.upload(key, served.artifact(model))  # the same version again is told once
    manifest = f"manifests/{model}/{version}.json"
    s3 = boto3.client("s3")
    body = s3.get_object(Bucket=settings.model_bucket, Key=manifest)["Body"].read()
    s3.put_object(Bucket=settings.model_bucket, Key=manifest, Body=body)

    receiver.wait(lambda: bool(receiver.of("ModelPromoted")))

    assert receiver.of("ModelPromoted")[0]["data"] == {"model": model, "version": version}


def test_a_draft_of_a_policy_is_told(served, receiver):
    from chalicelib import profile
    from chalicelib.governance.policies.acts import Act
    from chalicelib.governance.policies.policy_bucket import PolicyBucket

    subscribe(served, core=(receiver, ("PolicyDrafted", "PolicyInForce")))
    version = profile.load().policy.version()
    act = Act("99991231T000000000Z-f", "DRAFTED", version, "2026-11-29T10:00:00.000Z", {"sub": "a"})
    PolicyBucket(boto3.client("s3"), served.bank.settings.data_bucket).add_act(act)

    receiver.wait(lambda: bool(receiver.events))

    assert receiver.events[0]["data"] == {"policyVersion": version, "draft": act.id}


def test_a_day_is_sent_again_with_the_same_ids(served, loans, receiver):
    subscribe(served, core=(receiver, ("DecisionMade",)))
    decided = served.predict(loans[9])
    receiver.wait(lambda: bool(receiver.events))
    settings, day = served.bank.settings, decided["createdAt"][:10]

    count = replay_day.replay(settings, "123456789012", day, "core")

    mine = receiver.events[0]["id"]
    receiver.wait(lambda: sum(h["webhook-id"] == mine for h, _ in receiver.calls) == 2)
    assert "repeated" in receiver.refused
    assert count >= 1
    until(lambda: count_in(settings.webhooks_queue) == 0)


def test_a_day_without_records_is_empty_and_a_stranger_is_refused(served):
    assert replay_day.replay(served.bank.settings, "123456789012", "2001-01-01") == 0
    with pytest.raises(replay_day.UnknownSubscriber):
        replay_day.replay(served.bank.settings, "123456789012", "2001-01-01", "stranger")
