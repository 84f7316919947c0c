"""An endpoint that somebody deleted: what answered last stays the champion, and that is told."""

import hashlib
import json
from datetime import UTC, datetime

import boto3
import msgspec
import pytest

from chalicelib.foundation.errors import ChampionChanged
from chalicelib.models.champions import champions
from chalicelib.retraining import promotion
from chalicelib.services import services
from infrastructure.first_models.first_model_steps import scheduled_event
from tests.workflow import retraining
from tests.workflow.test_gate_drills import FIRST_DRILLS, SPOIL

MODEL = "AppVengersAccelerator"
VERSION = "20320401T000000"


@pytest.fixture(scope="module")
def live(served, loans):
    """The version that answered before, and what updateData takes as champion without it."""
    version = served.predict(loans[0])["models"][MODEL]["version"]
    boto3.client("sagemaker").delete_endpoint(EndpointName=f"dev-appvengers-{MODEL}")
    yield version
    services().models.arrive_again(MODEL, version)
    served.bank.cloud.idle(60)


@pytest.fixture(scope="module")
def refused(served, sample, live):
    """A challenger that learnt from shuffled outcomes, with nothing in service to compare with."""
    using = services()
    champion = champions(using.profile, using.endpoints, using.models)[MODEL]
    drills = SPOIL.replace("DRILLS", FIRST_DRILLS)
    with retraining.source(train=drills, honest=retraining.TRAIN):
        retraining.put_snapshot(VERSION, sample.snapshot())
        arn = retraining.start(
            served, VERSION, (MODEL,), profile_name="few", known={MODEL: champion}
        )
        found = retraining.outcome(served, arn)[MODEL]
    retraining.forget(VERSION)
    return found


def test_a_challenger_is_compared_with_what_answered_last(live, refused):
    rules = {reason.partition(":")[0] for reason in refused["reasons"]}

    assert refused["champion"] == live
    assert refused["verdict"] == "rejected"
    assert "AUC contra el modelo en servicio" in rules, refused["reasons"]


def test_only_one_that_was_compared_with_it_may_be_promoted(served, live, refused):
    using = services()
    body = using.retraining_files.artifact(refused["job"])
    event = {"model": MODEL, "version": VERSION, "job": refused["job"], "champion": "another"}
    event["sha256"] = hashlib.sha256(body).hexdigest()
    parts = (using.retraining_files, using.registry, using.endpoints, using.models)

    gate = msgspec.structs.replace(using.profile.gate, sign_off=True)
    signing_off = msgspec.structs.replace(using.profile, gate=gate)

    with pytest.raises(ChampionChanged, match="not compared"):
        promotion.promote(event, signing_off, *parts, datetime.now(UTC))
    known = event | {"champion": live}
    assert promotion.promote(known, signing_off, *parts, datetime.now(UTC))["verdict"] == "pending"
    assert using.endpoints.live(MODEL) is None


def update_data(served):
    """What it did, and of which notices it was the cause."""
    before = len([*served.bank.cloud.notices])
    event = scheduled_event(datetime(2026, 1, 1, tzinfo=UTC))
    answer = boto3.client("lambda").invoke(
        FunctionName="appvengers-dev-updateData", Payload=json.dumps(event)
    )
    served.bank.cloud.idle(60)
    return json.load(answer["Payload"]), [*served.bank.cloud.notices][before:]


def test_the_weekly_run_tells_that_it_does_not_answer_and_leaves_it_so(served, live, refused):
    """Last, after what it did about a retraining."""
    done, notices = update_data(served)

    assert done["done"]
    assert [one.subject for one in notices][1:] == ["Modelo que no responde"]
    assert notices[-1].message.endswith(f"make rollback STAGE=dev MODEL={MODEL}")
    assert services().endpoints.live(MODEL) is None


class Refusing:
    """SNS takes all but that notice."""

    def __init__(self, topic):
        self.topic = topic

    def publish(self, kind, what, detail):
        if kind == "not answering":
            raise PermissionError(kind)
        self.topic.publish(kind, what, detail)


def test_a_notice_that_sns_refuses_stops_no_retraining(served, live, refused):
    using = services()
    topic = using.topic
    using.topic = Refusing(topic)
    answer, notices = update_data(served)
    using.topic = topic

    assert answer["errorType"] == "PermissionError"
    assert len(notices) == 1  # of the retraining
