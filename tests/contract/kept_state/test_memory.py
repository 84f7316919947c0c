"""Memory of the embedded cloud: what is deleted, listed or on the disk leaves nothing in it."""

import gc
import io
import sqlite3
import threading
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest
from moto.s3.models import FakeKey, S3Backend, s3_backends

from localcloud.cloud import ACCOUNT
from localcloud.embedded_cloud import embedded_cloud
from localcloud.kept_state.sqlite.database import FILE
from localcloud.kept_state.sqlite.disk import Disk
from localcloud.services.storage.objects.object_bodies import SMALL, Body
from tests.contract.kept_state.test_durability import key, reopened

MB = 1_000_000
DECISION = "x" * 7_000  # about as long as a decision's item
STORED = 400  # decisions
A_DECISION = 1_000  # bytes that may stay in memory of each; bench-memory measures 26
MOTO_S_LIST: Any = S3Backend.list_object_versions  # before it is replaced


@pytest.fixture
def s3() -> Iterator[Any]:
    with embedded_cloud(None):
        client = boto3.client("s3")
        client.create_bucket(Bucket="data")
        yield client


def versioned(s3: Any) -> None:
    s3.put_bucket_versioning(Bucket="data", VersioningConfiguration={"Status": "Enabled"})


def in_memory() -> list[Any]:
    """Return the objects that live: weak references know them, and take less than a look at all."""
    gc.collect()
    return [*FakeKey.instances_tracked]


@pytest.fixture(autouse=True)
def of_earlier_clouds() -> set[int]:
    return {id(one) for one in in_memory()}


@pytest.fixture
def bodies(of_earlier_clouds: set[int]) -> Any:
    """Return a function that gives the sizes of all bodies in memory."""
    return lambda: sorted(
        one.contentsize for one in in_memory()
        if id(one) not in of_earlier_clouds and not one._value_buffer.closed
    )  # fmt: skip


@contextmanager
def traced() -> Iterator[None]:
    gc.collect()
    tracemalloc.start()
    try:
        yield
    finally:
        tracemalloc.stop()


def delete_all(s3: Any) -> None:
    listed = s3.list_object_versions(Bucket="data")
    for one in [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]:
        s3.delete_object(Bucket="data", Key=one["Key"], VersionId=one["VersionId"])


def test_a_list_of_versions_copies_no_body_and_leaves_nothing(s3: Any, bodies: Any) -> None:
    versioned(s3)
    for _ in range(3):
        s3.put_object(Bucket="data", Key="large", Body=bytes(2 * MB))
    s3.delete_object(Bucket="data", Key="large")
    s3.list_object_versions(Bucket="data")

    before = len(in_memory())
    with traced():
        for _ in range(20):
            s3.list_object_versions(Bucket="data", Prefix="no such")
            assert len(s3.list_object_versions(Bucket="data")["Versions"]) == 3
        _, peak = tracemalloc.get_traced_memory()

    assert peak < MB, "half a body"
    assert len(in_memory()) == before
    assert bodies() == [2 * MB] * 3


def test_an_object_that_another_takes_the_place_of_dies(s3: Any, bodies: Any) -> None:
    for size in range(MB, MB + 20):
        s3.put_object(Bucket="data", Key="large", Body=bytes(size))
    assert bodies() == [MB + 19]

    s3.put_object_tagging(  # memory has a copy of the object now, not both
        Bucket="data", Key="large", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]}
    )
    assert bodies() == [MB + 19]

    s3.delete_object(Bucket="data", Key="large")
    assert bodies() == []


def test_a_deleted_version_dies_though_its_delete_marker_stays(
    s3: Any, bodies: Any, of_earlier_clouds: set[int]
) -> None:
    versioned(s3)
    ids = [
        s3.put_object(Bucket="data", Key="large", Body=bytes(size))["VersionId"]
        for size in range(MB, MB + 5)
    ]
    s3.delete_object(Bucket="data", Key="large")
    assert bodies() == [*range(MB, MB + 5)], "the marker only hides them"

    for number, version in enumerate(ids, start=1):
        s3.delete_object(Bucket="data", Key="large", VersionId=version)
        assert bodies() == [*range(MB + number, MB + 5)]

    delete_all(s3)
    assert [one.name for one in in_memory() if id(one) not in of_earlier_clouds] == []


def test_parts_die_when_their_upload_is_complete_or_aborted(s3: Any, bodies: Any) -> None:
    size = 5 * 1024 * 1024
    for _ in range(2):
        upload: Any = {"Bucket": "data", "Key": "large"}
        upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
        parts = [
            {"PartNumber": n, "ETag": s3.upload_part(**upload, PartNumber=n, Body=body)["ETag"]}
            for n, body in enumerate([bytes(size), b"end"], start=1)
        ]
        s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
        assert bodies() == [size + 3]

    upload["UploadId"] = s3.create_multipart_upload(Bucket="data", Key="large")["UploadId"]
    s3.upload_part(**upload, PartNumber=1, Body=bytes(size))
    assert bodies() == [size, size + 3]
    s3.abort_multipart_upload(**upload)
    assert bodies() == [size + 3]


def test_nothing_of_a_deleted_version_is_in_the_folder(tmp_path: Path, bodies: Any) -> None:
    with reopened(tmp_path):
        s3 = boto3.client("s3")
        versioned(s3)
        put = s3.put_object(Bucket="data", Key="personal", Body=b"Ana of 7 Rue Verte")
        s3.delete_object(Bucket="data", Key="personal")
        s3.delete_object(Bucket="data", Key="personal", VersionId=put["VersionId"])
    rows = sqlite3.connect(tmp_path / FILE)
    assert [b"Rue Verte" in row for (row,) in rows.execute("select versions from objects")] == [
        False
    ]
    rows.close()
    with reopened(tmp_path):
        assert bodies() == [0]
        (marker,) = boto3.client("s3").list_object_versions(Bucket="data")["DeleteMarkers"]
        assert (marker["Key"], marker["IsLatest"]) == ("personal", True)
        delete_all(boto3.client("s3"))


