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
from chalicelib.foundation.text import Text
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

TOO_LARGE = Text(
    es="Ocupa más de {limit} MiB, más de lo que necesita un modelo.",
    en="It is larger than {limit} MiB, more than any model needs.",
)
UNPACKS_TOO_LARGE = Text(
    es="Descomprimido ocupa más de {limit} MiB, más de lo que necesita un modelo.",
    en="It unpacks to more than {limit} MiB, more than any model needs.",
)
NO_PLACE = Text(
    es="{key} no es un artefacto: súbalo como {wanted}.",
    en="{key} is not an artifact: upload it as {wanted}.",
)
TOO_LONG = Text(
    es="{name} tiene más de {most} caracteres: acorte la versión.",
    en="{name} has more than {most} characters: shorten the version.",
)
OTHER_MODEL = Text(
    es="{model} no es un modelo del perfil: {models}.",
    en="{model} is not a model of the profile: {models}.",
)
NO_MANIFEST = Text(
    es="No hay manifest.json en el archivo: suba lo que hizo train.py.",
    en="There is no manifest.json in the archive: upload what train.py made.",
)
TOO_MANY = Text(es="Tiene más de {most} archivos.", en="It holds more than {most} files.")
NO_ARCHIVE = Text(
    es="No se puede leer como un tar en gzip: suba lo que hizo train.py.",
    en="It can't be read as a gzipped tar: upload what train.py made.",
)
OTHER_FILE = Text(
    es="{name} no tiene lugar en un modelo: solo archivos simples, json, txt, html, py.",
    en="{name} has no place in a model: only plain files, json, txt, html, py.",
)
UNREADABLE = Text(es="{name} no se puede leer: {error}.", en="{name} can't be read: {error}.")
OTHER_IDENTITY = Text(
    es="El manifiesto dice {stated} y la clave dice {key}.",
    en="The manifest says {stated}, the key says {key}.",
)
OTHER_PROFILE = Text(
    es="Se entrenó para otro perfil: entrénelo de nuevo con el que está desplegado.",
    en="It was trained for another profile: train it again with the one that is deployed.",
)
MISSING = Text(es="Falta: {names}.", en="Missing: {names}.")
CHANGED = Text(
    es="{name} no es lo que dice el manifiesto.", en="{name} is not what the manifest says."
)
OTHER_CODE = Text(
    es="{name} no es código de las versiones de este banco: entrene con el que está desplegado.",
    en="{name} is no code of this bank's releases: train with the deployed source.",
)
NEEDS_PACKAGES = Text(
    es="Necesita paquetes, y ningún endpoint los descarga al arrancar: entrénelo de nuevo.",
    en="It needs packages, and no endpoint fetches any when it starts: train it again.",
)
SILENT = Text(
    es="No dice qué códigos ha visto de {names}: entrénelo de nuevo.",
    en="It does not say which codes it has seen of {names}: train it again.",
)


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
    intervals: dict[str, tuple[float, float]] = {}  # of older artifacts: none


@dataclass(frozen=True, slots=True)
class Artifact:
    """A verified artifact. `sha256` is that of its manifest, which holds those of all members."""

    manifest: Manifest
    sha256: str
    manifest_body: bytes


