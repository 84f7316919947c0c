"""What a challenger has to beat: what answers, or did last."""

import pytest

from chalicelib.champions import NONE, bring_back, champion, champions
from chalicelib.errors import EndpointBusy
from chalicelib.model_bucket import ModelBucket
from chalicelib.profile import load
from tests.fakes import S3, Topic

MODEL = "Tradicional"


class Endpoints:
    def __init__(self, status=None, version="v2"):
        self.found = {"status": status, "version": version} if status else None

    def live(self, model):
        return self.found


def verified(*versions):
    return [f"verified/{MODEL}/{version}/model.tar.gz" for version in versions]


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
    return holding(*ENDINGS, *verified("v1", "v2", "v3"))


@pytest.mark.parametrize("status", ["InService", "Updating", "SystemUpdating"])
def test_what_answers_is_the_champion(bucket, status):
    assert champion(MODEL, Endpoints(status), bucket) == "v2"


@pytest.mark.parametrize("status", [None, "Failed", "Deleting", "OutOfService"])
def test_of_an_endpoint_that_does_not_answer_the_last_that_was_in_service_is(bucket, status):
    assert champion(MODEL, Endpoints(status, "v3"), bucket) == "v1"


def test_a_version_whose_artifact_is_gone_can_not_be_compared_with():
    bucket = holding(*ENDINGS, *verified("v2", "v3"))

    assert champion(MODEL, Endpoints(), bucket) == "v2"


def test_a_model_that_never_was_in_service_has_none():
    bucket = holding(ENDINGS[-1], *verified("v3"))

    assert champion(MODEL, Endpoints("Failed", "v3"), bucket) == NONE
    assert set(champions(load(), Endpoints(), bucket).values()) == {None}


def test_whoever_signs_off_waits_until_a_deployment_is_over(bucket):
    with pytest.raises(EndpointBusy):
        champion(MODEL, Endpoints("Updating"), bucket, settled=True)
    assert champion(MODEL, Endpoints("Deleting"), bucket, settled=True) == "v1"


@pytest.mark.parametrize(
    ("status", "told"), [(None, [("brought back", f"{MODEL} v1")]), ("InService", [])]
)
def test_a_champion_that_does_not_answer_arrives_again(bucket, status, told):
    topic, endpoints = Topic(), Endpoints(status)
    bring_back(champions(load(), endpoints, bucket), endpoints, bucket, topic)

    assert topic.told == told
    assert (f"appvengers/{MODEL}/v1/model.tar.gz" in bucket._s3.objects) == bool(told)