def test_lists_of_versions_are_as_moto_makes_them(s3: Any) -> None:
    versioned(s3)
    for name in ("a", "b/1", "b/2", "c", "b/1", "d"):
        s3.put_object(Bucket="data", Key=name, Body=name)
    for name in ("b/1", "c", "c"):
        s3.delete_object(Bucket="data", Key=name)
    backend = s3_backends[ACCOUNT]["aws"]

    def shown(find: Any, **asked: Any) -> Any:
        versions, prefixes, markers, *after = find(backend, "data", **asked)
        described = lambda one: (one.name, one.version_id, one.is_latest, one.last_modified)  # noqa: E731
        bodies = [(one.etag, one.size, one.storage_class) for one in versions]
        return [*map(described, versions)], bodies, prefixes, [*map(described, markers)], after

    id_of_a = backend.buckets["data"].keys["a"].version_id
    for marker in ({}, {"key_marker": "b/1"}, {"key_marker": "a", "version_id_marker": id_of_a}):
        for prefix in ("", "b", "b/", "no such"):
            for delimiter in (None, "/"):
                for most in (0, 1, 2, 1000):
                    asked = {**marker, "prefix": prefix, "delimiter": delimiter, "max_keys": most}
                    ours = shown(S3Backend.list_object_versions, **asked)
                    assert ours == shown(MOTO_S_LIST, **asked), asked


def test_bodies_of_objects_stay_on_the_disk_and_keep_no_file_open(tmp_path: Path) -> None:
    bodies = {f"file-{n}": bytes([n]) * MB for n in range(40)}
    with reopened(tmp_path):
        s3, process = boto3.client("s3"), psutil.Process()
        s3.create_bucket(Bucket="data")
        s3.put_object(Bucket="data", Key="first", Body=bytes(MB))  # what is made once
        with traced():
            before, files = tracemalloc.get_traced_memory()[0], process.num_fds()
            for name, body in bodies.items():
                s3.put_object(Bucket="data", Key=name, Body=body)
            gc.collect()
            assert tracemalloc.get_traced_memory()[0] - before < 2 * MB
            assert process.num_fds() - files < 5
        assert all(
            s3.get_object(Bucket="data", Key=name)["Body"].read() == body
            for name, body in bodies.items()
        )
        part = s3.get_object(Bucket="data", Key="file-7", Range="bytes=5-9")
        assert part["Body"].read() == bytes([7]) * 5
        s3.delete_object(Bucket="data", Key="file-7")
        assert len([*(tmp_path / "work" / "bodies").iterdir()]) == len(bodies)
    with reopened(tmp_path):
        found = boto3.client("s3").get_object(Bucket="data", Key="file-8")["Body"].read()
        assert found == bodies["file-8"]
    assert not (tmp_path / "work").exists()


def test_a_reader_gets_a_whole_body_while_its_object_is_overwritten(s3: Any) -> None:
    bodies = [bytes([n]) * 20_000 for n in range(5)]
    s3.put_object(Bucket="data", Key="one", Body=bodies[0])
    read: list[bytes] = []
    ended = threading.Event()

    def reading() -> None:
        while not ended.is_set():
            read.append(s3.get_object(Bucket="data", Key="one")["Body"].read())

    with ThreadPoolExecutor(3) as readers:
        found = [readers.submit(reading) for _ in range(3)]
        for n in range(100):
            s3.put_object(Bucket="data", Key="one", Body=bodies[n % 5])
        ended.set()
    assert [one.result() for one in found] == [None] * 3
    assert set(read) <= {*bodies}
    assert len(read) > 20


@pytest.mark.parametrize("size", [0, 1, SMALL, SMALL + 1])
def test_a_body_is_read_from_a_place_as_a_file_is(tmp_path: Path, size: int) -> None:
    content = bytes(n % 251 for n in range(size))
    for file in (io.BytesIO(), Body(tmp_path, Disk())):
        file.write(content)
        file.seek(0)
        assert [file.read(3), file.read(0), file.read(), file.read()] == [
            content[:3], b"", content[3:], b"",
        ]  # fmt: skip
        file.seek(max(size - 2, 0))
        assert file.read(1000) == content[-2:]
        file.seek(0)
        file.truncate()
        assert file.read() == b""
        file.close()
        with pytest.raises(ValueError, match="read|closed"):
            file.read()
    assert [*tmp_path.iterdir()] == []


def test_stored_decisions_stay_on_the_disk(tmp_path: Path) -> None:
    with reopened(tmp_path):
        dynamodb = boto3.client("dynamodb")

        def store(numbers: range) -> None:
            for n in numbers:
                item = {**key(n, f"c{n}"), "application": {"S": DECISION}}
                dynamodb.put_item(TableName="decisions", Item=item)
                found = dynamodb.get_item(TableName="decisions", Key=key(n, f"c{n}"))["Item"]
                assert found["application"] == {"S": DECISION}

        with traced():
            store(range(100))  # what is made once
            gc.collect()
            before, _ = tracemalloc.get_traced_memory()
            store(range(100, 100 + STORED))
            gc.collect()
            after, _ = tracemalloc.get_traced_memory()
    assert (after - before) / STORED < A_DECISION
