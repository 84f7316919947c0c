"""The address of an upload, as AWS's client signs it."""

from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from chalicelib.foundation.settings import Settings
from chalicelib.governance.model_acts.artifact_upload import ArtifactUpload
from chalicelib.http.console import console_files
from chalicelib.services.client_times import BATCHES
from infrastructure.deploy.steps.user_pool import UserPool, console_place

DIGEST = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # of abc


@pytest.fixture(autouse=True)
def keys(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")


def presigned(region="eu-west-1"):
    s3 = boto3.client("s3", region_name=region, config=BATCHES)
    bucket = ArtifactUpload(s3, "prod-bank-createendpointmodel")
    return bucket.presigned("Tradicional", "v1", 3, DIGEST)


def test_an_address_is_signed_with_size_type_and_checksum():
    upload = presigned()
    query = parse_qs(urlsplit(upload["url"]).query)

    assert urlsplit(upload["url"]).path.endswith("appvengers/Tradicional/v1/model.tar.gz")
    assert query["X-Amz-SignedHeaders"] == [
        "content-length;content-type;host;x-amz-checksum-sha256"
    ]
    assert query["X-Amz-Expires"] == ["900"]
    assert upload["method"] == "PUT"
    assert upload["headers"] == {
        "Content-Type": "application/gzip",
        "Content-Length": "3",
        "x-amz-checksum-sha256": "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=",
    }


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1", "eu-south-2"])
def test_the_consoles_policy_allows_the_host_of_an_upload(region):
    settings, pool = Settings("bank", "prod", region), UserPool("id", "client", "bank", region)
    place = console_place(settings, pool, "https://bank.example/")
    host = urlsplit(presigned(region)["url"])

    assert host.netloc.startswith("prod-bank-createendpointmodel.s3.")
    assert region == "us-east-1" or f".{region}." in host.netloc
    assert f" {host.scheme}://{host.netloc}; " in console_files.policy(place)
