"""Verification of a model artifact, `model.tar.gz`, in memory, before anything trusts it."""

import gzip
import hashlib
import re
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec

from chalicelib.foundation.errors import InvalidArtifact
from chalicelib.foundation.settings import LONGEST_NAME, MODEL_PREFIX
from chalicelib.profile import Profile

RELEASED_CODE = Path(__file__).with_name("serving_code.json")

LARGEST_ARCHIVE = 32 * 2**20
LARGEST_CONTENT = 128 * 2**20
MOST_MEMBERS = 100

KEY = re.compile(
    re.escape(MODEL_PREFIX) + r"([A-Za-z0-9]+)/([A-Za-z0-9][A-Za-z0-9-]*)/model\.tar\.gz"
)
# A model is text that a person can read. Nothing is ever unpickled.
MEMBER = re.compile(r"(code/)?[A-Za-z0-9_]+\.(json|txt|html|py)")

# Without these an endpoint would not come up.
NEEDED = (
    "features.json",
    "peers.json",
    "calibration.json",
    "code/features.py",
    "code/inference.py",
)
NEEDED_BY_METHOD = {
    "scorecard": ("scorecard.json", "code/scorecard.py"),
    "trees": (
        "trees.txt",
        "encoding.json",
        "code/trees.py",
        "code/tree_shap.py",
        "code/tree_text.py",
    ),
}


class Features(msgspec.Struct, frozen=True):
    """features.json: by feature, the codes that the model has seen."""

    seen: dict[str, list[str]] = {}


class Manifest(msgspec.Struct, frozen=True):
    model: str
    method: str
    version: str
    schema: str
    snapshot: str
    rows: int
    bads: int
    members: dict[str, str]
    metrics: dict[str, float]
    window: dict[str, str]


@dataclass(frozen=True, slots=True)
class Artifact:
    """A verified artifact. `sha256` is that of its manifest, which holds those of all members."""

    manifest: Manifest
    sha256: str
    manifest_body: bytes


def require_size(size: int) -> None:
    """Raise InvalidArtifact if an archive of so many bytes is larger than LARGEST_ARCHIVE."""
    if size > LARGEST_ARCHIVE:
        limit = LARGEST_ARCHIVE // 2**20
        raise InvalidArtifact(f"It is larger than {limit} MiB, more than any model needs.")


def identity(key: str, prefix: str) -> tuple[str, str]:
    """Return the model and version that an S3 key names. Raises InvalidArtifact."""
    match = KEY.fullmatch(key)
    if not match:
        wanted = f"{MODEL_PREFIX}<Model>/<version>/model.tar.gz"
        raise InvalidArtifact(f"{key} is not an artifact: upload it as {wanted}.")
    model, version = match.groups()
    if len(name := f"{prefix}-{model}-{version}") > LONGEST_NAME:
        raise InvalidArtifact(
            f"{name} has more than {LONGEST_NAME} characters: shorten the version."
        )
    return model, version


def verify(body: bytes, model: str, version: str, profile: Profile) -> Artifact:
    """Return the artifact if it is whole, ours and made for this profile.

    Raises InvalidArtifact with each fault and what to do.
    """
    if model not in profile.models:
        raise InvalidArtifact(
            f"{model} is not a model of the profile: {', '.join(profile.models)}."
        )
    content = dict(members(body))
    manifest_body = content.pop("manifest.json", None)
    if manifest_body is None:
        raise InvalidArtifact(
            "There is no manifest.json in the archive: upload what train.py made."
        )
    manifest = _manifest(manifest_body)
    if faults := list(_faults(manifest, content, model, version, profile)):
        raise InvalidArtifact(" ".join(faults))
    return Artifact(manifest, hashlib.sha256(manifest_body).hexdigest(), manifest_body)


def seen_codes(body: bytes) -> dict[str, list[str]]:
    """Return by feature the codes that a verified artifact's model has seen; an older one does not
    say.
    """
    features = dict(members(body)).get("features.json", b"{}")
    return msgspec.json.decode(features, type=Features).seen


