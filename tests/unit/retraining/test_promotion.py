"""An approval may be told again, weeks later; a version is deployed by it once."""

import hashlib
from datetime import UTC, datetime

import boto3
import pytest
from botocore.stub import Stubber

from chalicelib.foundation.errors import EndpointBusy
from chalicelib.foundation.settings import MODEL_PREFIX
from chalicelib.models.challengers import Challenger, Challengers, Signer, SignOff
from chalicelib.models.model_bucket import ModelBucket
from chalicelib.models.model_packages import ModelPackages
from chalicelib.models.sign_off_registry import SignOffRegistry
from chalicelib.retraining import promotion
from chalicelib.retraining.retraining_files import RetrainingFiles, artifact_key
from tests.fakes import S3, LiveEndpoints, Topic, endpoint

MODEL, BODY = "Tradicional", b"artifact"
UPLOAD = f"{MODEL_PREFIX}{MODEL}/v2/model.tar.gz"
FACTS = {
    "model": MODEL, "version": "v2", "job": "j", "champion": "v1",
    "sha256": hashlib.sha256(BODY).hexdigest(),
}  # fmt: skip


def signed_off():
    """Return a client of the registry that answers once, with an approved package."""
    client = boto3.client("sagemaker")
    stubber = Stubber(client)
    arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/dev-bank-Tradicional/1"
    package = {
        "ModelPackageName": "dev-bank-Tradicional",
        "ModelPackageArn": arn,
        "CreationTime": datetime(2026, 11, 24, tzinfo=UTC),
        "ModelPackageStatus": "Completed",
        "ModelPackageStatusDetails": {"ValidationStatuses": []},
        "ModelApprovalStatus": "Approved",
        "CustomerMetadataProperties": FACTS,
    }
    stubber.add_response("describe_model_package", package, {"ModelPackageName": arn})
    stubber.activate()
    return ModelPackages(client, "dev-bank", "image"), arn


def approved(*manifests, live="v1", status="InService", verdict="APPROVE", body=BODY):
    """Return the uploaded artifacts and the notices, with these versions accepted."""
    keys = [f"manifests/{MODEL}/{version}.json" for version in manifests]
    s3 = S3({artifact_key("j"): body} | dict.fromkeys(keys, b""))
    files, topic = RetrainingFiles(s3, "data", "models"), Topic()
    packages, arn = signed_off()
    registry = SignOffRegistry(packages, Challengers(s3, "data"), "")
    if verdict:
        signed = SignOff(verdict, "Acta 12.", "now", Signer("1", "risk"), FACTS["sha256"])
        registry.challengers.sign(Challenger(**FACTS), signed)
    endpoints = LiveEndpoints(endpoint(status, live))
    promotion.approved(arn, files, registry, endpoints, ModelBucket(s3, "models"), topic)
    uploads = [key for key in s3.objects if key.startswith(MODEL_PREFIX)]
    return uploads, topic.notices


def test_a_version_that_a_person_signs_off_is_promoted():
    assert approved("v1") == ([UPLOAD], [("promoted", f"{MODEL} v2")])


def test_an_approval_told_again_after_a_rollback_does_not_undo_the_rollback():
    assert approved("v1", "v2", live="v1") == ([], [])


def test_an_approval_told_again_while_its_version_is_on_its_way_waits_for_nothing():
    assert approved("v1", "v2", status="Updating") == ([], [])
    with pytest.raises(EndpointBusy):
        approved("v1", status="Updating")


@pytest.mark.parametrize("verdict", [None, "REFUSE"])
def test_a_package_that_is_approved_in_sagemaker_alone_is_not_promoted(verdict):
    assert approved("v1", verdict=verdict) == ([], [("rejected", f"{MODEL} v2")])


def test_an_artifact_that_changed_since_its_evaluation_is_not_promoted():
    assert approved("v1", body=BODY + b"!") == ([], [("rejected", f"{MODEL} v2")])


def test_a_challenger_of_another_champion_is_not_promoted():
    assert approved("v1", live="v3") == ([], [("rejected", f"{MODEL} v2")])
