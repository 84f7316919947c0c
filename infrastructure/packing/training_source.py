"""The source of SageMaker's jobs, sourcedir.tar.gz: the same bytes for the same files."""

import gzip
import hashlib
import tarfile
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib.foundation.settings import SOURCE_KEY, Settings
from infrastructure.project import ROOT

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FOLDER = ROOT / "training"
# SageMaker starts these by name, at the root of the source; the package stands beside them.
SCRIPTS = ("train.py", "collect.py", "challenge.py", "job_start.py", "requirements.txt")
APP = (  # shared with the functions: the profile's reader, how outcomes count, the formula of PSI
    "chalicelib/__init__.py",
    "chalicelib/foundation/__init__.py",
    "chalicelib/foundation/body_member.py",
    "chalicelib/foundation/errors.py",
    "chalicelib/foundation/settings.py",
    "chalicelib/foundation/text.py",
    "chalicelib/profile/**/*.py",
    "chalicelib/decisions/__init__.py",
    "chalicelib/decisions/day_index.py",
    "chalicelib/decisions/outcome_id.py",
    "chalicelib/decisions/outcome_rules.py",
    "chalicelib/foundation/record_salt.py",
    "chalicelib/models/__init__.py",
    "chalicelib/models/drift.py",
)


def put(s3: "S3Client", settings: Settings) -> None:
    """Upload the source to the key that jobs read; an existing one stays."""
    body, bucket = pack(), settings.data_bucket
    there = s3.list_objects_v2(Bucket=bucket, Prefix=SOURCE_KEY).get("Contents", [])
    digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
    if digest not in [one["ETag"].strip('"') for one in there]:
        s3.put_object(Bucket=bucket, Key=SOURCE_KEY, Body=body)


def files() -> dict[str, Path]:
    """Return what is packed, by its name in the archive."""
    scripts = {name: FOLDER / name for name in SCRIPTS}
    package = [path for path in FOLDER.rglob("*.py") if path.name not in SCRIPTS]
    shared = [path for pattern in APP for path in ROOT.glob(pattern)]
    modules = {path.relative_to(ROOT).as_posix(): path for path in (*package, *shared)}
    return dict(sorted((scripts | modules).items()))


def pack() -> bytes:
    """Return the archive."""
    packed = BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w") as archive,
    ):
        for name, path in files().items():
            member = tarfile.TarInfo(name)
            content = path.read_bytes()
            member.size = len(content)
            archive.addfile(member, BytesIO(content))
    return packed.getvalue()