def members(body: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the name and content of each file.

    Raises InvalidArtifact unless the archive is plain and small.
    """
    try:
        with tarfile.open(fileobj=BytesIO(_decompressed(body)), mode="r:") as archive:
            for count, member in enumerate(archive, start=1):
                if count > MOST_MEMBERS:
                    raise InvalidArtifact(f"It holds more than {MOST_MEMBERS} files.")
                if not (member.isdir() and member.name in (".", "code", "./code")):
                    yield _safe_name(member), _content(archive, member)
    except (tarfile.TarError, OSError, EOFError, ValueError, zlib.error) as error:
        raise InvalidArtifact(
            "It can't be read as a gzipped tar: upload what train.py made."
        ) from error


def _decompressed(body: bytes) -> bytes:
    """Decompress up to LARGEST_CONTENT bytes, as a few bytes may unpack to gigabytes."""
    content = gzip.GzipFile(fileobj=BytesIO(body)).read(LARGEST_CONTENT + 1)
    if len(content) > LARGEST_CONTENT:
        limit = LARGEST_CONTENT // 2**20
        raise InvalidArtifact(f"It unpacks to more than {limit} MiB, more than any model needs.")
    return content


def _safe_name(member: tarfile.TarInfo) -> str:
    name = member.name.removeprefix("./")
    if not member.isfile() or not MEMBER.fullmatch(name):
        raise InvalidArtifact(
            f"{name!r} has no place in a model: only plain files, json, txt, html, py."
        )
    return name


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    return file.read() if file else b""


def _manifest(body: bytes) -> Manifest:
    try:
        return msgspec.json.decode(body, type=Manifest)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise InvalidArtifact(f"manifest.json can't be read: {error}.") from error


def _faults(
    manifest: Manifest, members: dict[str, Any], model: str, version: str, profile: Profile
) -> Iterator[str]:
    if (manifest.model, manifest.version) != (model, version):
        stated = f"{manifest.model} {manifest.version}"
        yield f"The manifest says {stated}, the key says {model} {version}."
    if manifest.schema != profile.schema(model):
        yield "It was trained for another profile: train it again with the one that is deployed."
    needed = {*NEEDED, *NEEDED_BY_METHOD[profile.models[model].method]}
    if missing := (manifest.members.keys() | needed) - members.keys():
        yield f"Missing: {', '.join(sorted(missing))}."
    for name, content in sorted(members.items()):
        digest = hashlib.sha256(content).hexdigest()
        if manifest.members.get(name) != digest:
            yield f"{name} is not what the manifest says."
        if name.startswith("code/") and released_code().get(digest) != name.removeprefix("code/"):
            yield f"{name} is no code of this bank's releases: train with the deployed source."
    if members.get("code/requirements.txt", b"").strip():
        yield "It needs packages, and no endpoint fetches any when it starts: train it again."
    yield from _unknown_codes(members.get("features.json", b"{}"), model, profile)


def _unknown_codes(features: bytes, model: str, profile: Profile) -> Iterator[str]:
    """Yield a fault if the codes that the model has seen are missing: without them a new code would
    be decided by the score, where a person must decide.
    """
    try:
        seen = msgspec.json.decode(features, type=Features).seen
    except (msgspec.MsgspecError, RecursionError) as error:
        yield f"features.json can't be read: {error}."
        return
    read = profile.sources_of(profile.models[model].features)
    if silent := {*profile.decision.review_unseen} & read - seen.keys():
        told = ", ".join(sorted(silent))
        yield f"It does not say which codes it has seen of {told}: train it again."


@cache
def released_code() -> dict[str, str]:
    """Return the code that endpoints may run, SHA-256 to file name; see `make serving-code`."""
    return msgspec.json.decode(RELEASED_CODE.read_bytes(), type=dict[str, str])
