"""Adapter of the acts of people on models: objects in the data bucket, which are only added."""

from typing import TYPE_CHECKING, Literal

import msgspec

from chalicelib.foundation.added_object import add_object
from chalicelib.foundation.settings import MODEL_ACT_PREFIX

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MOST_ACTS = 50  # of a model, the newest

Kind = Literal["UPLOAD", "ROLLBACK"]


class ModelAct(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A person asks to upload an artifact, or to bring a version back.

    `id` sorts by time. `sha256` is the archive's, of an upload; `instead_of` is the version that
    answered at that time.
    """

    id: str
    kind: Kind
    model: str
    version: str
    at: str
    by: dict[str, str]
    reason: str
    sha256: str = ""
    size: int = 0
    instead_of: str = ""

    @property
    def asked(self) -> tuple[object, ...]:
        """Who asks for what."""
        archive = (self.sha256, self.size)
        return self.kind, self.model, self.version, self.by, self.reason, archive


class ModelActBucket:
    """The objects of all models."""

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def add(self, act: ModelAct) -> None:
        key = f"{MODEL_ACT_PREFIX}{act.model}/{act.id}.json"
        add_object(self._s3, self._bucket, key, msgspec.json.encode(act))

    def of_model(self, model: str) -> list[ModelAct]:
        """Return the newest acts on a model; the oldest first."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=f"{MODEL_ACT_PREFIX}{model}/"
        )
        keys = [one["Key"] for page in pages for one in page.get("Contents", [])]
        return [msgspec.json.decode(self._read(key), type=ModelAct) for key in keys[-MOST_ACTS:]]

    def _read(self, key: str) -> bytes:
        return self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
