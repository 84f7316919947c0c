"""Artifacts of other versions, made of one that was trained."""

import io
import json
import tarfile


def of_version(version: str, archive: bytes) -> bytes:
    """Return an artifact whose manifest has another version."""
    packed = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(archive)) as old,
        tarfile.open(fileobj=packed, mode="w:gz") as new,
    ):
        for member in filter(tarfile.TarInfo.isfile, old):
            content = old.extractfile(member).read()  # type: ignore[union-attr]
            if member.name == "manifest.json":
                content = json.dumps(json.loads(content) | {"version": version}).encode()
            member.size = len(content)
            new.addfile(member, io.BytesIO(content))
    return packed.getvalue()
