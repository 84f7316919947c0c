"""Between S3 and a folder."""

import tarfile
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlparse


def bucket_and_key(uri: str) -> tuple[str, str]:
    parsed = urlparse(uri)
    return parsed.netloc, parsed.path.lstrip("/")


def download_tar(s3: Any, uri: str, into: Path) -> None:
    into.mkdir(parents=True, exist_ok=True)
    bucket, key = bucket_and_key(uri)
    with tempfile.TemporaryFile() as file:
        s3.download_fileobj(bucket, key, file)
        file.seek(0)
        with tarfile.open(fileobj=file) as tar:
            tar.extractall(into, filter="data")


def download_prefix(s3: Any, uri: str, into: Path) -> int:
    """Download an S3Prefix into a channel and return the number of files. As in SageMaker, a
    file's name is what follows the last slash of the prefix.
    """
    into.mkdir(parents=True, exist_ok=True)
    bucket, prefix = bucket_and_key(uri)
    root, files = prefix.rpartition("/")[0], 0
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for found in page.get("Contents", []):
            name = found["Key"][len(root) :].lstrip("/")
            if name and not name.endswith("/"):
                path = into / name
                path.parent.mkdir(parents=True, exist_ok=True)
                s3.download_file(bucket, found["Key"], str(path))
                files += 1
    return files


def upload_tar(s3: Any, folder: Path, uri: str) -> bool:
    """Upload a folder as model.tar.gz. Return False if the folder is empty."""
    members = sorted(folder.iterdir())
    if not members:
        return False
    bucket, key = bucket_and_key(uri)
    with tempfile.TemporaryFile() as file:
        with tarfile.open(fileobj=file, mode="w:gz", compresslevel=6) as tar:
            for member in members:
                tar.add(member, arcname=member.name)
        file.seek(0)
        s3.upload_fileobj(file, bucket, key)
    return True


def upload_files(s3: Any, folder: Path, uri: str) -> None:
    """Upload each file under its own name, as a processing job's output."""
    bucket, prefix = bucket_and_key(uri)
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        s3.upload_file(str(path), bucket, f"{prefix.rstrip('/')}/{path.relative_to(folder)}")
