"""What a stream and S3 bring is published once for each record, and fails as a whole."""

import json

import pytest

from chalicelib.governance.announcements.delivery_queue import DeliveryQueue, NotQueued
from chalicelib.governance.announcements.event_bus import EventBus, NotPublished
from chalicelib.governance.announcements.publishing import Publishing
from chalicelib.governance.announcements.subscribers import Subscriber

AT, P = "2026-11-29T10:00:00.000Z", "019a" + "0" * 28
KNOWN = {"core": Subscriber("https://bank.example/", ("DecisionMade",), ("whsec_a",))}


class Events:
    def __init__(self, refused=0):
        self.entries, self.sizes, self.refused = [], [], refused

    def put_events(self, Entries):
        self.entries += Entries
        self.sizes.append(len(Entries))
        failed = [{"ErrorCode": "ThrottlingException"}] * self.refused
        return {"FailedEntryCount": self.refused, "Entries": failed}


class Sqs:
    def __init__(self, failed=()):
        self.bodies, self.failed = [], failed

    def send_message_batch(self, QueueUrl, Entries):
        assert len({one["Id"] for one in Entries}) == len(Entries) <= 10
        self.bodies += [json.loads(one["MessageBody"]) for one in Entries]
        return {"Failed": [{"Code": one} for one in self.failed]}


def publishing(events, sqs, known=KNOWN):
    return Publishing(
        EventBus(events, "appvengers.dev"),
        DeliveryQueue(sqs, "https://queue"),
        lambda: known,
        {"models": "models", "data": "data"},
        lambda bucket, key: b"",
        list,
    )


def stored(number=0, **more):
    image = {"clientId": f"c{number}", "predictionId": P, "createdAt": AT, "decision": "APPROVE"}
    item = {name: {"S": value} for name, value in image.items()}
    return {"eventName": "INSERT", "dynamodb": {"NewImage": {**item, **more}}}


def test_events_go_in_tens_with_the_stages_source():
    events, sqs = Events(), Sqs()
    publishing(events, sqs).publish({"Records": [stored(number) for number in range(21)]})

    assert events.sizes == [10, 10, 1]
    assert {one["Source"] for one in events.entries} == {"appvengers.dev"}
    assert {one["DetailType"] for one in events.entries} == {"DecisionMade"}
    assert [one["Detail"] for one in events.entries] == [one["body"] for one in sqs.bodies]
    assert {one["subscriber"] for one in sqs.bodies} == {"core"}


def test_without_subscribers_nothing_is_queued():
    sqs = Sqs()
    publishing(Events(), sqs, {}).publish({"Records": [stored()]})

    assert sqs.bodies == []


def test_what_is_not_taken_fails_and_is_tried_again():
    with pytest.raises(NotPublished, match="ThrottlingException"):
        publishing(Events(refused=1), Sqs()).publish({"Records": [stored()]})
    with pytest.raises(NotQueued, match="InternalError"):
        publishing(Events(), Sqs(failed=["InternalError"])).publish({"Records": [stored()]})


def test_an_item_that_no_function_of_ours_writes_stops_nothing():
    events = Events()
    strange = stored(1, decision={"B": "not base64"})
    publishing(events, Sqs()).publish({"Records": [strange, stored(2)]})

    assert [json.loads(one["Detail"])["data"]["clientId"] for one in events.entries] == ["c2"]


def test_an_application_that_no_json_can_have_is_not_even_read():
    events = Events()
    publishing(events, Sqs()).publish({"Records": [stored(application={"B": "not base64"})]})

    assert len(events.entries) == 1


def test_a_removed_record_is_not_told():
    events = Events()
    publishing(events, Sqs()).publish({"Records": [{"eventName": "REMOVE", "dynamodb": {}}]})

    assert events.entries == []


def test_the_key_of_an_object_is_read_as_s3_writes_it():
    events = Events()
    s3 = {"bucket": {"name": "models"}, "object": {"key": "manifests/M/2026%2B1.json"}}
    publishing(events, Sqs()).publish({"Records": [{"s3": s3, "eventTime": AT}]})

    data = json.loads(events.entries[0]["Detail"])["data"]
    assert data == {"model": "M", "version": "2026+1"}


def test_an_event_of_no_source_fails():
    with pytest.raises(KeyError):
        publishing(Events(), Sqs()).publish({"time": "never"})
