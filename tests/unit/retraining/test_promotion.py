"""An approval may be told again, weeks later; a version is deployed by it once."""

import hashlib

import pytest

from chalicelib.errors import EndpointBusy
from chalicelib.models.model_bucket import ModelBucket
from chalicelib.retraining import promotion
from tests.fakes import S3, Topic

MODEL, BODY = "Tradicional", b"artifact"
FACTS = {
    "model": MODEL, "version": "v2", "job": "j", "champion": "v1",
    "sha256": hashlib.sha256(BODY).hexdigest(),
}  # fmt: skip


class Files:
    def __init__(self):
        self.promoted = []

    def artifact(self, job):
        return BODY

    def promote(self, model, version, body):
        self.promoted.append((model, version))


class Packages:
    def signed_off(self, arn):
        return FACTS


class Endpoints:
    def __init__(self, version, status="InService"):
        self.found = {"version": version, "status": status}

    def live(self, model):
        return self.found


def approved(*manifests, live="v1", status="InService"):
    """What it promoted and told, with these versions accepted."""
    keys = [f"manifests/{MODEL}/{version}.json" for version in manifests]
    files, topic = Files(), Topic()
    models = ModelBucket(S3(dict.fromkeys(keys, b"")), "models")
    promotion.approved("arn", files, Packages(), Endpoints(live, status), models, topic)
    return files.promoted, topic.told


def test_a_version_that_a_person_signs_off_is_promoted():
    assert approved("v1") == ([(MODEL, "v2")], [("promoted", f"{MODEL} v2")])


def test_an_approval_told_again_after_a_rollback_does_not_undo_the_rollback():
    assert approved("v1", "v2", live="v1") == ([], [])


def test_an_approval_told_again_while_its_version_is_on_its_way_waits_for_nothing():
    assert approved("v1", "v2", status="Updating") == ([], [])
    with pytest.raises(EndpointBusy):
        approved("v1", status="Updating")
