"""`training/` as SageMaker takes it: sourcedir.tar.gz, the same bytes for the same files."""

import gzip
import tarfile
from io import BytesIO
from pathlib import Path

from infrastructure.project import ROOT

FOLDER = ROOT / "training"


def pack(folder: Path = FOLDER) -> bytes:
    """The scripts and their requirements; data sets and their readers stay at home."""
    packed = BytesIO()
    files = [path for path in sorted(folder.iterdir()) if path.suffix in (".py", ".txt")]
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w") as archive,
    ):
        for path in files:
            member = tarfile.TarInfo(path.name)
            content = path.read_bytes()
            member.size = len(content)
            archive.addfile(member, BytesIO(content))
    return packed.getvalue()
