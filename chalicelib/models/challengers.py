"""Adapter of challengers that a person must sign off: what was asked, and what was answered.

The objects are in the data bucket, and are only added: evidence has each of them.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Literal, TypeVar

import msgspec

from chalicelib.foundation import observability
from chalicelib.foundation.added_object import add_object
from chalicelib.foundation.errors import InvalidArtifact
from chalicelib.foundation.settings import SIGN_OFF_PREFIX
from chalicelib.foundation.text import Text

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

T = TypeVar("T")
UNSIGNED = Text(
    es="Espera la firma de riesgos, o no la tuvo: GET /people/challengers.",
    en="It waits for the sign-off of risk, or was refused it: GET /people/challengers.",
)
MOST_LISTED = 20  # of a model


class Challenger(msgspec.Struct, frozen=True):
    """A model that passed the gate: the job that trained it, its artifact's SHA-256, and the
    champion that it was compared with.
    """

    model: str
    version: str
    job: str
    sha256: str
    champion: str

    @property
    def id(self) -> str:
        """The version, and a digest of all: the same version may be compared again."""
        return f"{self.version}-{hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:8]}"


class Waiting(msgspec.Struct, frozen=True, rename="camel"):
    """A challenger that waits, its package in SageMaker's registry, and since when."""

    challenger: Challenger
    package: str
    since: datetime


class Signer(msgspec.Struct, frozen=True):
    """A person, as decisions keep them."""

    sub: str
    username: str


class SignOff(msgspec.Struct, frozen=True):
    """A person's verdict on a challenger, which it names by its artifact."""

    verdict: Literal["APPROVE", "REFUSE"]
    reason: str
    at: str
    by: Signer
    sha256: str


class Challengers:
    """The objects: one for each challenger that waits, and one for each verdict."""

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def ask(self, waiting: Waiting) -> None:
        """Keep that a challenger waits. The first time counts."""
        self._add(_asked_key(waiting.challenger.model, waiting.challenger.id), waiting)

    def sign(self, challenger: Challenger, sign_off: SignOff) -> SignOff:
        """Keep a verdict, and return the one that counts: the first."""
        key = _signed_key(challenger.model, challenger.id)
        return sign_off if self._add(key, sign_off) else self._read(key, SignOff)

    def waiting(self, model: str, challenger: str) -> Waiting | None:
        """Return a challenger that was asked about, signed off or not."""
        return self._read_if_there(_asked_key(model, challenger), Waiting)

    def sign_off(self, model: str, challenger: str) -> SignOff | None:
        return self._read_if_there(_signed_key(model, challenger), SignOff)

    def require_none_waits(self, model: str, version: str) -> None:
        """Raise InvalidArtifact if a version waits for a person, or was refused."""
        verdicts = [signed and signed.verdict for _, signed in self._of_model(model, f"{version}-")]
        if verdicts and "APPROVE" not in verdicts:
            raise InvalidArtifact(UNSIGNED)

    def listed(self, models: Iterable[str]) -> dict[str, list[tuple[Waiting, SignOff | None]]]:
        """Return the newest challengers of each model with their verdicts, the newest first."""
        return {model: self._of_model(model) for model in models}

    def _of_model(self, model: str, begin: str = "") -> list[tuple[Waiting, SignOff | None]]:
        """Return the newest of a model; what is no challenger is left out, and logged."""
        keys = self._keys(f"{SIGN_OFF_PREFIX}{model}/{begin}")
        ids = sorted({key.split("/")[-2] for key in keys}, reverse=True)
        asked = [one for one in ids if _asked_key(model, one) in keys]
        found = []
        for one in asked[:MOST_LISTED]:
            signed = _signed_key(model, one)
            try:
                sign_off = self._read(signed, SignOff) if signed in keys else None
                found.append((self._read(_asked_key(model, one), Waiting), sign_off))
            except msgspec.DecodeError:
                observability.unreadable(signed)
        return found

    def _keys(self, prefix: str) -> set[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix
        )
        return {one["Key"] for page in pages for one in page.get("Contents", [])}

    def _read_if_there(self, key: str, kind: type[T]) -> T | None:
        """Read an object. S3 answers 403 for a missing one, so the key is listed first."""
        return self._read(key, kind) if key in self._keys(key) else None

    def _read(self, key: str, kind: type[T]) -> T:
        body = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        return msgspec.json.decode(body, type=kind)

    def _add(self, key: str, value: msgspec.Struct) -> bool:
        return add_object(self._s3, self._bucket, key, msgspec.json.encode(value))


def _asked_key(model: str, challenger: str) -> str:
    return f"{SIGN_OFF_PREFIX}{model}/{challenger}/asked.json"


def _signed_key(model: str, challenger: str) -> str:
    return f"{SIGN_OFF_PREFIX}{model}/{challenger}/signed.json"