def require_size(size: int) -> None:
    """Raise InvalidArtifact if an archive of so many bytes is larger than LARGEST_ARCHIVE."""
    if size > LARGEST_ARCHIVE:
        raise InvalidArtifact(TOO_LARGE.format(limit=LARGEST_ARCHIVE // 2**20))


def identity(key: str, prefix: str) -> tuple[str, str]:
    """Return the model and version that an S3 key names. Raises InvalidArtifact."""
    match = KEY.fullmatch(key)
    if not match:
        wanted = f"{MODEL_PREFIX}<Model>/<version>/model.tar.gz"
        raise InvalidArtifact(NO_PLACE.format(key=key, wanted=wanted))
    model, version = match.groups()
    if len(name := f"{prefix}-{model}-{version}") > LONGEST_NAME:
        raise InvalidArtifact(TOO_LONG.format(name=name, most=LONGEST_NAME))
    return model, version


def verify(body: bytes, model: str, version: str, profile: Profile) -> Artifact:
    """Return the artifact if it is whole, ours and made for this profile.

    Raises InvalidArtifact with each fault and what to do.
    """
    if model not in profile.models:
        raise InvalidArtifact(OTHER_MODEL.format(model=model, models=", ".join(profile.models)))
    content = dict(members(body))
    manifest_body = content.pop("manifest.json", None)
    if manifest_body is None:
        raise InvalidArtifact(NO_MANIFEST)
    manifest = _manifest(manifest_body)
    if faults := list(_faults(manifest, content, model, version, profile)):
        spanish, english = [one.es for one in faults], [one.en for one in faults]
        raise InvalidArtifact(Text(" ".join(spanish), " ".join(english)))
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
                    raise InvalidArtifact(TOO_MANY.format(most=MOST_MEMBERS))
                if not (member.isdir() and member.name in (".", "code", "./code")):
                    yield _safe_name(member), _content(archive, member)
    except (tarfile.TarError, OSError, EOFError, ValueError, zlib.error) as error:
        raise InvalidArtifact(NO_ARCHIVE) from error


def _decompressed(body: bytes) -> bytes:
    """Decompress up to LARGEST_CONTENT bytes, as a few bytes may unpack to gigabytes."""
    content = gzip.GzipFile(fileobj=BytesIO(body)).read(LARGEST_CONTENT + 1)
    if len(content) > LARGEST_CONTENT:
        raise InvalidArtifact(UNPACKS_TOO_LARGE.format(limit=LARGEST_CONTENT // 2**20))
    return content


def _safe_name(member: tarfile.TarInfo) -> str:
    name = member.name.removeprefix("./")
    if not member.isfile() or not MEMBER.fullmatch(name):
        raise InvalidArtifact(OTHER_FILE.format(name=repr(name)))
    return name


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    return file.read() if file else b""


def _manifest(body: bytes) -> Manifest:
    try:
        return msgspec.json.decode(body, type=Manifest)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise InvalidArtifact(UNREADABLE.format(name="manifest.json", error=error)) from error


def _faults(
    manifest: Manifest, members: dict[str, Any], model: str, version: str, profile: Profile
) -> Iterator[Text]:
    if (manifest.model, manifest.version) != (model, version):
        stated = f"{manifest.model} {manifest.version}"
        yield OTHER_IDENTITY.format(stated=stated, key=f"{model} {version}")
    if manifest.schema != profile.schema(model):
        yield OTHER_PROFILE
    needed = {*NEEDED, *NEEDED_BY_METHOD[profile.models[model].method]}
    if missing := (manifest.members.keys() | needed) - members.keys():
        yield MISSING.format(names=", ".join(sorted(missing)))
    for name, content in sorted(members.items()):
        digest = hashlib.sha256(content).hexdigest()
        if manifest.members.get(name) != digest:
            yield CHANGED.format(name=name)
        if name.startswith("code/") and released_code().get(digest) != name.removeprefix("code/"):
            yield OTHER_CODE.format(name=name)
    if members.get("code/requirements.txt", b"").strip():
        yield NEEDS_PACKAGES
    yield from _unknown_codes(members.get("features.json", b"{}"), model, profile)


def _unknown_codes(features: bytes, model: str, profile: Profile) -> Iterator[Text]:
    """Yield a fault if the codes that the model has seen are missing: without them a new code would
    be decided by the score, where a person must decide.
    """
    try:
        seen = msgspec.json.decode(features, type=Features).seen
    except (msgspec.MsgspecError, RecursionError) as error:
        yield UNREADABLE.format(name="features.json", error=error)
        return
    read = profile.sources_of(profile.models[model].features)
    if silent := {*profile.decision.review_unseen} & read - seen.keys():
        yield SILENT.format(names=", ".join(sorted(silent)))


@cache
def released_code() -> dict[str, str]:
    """Return the code that endpoints may run, SHA-256 to file name; see `make serving-code`."""
    return msgspec.json.decode(RELEASED_CODE.read_bytes(), type=dict[str, str])
