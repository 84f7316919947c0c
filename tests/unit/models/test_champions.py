"""What a challenger has to beat: what answers, or did last."""

import pytest

from chalicelib.foundation.errors import EndpointBusy
from chalicelib.models.champions import NONE, champion, champions, ever_served, publish_silent
from chalicelib.models.model_bucket import ModelBucket
from chalicelib.profile import load
from tests.fakes import S3, LiveEndpoints, Topic, endpoint

MODEL = "Tradicional"


def endpoints(status=None, version="v2"):
    return LiveEndpoints(endpoint(status, version) if status else None)


# v1 was rolled back to, after v2; v3 never came up.
ENDINGS = [
    f"endings/{MODEL}/2026-01-01/v1/in-service",
    f"endings/{MODEL}/2026-02-01/v2/in-service",
    f"endings/{MODEL}/2026-03-01/v1/in-service",
    f"endings/{MODEL}/2026-04-01/v3/failed",
]


def holding(*keys):
    return ModelBucket(S3(dict.fromkeys(keys, b"")), "models")


@pytest.fixture
def bucket():
    return holding(*ENDINGS)


@pytest.mark.parametrize("status", ["InService", "Updating", "SystemUpdating"])
def test_what_answers_is_the_champion(bucket, status):
    assert champion(MODEL, endpoints(status), bucket) == "v2"


@pytest.mark.parametrize("status", [None, "Failed", "Deleting", "OutOfService"])
def test_of_an_endpoint_that_does_not_answer_the_last_that_was_in_service_is(bucket, status):
    assert champion(MODEL, endpoints(status, "v3"), bucket) == "v1"


def test_a_model_that_never_was_in_service_has_none():
    bucket = holding(ENDINGS[-1])

    assert champion(MODEL, endpoints("Failed", "v3"), bucket) == NONE
    assert set(champions(load(), endpoints(), bucket).values()) == {None}


@pytest.mark.parametrize(
    ("keys", "status", "served"),
    [
        (ENDINGS[-1:], "Failed", False),
        (ENDINGS[-1:], "Creating", False),
        ([], None, False),
        (ENDINGS, None, True),
        (ENDINGS, "Failed", True),
        ([], "InService", True),  # its event has not come, or never will
    ],
)
def test_a_model_was_ever_in_service_if_one_is_or_a_deployment_ended_so(keys, status, served):
    assert ever_served(load(), endpoints(status), holding(*keys)) == served


def test_whoever_signs_off_waits_until_a_deployment_is_over(bucket):
    with pytest.raises(EndpointBusy):
        champion(MODEL, endpoints("Updating"), bucket, settled=True)
    assert champion(MODEL, endpoints("Deleting"), bucket, settled=True) == "v1"


FOUND = {MODEL: {"version": "v1", "url": "s3://models/a"}, "Otro": None}


@pytest.mark.parametrize("status", [None, "Failed", "Deleting", "OutOfService"])
def test_a_champion_that_does_not_answer_is_told_with_the_command_and_nothing_is_done(
    bucket, status
):
    """It may be gone on purpose, and what waits in its place may be newer."""
    before, topic = dict(bucket._s3.objects), Topic()
    publish_silent(FOUND, "prod", endpoints(status), topic)

    assert topic.notices == [("not answering", MODEL)]
    assert topic.details[0].splitlines()[1:] == [f"make rollback STAGE=prod MODEL={MODEL}"]
    assert bucket._s3.objects == before


def test_all_that_do_not_answer_are_one_notice():
    topic = Topic()
    publish_silent({"A": FOUND[MODEL], "B": FOUND[MODEL]}, "dev", endpoints(), topic)

    assert topic.notices == [("not answering", "A, B")]
    assert topic.details[0].count("make rollback STAGE=dev MODEL=") == 2


def test_nothing_is_told_of_what_answers():
    topic = Topic()
    publish_silent(FOUND, "prod", endpoints("InService"), topic)

    assert topic.notices == []
