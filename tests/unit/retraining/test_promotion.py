"""A challenger is promoted as it was evaluated, and over what it was compared with. An approval may
be told again, weeks later; a version is deployed by it once."""

import hashlib
from datetime import UTC, datetime

import boto3
import msgspec
import pytest
from botocore.stub import ANY, Stubber

from chalicelib.foundation.errors import ArtifactChanged, ChampionChanged, EndpointBusy
from chalicelib.foundation.settings import MODEL_PREFIX
from chalicelib.models.challengers import Challenger, Challengers, Signer, SignOff
from chalicelib.models.model_bucket import ModelBucket
from chalicelib.models.model_packages import ModelPackages
from chalicelib.models.sign_off_registry import SignOffRegistry
from chalicelib.profile import load
from chalicelib.retraining import promotion
from chalicelib.retraining.retraining_files import RetrainingFiles, artifact_key
from tests.fakes import S3, LiveEndpoints, Topic, endpoint

MODEL, BODY = "Tradicional", b"artifact"
UPLOAD = f"{MODEL_PREFIX}{MODEL}/v2/model.tar.gz"
FACTS = {
    "model": MODEL, "version": "v2", "job": "j", "champion": "v1",
    "sha256": hashlib.sha256(BODY).hexdigest(),
}  # fmt: skip


def signed_off(**facts):
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
    stubber.add_response("describe_model_package", package | facts, {"ModelPackageName": arn})
    stubber.activate()
    return ModelPackages(client, "dev-bank", "image"), arn


def approved(*manifests, live=("v", "1"), status="InService", verdict="APPROVE", body=BODY):
    """Return the uploaded artifacts and the notices, with these versions accepted."""
    keys = [f"manifests/{MODEL}/{version}.json" for version in manifests]
    s3 = S3({artifact_key("j"): body} | dict.fromkeys(keys, b""))
    files, topic = RetrainingFiles(s3, "data", "models"), Topic()
    packages, arn = signed_off()
    registry = SignOffRegistry(packages, Challengers(s3, "data"), "")
    if verdict:
        signed = SignOff(verdict, "Acta 12.", "now", Signer("1", "risk"), FACTS["sha256"])
        registry.challengers.sign(Challenger(**FACTS), signed)
    endpoints = LiveEndpoints(endpoint(status, "".join(live)))  # a text of its own, as AWS has it
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


def digest(body):
    return hashlib.sha256(body).hexdigest()


CHANGED = sorted((BODY + bytes([more]) for more in range(256)), key=digest)
OTHERS = (CHANGED[0], CHANGED[-1])  # by their SHA-256 one is less than BODY, and one is more


@pytest.mark.parametrize("body", OTHERS)
def test_an_artifact_that_changed_since_its_evaluation_is_not_promoted(body):
    assert digest(CHANGED[0]) < digest(BODY) < digest(CHANGED[-1])
    assert approved("v1", body=body) == ([], [("rejected", f"{MODEL} v2")])
    with pytest.raises(ArtifactChanged, match="j is not the one"):
        promoted(endpoint("InService", "v1"), body=body)


@pytest.mark.parametrize("live", ["v0", "v3"])
def test_a_challenger_of_another_champion_is_not_promoted(live):
    assert approved("v1", live=live) == ([], [("rejected", f"{MODEL} v2")])


NOW = datetime(2026, 11, 29, 10, tzinfo=UTC)
PACKAGE = "arn:aws:sagemaker:us-east-1:123456789012:model-package/dev-bank-tradicional/2"


def asked_for_once():
    """Return a client of the registry that takes one package of the challenger."""
    client = boto3.client("sagemaker")
    stubber = Stubber(client)
    group = {"ModelPackageGroupName": f"dev-bank-{MODEL}"}
    there = group | {
        "ModelPackageGroupArn": PACKAGE, "CreationTime": NOW, "CreatedBy": {},
        "ModelPackageGroupStatus": "Completed",
    }  # fmt: skip
    stubber.add_response("describe_model_package_group", there, group)
    wanted = {
        "ModelPackageDescription": f"{MODEL} v2",
        "ModelApprovalStatus": "PendingManualApproval",
        "InferenceSpecification": ANY,
        "CustomerMetadataProperties": FACTS,
        "ClientToken": ANY,
    }
    stubber.add_response("create_model_package", {"ModelPackageArn": PACKAGE}, group | wanted)
    stubber.activate()
    return client


def promoted(*live, sign_off=False, client=None, body=BODY, **event):
    """Return what promoteModel answers, and what is in the buckets then."""
    s3 = S3({artifact_key("j"): body})
    profile = load()
    gate = msgspec.structs.replace(profile.gate, sign_off=sign_off)
    packages = ModelPackages(client or boto3.client("sagemaker"), "dev-bank", "image")
    done = promotion.promote(
        FACTS | event,
        msgspec.structs.replace(profile, gate=gate),
        RetrainingFiles(s3, "data", "models"),
        SignOffRegistry(packages, Challengers(s3, "data"), ""),
        LiveEndpoints(*live),
        ModelBucket(s3, "models"),
        NOW,
    )
    return done, s3.objects


@pytest.mark.parametrize("live", ["v1", "v2"])  # and again, once it is in service itself
def test_a_challenger_is_promoted_over_what_it_was_compared_with(live):
    done, objects = promoted(endpoint("InService", live))

    assert done == {"verdict": "promoted"}
    assert objects[UPLOAD] == BODY


@pytest.mark.parametrize("live", ["v0", "v3"])
@pytest.mark.parametrize("sign_off", [False, True])
def test_a_challenger_that_was_compared_with_another_champion_is_dropped(live, sign_off):
    with pytest.raises(ChampionChanged, match=f"{MODEL} v2"):
        promoted(endpoint("InService", live), sign_off=sign_off)


def test_a_first_model_is_promoted_where_there_is_none():
    done, objects = promoted(None, champion="none")

    assert done == {"verdict": "promoted"}
    assert objects[UPLOAD] == BODY
    with pytest.raises(ChampionChanged):
        promoted(None, champion="v1")


def test_with_a_sign_off_the_challenger_waits_and_nothing_is_uploaded():
    live = endpoint("InService", "v1")
    done, objects = promoted(live, sign_off=True, client=asked_for_once())
    challenger = Challenger(**FACTS)

    assert done == {"verdict": "pending", "package": PACKAGE, "challenger": challenger.id}
    assert UPLOAD not in objects
    waiting = Challengers(S3(objects), "data").waiting(MODEL, challenger.id)
    assert (waiting.challenger, waiting.package, waiting.since) == (challenger, PACKAGE, NOW)


def test_a_package_that_is_none_of_promote_models_changes_nothing():
    files, topic, s3 = RetrainingFiles(S3({}), "data", "models"), Topic(), S3({})
    packages, arn = signed_off(CustomerMetadataProperties={"team": "other"})
    registry = SignOffRegistry(packages, Challengers(s3, "data"), "")
    live = LiveEndpoints(endpoint("InService", "v1"))
    promotion.approved(arn, files, registry, live, ModelBucket(s3, "models"), topic)

    assert (s3.objects, topic.notices) == ({}, [])
