"""S3's requests, held against its service model and the rules that it does not state."""

import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from localcloud.cloud import Cloud
from localcloud.strictness.s3_rules import RULES
from tests.contract.strictness.test_strictness import refused


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    client = boto3.client("s3")
    client.create_bucket(Bucket="loans")
    return client


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda s3: s3.put_object(Bucket="loans", Key="k", ACL="everybody"), "InvalidArgument"),
        (lambda s3: s3.put_object(Bucket="loans", Key="k", ServerSideEncryption="rot13"),
         "InvalidArgument"),
        (lambda s3: s3.put_object(Bucket="loans", Key="k", StorageClass="COLD"),
         "InvalidStorageClass"),
        (lambda s3: s3.copy_object(Bucket="loans", Key="k", CopySource="loans/j",
                                   MetadataDirective="KEEP"), "InvalidArgument"),
        (lambda s3: s3.create_multipart_upload(Bucket="loans", Key="k", StorageClass="COLD"),
         "InvalidStorageClass"),
        (lambda s3: s3.put_bucket_versioning(Bucket="loans",
                                             VersioningConfiguration={"Status": "On"}),
         "MalformedXML"),
        (lambda s3: s3.put_bucket_acl(Bucket="loans", ACL="everybody"), "InvalidArgument"),
        (lambda s3: s3.put_bucket_lifecycle_configuration(
            Bucket="loans", LifecycleConfiguration={"Rules": [
                {"ID": "x", "Status": "Yes", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
            ]}), "MalformedXML"),
        (lambda s3: s3.list_objects_v2(Bucket="loans", EncodingType="base64"), "InvalidArgument"),
    ],
)  # fmt: skip
def test_what_s3_s_model_lists_is_all_there_is(
    s3: Any, call: Callable[[Any], Any], code: str
) -> None:
    answer = refused(lambda: call(s3))
    assert answer[0] == code
    assert "Member must satisfy enum value set" in answer[1]


NAMES = (
    "ab",
    "a" * 64,
    "Loans",
    "a_b",
    "a..b",
    "-ab",
    "ab-",
    "192.168.0.1",
    "sthree-ab",
    "ab-s3alias",
)
BROKEN: dict[str, tuple[Callable[[Any], Any], ...]] = {
    "names of buckets": tuple(
        lambda s3, name=name: s3.create_bucket(Bucket=name) for name in NAMES
    ),
    "bytes of a key": (
        lambda s3: s3.put_object(Bucket="loans", Key="k" * 1025),
        lambda s3: s3.put_object(Bucket="loans", Key="é" * 513),
        lambda s3: s3.get_object(Bucket="loans", Key="k" * 1025),
        lambda s3: s3.copy_object(Bucket="loans", Key="k" * 1025, CopySource="loans/k"),
        lambda s3: s3.create_multipart_upload(Bucket="loans", Key="k" * 1025),
    ),
    "keys that are deleted at once": (lambda s3: deleting(s3, 1001), lambda s3: deleting(s3, 0)),
    "what a list may hold": (
        lambda s3: s3.list_objects_v2(Bucket="loans", MaxKeys=-1),
        lambda s3: s3.list_objects(Bucket="loans", MaxKeys=-1),
        lambda s3: s3.list_multipart_uploads(Bucket="loans", MaxUploads=-1),
    ),
    "numbers of parts": (lambda s3: upload(s3, 0), lambda s3: upload(s3, 10_001)),
}
ALLOWED: dict[str, Callable[[Any], Any]] = {
    "names of buckets": lambda s3: [s3.create_bucket(Bucket=n) for n in ("abc", "a" * 63, "a.b-c")],
    "bytes of a key": lambda s3: s3.put_object(Bucket="loans", Key="k" * 1024),
    "keys that are deleted at once": lambda s3: deleting(s3, 1000),
    "what a list may hold": lambda s3: s3.list_objects_v2(Bucket="loans", MaxKeys=0),
    "numbers of parts": lambda s3: upload(s3, 10_000),
}


def deleting(s3: Any, keys: int) -> Any:
    named = [{"Key": f"k{number}"} for number in range(keys)]
    return s3.delete_objects(Bucket="loans", Delete={"Objects": named})


def upload(s3: Any, part: int) -> Any:
    upload_id = s3.create_multipart_upload(Bucket="loans", Key="k")["UploadId"]
    return s3.upload_part(Bucket="loans", Key="k", UploadId=upload_id, PartNumber=part, Body=b"x")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_of_s3_holds_at_its_limit(cloud: Cloud, rule: Any) -> None:
    # an old client, without botocore's own check of bucket names
    s3 = boto3.client("s3")
    unchecked(s3)
    s3.create_bucket(Bucket="loans")
    for call in BROKEN[rule.name]:
        assert refused(lambda call=call: call(s3))[0] == rule.code
    ALLOWED[rule.name](s3)


def unchecked(s3: Any) -> None:
    from botocore.handlers import validate_bucket_name

    s3.meta.events.unregister("before-parameter-build.s3", validate_bucket_name)


@pytest.mark.parametrize(
    ("method", "address", "body", "code"),
    [
        ("GET", "loans?list-type=2&max-keys=many", None, "InvalidArgument"),
        ("PUT", "loans?versioning", b"<Versioning", "MalformedXML"),
    ],
)
def test_a_request_that_s3_can_t_read_is_refused(
    s3: Any, cloud: Cloud, method: str, address: str, body: bytes | None, code: str
) -> None:
    signed = (
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261128/us-east-1/s3/aws4_request, "
        "SignedHeaders=host, Signature=0"
    )
    url = f"http://127.0.0.1:{cloud.serve_aws(0)}/{address}"
    request = urllib.request.Request(url, body, {"Authorization": signed}, method=method)
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(request, timeout=20)
    assert error.value.code == 400
    assert f"<Code>{code}</Code>".encode() in error.value.read()


@pytest.mark.parametrize("key", ["a/b/ c", "ü?#%25", "a+b&c=d", "x" * 1024])
def test_a_key_of_any_characters_is_read_as_it_is(s3: Any, key: str) -> None:
    s3.put_object(Bucket="loans", Key=key, Body=b"1")
    assert s3.get_object(Bucket="loans", Key=key)["Body"].read() == b"1"
