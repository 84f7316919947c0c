"""S3's stand-in of the unit tests, held to the same facts as the embedded cloud's S3."""

import hashlib
from datetime import timedelta

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


def test_a_listing_with_a_delimiter_has_folders_and_the_objects_beside_them(s3):
    for key in ("p/a/1", "p/a/2", "p/b/1", "p/c"):
        s3.put_object(Bucket="bucket", Key=key, Body=b"")
    [page] = s3.get_paginator("list_objects_v2").paginate(
        Bucket="bucket", Prefix="p/", Delimiter="/"
    )

    assert [each["Prefix"] for each in page["CommonPrefixes"]] == ["p/a/", "p/b/"]
    assert [each["Key"] for each in page["Contents"]] == ["p/c"]


def test_a_listed_object_has_its_hash_and_a_time_that_a_new_body_moves_on(s3):
    listed = []
    for body in (b"1", b"2"):
        s3.put_object(Bucket="bucket", Key="a", Body=body)
        [page] = s3.get_paginator("list_objects_v2").paginate(Bucket="bucket", Prefix="a")
        listed += page["Contents"]
    hashes = [f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"' for body in (b"1", b"2")]

    assert [each["ETag"] for each in listed] == hashes
    assert listed[0]["LastModified"] <= listed[1]["LastModified"]
    assert listed[0]["LastModified"].utcoffset() == timedelta(0)
