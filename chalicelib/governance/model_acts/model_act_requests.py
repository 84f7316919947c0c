"""Parsers of what people send about models: checked once, trusted from then on. Pure."""

import re
from dataclasses import dataclass
from typing import Any

from chalicelib.foundation.errors import InvalidArtifact
from chalicelib.foundation.request_fields import (
    Faults,
    fields_of,
    number_of_bytes,
    require_none,
    text_fault,
)
from chalicelib.foundation.settings import MODEL_PREFIX
from chalicelib.foundation.text import Text
from chalicelib.governance.policies.policy_requests import LONGEST_REASON
from chalicelib.models import artifact
from chalicelib.models.artifact import LARGEST_ARCHIVE

VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,62}")
SHA256 = re.compile(r"[0-9a-f]{64}")
NOT_A_VERSION = Text(
    es="debe ser la versión del manifest.json: letras, cifras y guiones, no muy larga",
    en="must be the version of manifest.json: letters, digits and hyphens, not too long",
)
NOT_A_SIZE = Text(
    es="debe ser el tamaño del archivo, de 1 a {most} bytes",
    en="must be the archive's size, 1 to {most} bytes",
).format(most=LARGEST_ARCHIVE)
NOT_A_DIGEST = Text(
    es="debe ser el SHA-256 del archivo, en 64 cifras hexadecimales minúsculas",
    en="must be the archive's SHA-256, in 64 lower-case hexadecimal digits",
)


@dataclass(frozen=True, slots=True)
class UploadRequest:
    """An archive as a person announces it."""

    version: str
    size: int
    sha256: str
    reason: str


@dataclass(frozen=True, slots=True)
class VersionRequest:
    """A version that a person wants to answer again, and why."""

    version: str
    reason: str


def upload_request(body: Any, model: str, prefix: str) -> UploadRequest:
    """Parse the body of POST …/artifacts. Raises InvalidRequest."""
    given, errors = fields_of(body, {"version", "bytes", "sha256", "reason"})
    size, digest = number_of_bytes(given.get("bytes"), LARGEST_ARCHIVE), given.get("sha256")
    errors |= _version_fault(given, model, prefix)
    errors |= {} if size else {"bytes": NOT_A_SIZE}
    errors |= {} if _matches(SHA256, digest) else {"sha256": NOT_A_DIGEST}
    errors |= text_fault("reason", given, LONGEST_REASON)
    require_none(errors)
    return UploadRequest(given["version"], size or 0, given["sha256"], given["reason"])


def version_request(body: Any) -> VersionRequest:
    """Parse the body of POST …/rollback. Raises InvalidRequest."""
    given, errors = fields_of(body, {"version", "reason"})
    errors |= {} if _matches(VERSION, given.get("version")) else {"version": NOT_A_VERSION}
    errors |= text_fault("reason", given, LONGEST_REASON)
    require_none(errors)
    return VersionRequest(given["version"], given["reason"])


def _version_fault(given: dict[str, Any], model: str, prefix: str) -> Faults:
    """Return the fault of a version of which createEndpointModel would find no key."""
    version = given.get("version")
    try:
        artifact.identity(f"{MODEL_PREFIX}{model}/{version}/model.tar.gz", prefix)
    except InvalidArtifact:
        return {"version": NOT_A_VERSION}
    return {} if _matches(VERSION, version) else {"version": NOT_A_VERSION}


def _matches(pattern: re.Pattern[str], given: Any) -> bool:
    return isinstance(given, str) and bool(pattern.fullmatch(given))
