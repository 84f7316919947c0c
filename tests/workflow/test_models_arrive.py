"""An artifact that lands in S3 answers, or is refused and changes nothing."""

import gzip
import hashlib
import io
import json
import pickle
import tarfile
from collections.abc import Callable

import boto3
import pytest

from tests.workflow.conftest import changed, manifest_of, reversioned

MODEL = "Tradicional"
ROLE = "arn:aws:iam::123456789012:role/dev-appvengers-endpoints"


def key_of(version: str, model: str = MODEL) -> str:
    return f"appvengers/{model}/{version}/model.tar.gz"


def subjects(served) -> list[str | None]:
    return [notice.subject for notice in served.bank.cloud.notices]


def answering(served, loans) -> str:
    return served.predict(loans[0])["models"]["AppVengersAccelerator"]["version"]


def version_of(served, loans) -> str:
    return served.predict(loans[0])["models"][MODEL]["version"]


def configurations() -> set[str]:
    found = boto3.client("sagemaker").list_endpoint_configs()["EndpointConfigs"]
    return {one["EndpointConfigName"] for one in found}


def test_a_new_version_answers_without_a_restart(served, loans):
    served.upload(key_of("20300101T000000"), reversioned(served.artifact(MODEL), "20300101T000000"))

    assert version_of(served, loans) == "20300101T000000"
    assert subjects(served)[-2:] == ["Modelo en despliegue", "Modelo en servicio"]


def test_of_uploads_in_a_row_the_last_one_answers(served, loans):
    body, s3 = served.artifact("AppVengersAccelerator"), boto3.client("s3")
    for second in range(4):
        version = f"2030030{second}T000000"
        s3.put_object(
            Bucket=served.bank.settings.model_bucket,
            Key=key_of(version, "AppVengersAccelerator"),
            Body=reversioned(body, version),
        )
    served.bank.cloud.idle(60)

    assert answering(served, loans) == version == "20300303T000000"


def test_an_event_of_an_older_upload_changes_nothing(served, loans):
    for version in ("20300104T010000", "20300104T020000"):
        served.upload(key_of(version), reversioned(served.artifact(MODEL), version))
    record = {
        "eventTime": "2020-01-01T00:00:00.000Z",
        "s3": {
            "bucket": {"name": served.bank.settings.model_bucket},
            "object": {"key": key_of("20300104T010000")},
        },
    }
    boto3.client("lambda").invoke(
        FunctionName="appvengers-dev-createEndpointModel",
        Payload=json.dumps({"Records": [record]}),
    )
    served.bank.cloud.idle(30)

    assert version_of(served, loans) == "20300104T020000"


def test_an_older_version_that_is_uploaded_again_answers_again(served, loans):
    before = version_of(served, loans)
    body = served.artifact(MODEL)
    served.upload(key_of("20300105T000000"), reversioned(body, "20300105T000000"))
    served.upload(key_of(before), body)

    assert version_of(served, loans) == before


def test_the_same_upload_again_changes_nothing(served, loans):
    body = reversioned(served.artifact(MODEL), "20300102T000000")
    served.upload(key_of("20300102T000000"), body)
    before = (configurations(), served.get("/models").json(), len(served.bank.cloud.notices))
    served.upload(key_of("20300102T000000"), body)

    assert before == (
        configurations(),
        served.get("/models").json(),
        len(served.bank.cloud.notices),
    )


def archive_with(member: tarfile.TarInfo, content: bytes = b"") -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def link_out() -> bytes:
    member = tarfile.TarInfo("manifest.json")
    member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
    return archive_with(member)


def with_manifest(body: bytes, **more: object) -> bytes:
    return changed(body, manifest__json=json.dumps(manifest_of(body) | more).encode())


def of_another_profile(body: bytes) -> bytes:
    return with_manifest(body, schema="0" * 64)


def sealed_with(member: str, content: bytes) -> Callable[[bytes], bytes]:
    """Changes a member, and the manifest with it."""

    def change(body: bytes) -> bytes:
        manifest = manifest_of(body) | {"version": "v1"}
        manifest["members"] |= {member: hashlib.sha256(content).hexdigest()}
        return changed(body, **{"manifest.json": json.dumps(manifest).encode(), member: content})

    return change


