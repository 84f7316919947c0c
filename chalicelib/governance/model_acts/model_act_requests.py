"""Parsers of what people send about models: checked once, trusted from then on. Pure."""

import re
from dataclasses import dataclass
from typing import Any

from chalicelib.foundation.errors import InvalidArtifact
from chalicelib.foundation.request_fields import Faults, other_fields, require_none, text_fault
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
    errors = other_fields(body, {"version", "bytes", "sha256", "reason"})
    given = {} if errors.keys() == {"body"} else body
    size, digest = _size(given.get("bytes")), given.get("sha256")
    errors |= _version_fault(given, model, prefix)
    errors |= {} if size else {"bytes": NOT_A_SIZE}
    errors |= {} if _matches(SHA256, digest) else {"sha256": NOT_A_DIGEST}
    errors |= text_fault("reason", given, LONGEST_REASON)
    require_none(errors)
    return UploadRequest(given["version"], size, given["sha256"], given["reason"])


def version_request(body: Any) -> VersionRequest:
    """Parse the body of POST …/rollback. Raises InvalidRequest."""
    errors = other_fields(body, {"version", "reason"})
    given = {} if errors.keys() == {"body"} else body
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


def _size(given: Any) -> int:
    """Return a number of bytes, or 0 for what is none. In JSON 5 and 5.0 are one number."""
    is_number = isinstance(given, int | float) and not isinstance(given, bool)
    return int(given) if is_number and 1 <= given <= LARGEST_ARCHIVE and given == int(given) else 0
