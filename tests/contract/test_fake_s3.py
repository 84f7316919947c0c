"""S3's stand-in of the unit tests, held to the same facts as the embedded cloud's S3."""

import boto3
import pytest
from botocore.exceptions import ClientError

from localcloud.embedded_cloud import embedded_cloud
from tests.fakes import S3


@pytest.fixture(params=["cloud", "fake"])
def s3(request):
    if request.param == "fake":
        yield S3({})
        return
    with embedded_cloud(None):
        client = boto3.client("s3")
        client.create_bucket(Bucket="bucket")
        yield client


def code(call, **asked):
    with pytest.raises(ClientError) as error:
        call(Bucket="bucket", **asked)
    return error.value.response["Error"]["Code"]


def keys(s3, prefix):
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="bucket", Prefix=prefix)
    return [one["Key"] for page in pages for one in page.get("Contents", [])]


def test_an_object_comes_back_with_its_length(s3):
    s3.put_object(Bucket="bucket", Key="a", Body=b"body")
    found = s3.get_object(Bucket="bucket", Key="a")

    assert (found["ContentLength"], found["Body"].read()) == (4, b"body")


def test_an_absent_key_is_a_fault_by_its_code(s3):
    assert code(s3.get_object, Key="a") == "NoSuchKey"
    assert code(s3.copy_object, Key="c", CopySource={"Bucket": "bucket", "Key": "a"}) == "NoSuchKey"


def test_a_conditional_write_stores_once(s3):
    s3.put_object(Bucket="bucket", Key="a", Body=b"1", IfNoneMatch="*")

    assert code(s3.put_object, Key="a", Body=b"2", IfNoneMatch="*") == "PreconditionFailed"
    assert s3.get_object(Bucket="bucket", Key="a")["Body"].read() == b"1"
    s3.put_object(Bucket="bucket", Key="a", Body=b"2")
    assert s3.get_object(Bucket="bucket", Key="a")["Body"].read() == b"2"


def test_keys_are_listed_by_their_bytes_and_an_empty_page_has_no_contents(s3):
    for key in ("p/é", "p/b", "p/B", "q/a"):
        s3.put_object(Bucket="bucket", Key=key, Body=b"")
    empty = s3.get_paginator("list_objects_v2").paginate(Bucket="bucket", Prefix="r/")

    assert keys(s3, "p/") == ["p/B", "p/b", "p/é"]
    assert ["Contents" in page for page in empty] == [False]


def test_a_copy_has_the_same_body(s3):
    s3.put_object(Bucket="bucket", Key="a", Body=b"1")
    s3.copy_object(Bucket="bucket", Key="c", CopySource={"Bucket": "bucket", "Key": "a"})

    assert s3.get_object(Bucket="bucket", Key="c")["Body"].read() == b"1"
