"""An endpoint that somebody deleted: what answered last stays the champion, and comes back."""

import hashlib
import json
from datetime import UTC, datetime

import boto3
import msgspec
import pytest

from chalicelib import promotion
from chalicelib.champions import champions
from chalicelib.errors import ChampionChanged
from chalicelib.services import services
from infrastructure.first_models import scheduled_event
from tests.workflow import retraining
from tests.workflow.test_gate_drills import FIRST_DRILLS, SPOIL

MODEL = "AppVengersAccelerator"
VERSION = "20320401T000000"


@pytest.fixture(scope="module")
def live(served, loans):
    """The version that answered before, and what updateData takes as champion without it."""
    version = served.predict(loans[0])["models"][MODEL]["version"]
    boto3.client("sagemaker").delete_endpoint(EndpointName=f"dev-appvengers-{MODEL}")
    return version


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
    parts = (using.retraining_files, using.packages, using.endpoints, using.models)

    gate = msgspec.structs.replace(using.profile.gate, sign_off=True)
    signing_off = msgspec.structs.replace(using.profile, gate=gate)

    with pytest.raises(ChampionChanged, match="not compared"):
        promotion.promote(event, signing_off, *parts)
    known = event | {"champion": live}
    assert promotion.promote(known, signing_off, *parts)["verdict"] == "pending"
    assert using.endpoints.live(MODEL) is None


def test_the_weekly_run_brings_it_back_and_tells(served, loans, live, refused):
    before = len([*served.bank.cloud.notices])
    event = scheduled_event(datetime(2026, 1, 1, tzinfo=UTC))
    for _ in range(2):  # the second time it is there
        boto3.client("lambda").invoke(
            FunctionName="appvengers-dev-updateData", Payload=json.dumps(event)
        )
        served.bank.cloud.idle(60)
    told = [n for n in [*served.bank.cloud.notices][before:] if MODEL in n.message]

    assert [one.subject for one in told] == [
        "Modelo repuesto",
        "Modelo en despliegue",
        "Modelo en servicio",
    ]
    assert served.predict(loans[0])["models"][MODEL]["version"] == live