REFUSED = {
    "a text file": ("appvengers/notes.txt", lambda _: b"hello", "not an artifact"),
    "a text under an artifact's name": (key_of("v1"), lambda _: b"hello", "gzipped tar"),
    "half an archive": (key_of("v1"), lambda body: body[: len(body) // 2], "gzipped tar"),
    "a broken archive": (
        key_of("v1"),
        lambda body: body[:200] + bytes(50) + body[250:],
        "gzipped tar",
    ),
    "a bomb": (key_of("v1"), lambda _: gzip.compress(bytes(200 << 20)), "unpacks to more than"),
    "an abyss": (
        key_of("v1"),
        lambda body: changed(body, manifest__json=b"[" * 100_000),
        "manifest.json can't be read",
    ),
    "an interval that is a text": (
        key_of("v1"),
        lambda body: with_manifest(body, intervals={"auc": ["<b>", 1]}),
        "manifest.json can't be read",
    ),
    "an unknown model": (key_of("v1", "Otro"), lambda body: body, "not a model of the profile"),
    "another version inside": (key_of("v1"), lambda body: body, "The manifest says"),
    "no manifest": (key_of("v1"), lambda b: changed(b, manifest__json=None), "no manifest.json"),
    "a missing member": (key_of("v1"), lambda b: changed(b, scorecard__json=None), "Missing"),
    "a changed member": (key_of("v1"), lambda b: changed(b, scorecard__json=b"{}"), "not what"),
    "a member nobody listed": (key_of("v1"), lambda b: changed(b, more__txt=b"x"), "not what"),
    "a pickle": (
        key_of("v1"),
        lambda b: changed(b, model__pkl=pickle.dumps(1)),
        "has no place in a model",
    ),
    "a path out": (
        key_of("v1"),
        lambda _: archive_with(tarfile.TarInfo("../../etc/cron.d/x")),
        "has no place in a model",
    ),
    "a link": (key_of("v1"), lambda _: link_out(), "has no place in a model"),
    "another profile": (key_of("v1"), of_another_profile, "trained for another profile"),
    "code that nobody released": (
        key_of("v1"),
        sealed_with("code/inference.py", b"import os\n"),
        "no code of this bank",
    ),
    "no codes that it has seen": (
        key_of("v1"),
        sealed_with("features.json", b'{"inputs": {}, "derive": []}'),
        "which codes it has seen of naics, state",
    ),
    "broken features": (key_of("v1"), sealed_with("features.json", b"["), "features.json can't"),
    "too long a version": (key_of("v" * 60), lambda body: body, "shorten the version"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_valid_artifact_is_refused_with_a_notice_and_changes_nothing(
    served, loans, name
):
    key, make, told = REFUSED[name]
    before = (version_of(served, loans), configurations())
    served.upload(key, make(served.artifact(MODEL)))
    notice = served.bank.cloud.notices[-1]

    assert notice.subject == "Modelo rechazado"
    assert told in notice.message
    assert (version_of(served, loans), configurations()) == before


def test_what_replaces_a_live_upload_is_not_what_the_endpoint_loads(served, loans):
    live = version_of(served, loans)
    served.upload(key_of(live), b"hello")
    sagemaker, name = boto3.client("sagemaker"), f"dev-appvengers-{MODEL}"
    config = sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"]
    sagemaker.delete_endpoint(EndpointName=name)
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)  # as after a restart
    served.bank.cloud.idle(30)

    assert version_of(served, loans) == live


def test_an_endpoint_that_failed_takes_the_next_version(served, loans):
    body = reversioned(served.artifact("NetworkingAccelerator"), "20300201T000000")
    sagemaker, name = boto3.client("sagemaker"), "dev-appvengers-NetworkingAccelerator"
    sagemaker.delete_endpoint(EndpointName=name)
    s3, bucket = boto3.client("s3"), served.bank.settings.model_bucket
    s3.put_object(Bucket=bucket, Key="verified/broken.tar.gz", Body=b"no model")
    container = {"Image": "x", "ModelDataUrl": f"s3://{bucket}/verified/broken.tar.gz"}
    sagemaker.create_model(ModelName="broken", ExecutionRoleArn=ROLE, PrimaryContainer=container)
    serverless = {"MemorySizeInMB": 1024, "MaxConcurrency": 1}
    variant = {"VariantName": "All", "ModelName": "broken", "ServerlessConfig": serverless}
    sagemaker.create_endpoint_config(EndpointConfigName="broken", ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName="broken")
    served.bank.cloud.idle(30)
    assert sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"] == "Failed"
    served.upload(key_of("20300201T000000", "NetworkingAccelerator"), body)

    answered = served.predict(loans[0])["models"]["NetworkingAccelerator"]
    assert answered["version"] == "20300201T000000"
    assert "Despliegue fallido" in subjects(served)


def test_a_version_never_changes_its_content(served, loans):
    body = reversioned(served.artifact(MODEL), "20300103T000000")
    served.upload(key_of("20300103T000000"), body)
    manifest = manifest_of(body) | {"rows": 1}
    served.upload(
        key_of("20300103T000000"), changed(body, manifest__json=json.dumps(manifest).encode())
    )

    assert "exists with other content" in served.bank.cloud.notices[-1].message


def test_a_multipart_upload_is_one_arrival(served, loans):
    body = reversioned(served.artifact(MODEL), "20300104T000000")
    before = len(served.bank.cloud.notices)
    boto3.client("s3").upload_fileobj(
        io.BytesIO(body),
        served.bank.settings.model_bucket,
        key_of("20300104T000000"),
        Config=boto3.s3.transfer.TransferConfig(multipart_threshold=1, multipart_chunksize=5 << 20),
    )
    served.bank.cloud.idle(30)

    assert version_of(served, loans) == "20300104T000000"
    assert subjects(served)[before:] == ["Modelo en despliegue", "Modelo en servicio"]
