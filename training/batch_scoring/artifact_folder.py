"""A model's artifact as a folder, whether it is one or a model.tar.gz."""

import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class NotAnArtifact(Exception):
    """Neither a folder nor a gzipped tar of one."""


@contextmanager
def opened(path: Path) -> Iterator[Path]:
    """Yield the folder of an unpacked artifact, not yet verified. Raises NotAnArtifact."""
    if path.is_dir():
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="artifact-") as folder:
        try:
            with tarfile.open(path, "r:gz") as archive:
                archive.extractall(folder, filter="data")
        except (OSError, tarfile.TarError, EOFError) as fault:
            raise NotAnArtifact(
                f"{path} is neither an artifact's folder nor its model.tar.gz: {fault}"
            ) from fault
        yield Path(folder)
