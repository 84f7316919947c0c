"""Adapter of the model bucket: uploads, accepted artifacts, their arrivals and deployments.

Marks are empty objects whose keys sort by time, so that two functions at once lose nothing.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec
from botocore.exceptions import ClientError

from chalicelib.foundation.added_object import add_object
from chalicelib.foundation.errors import InvalidArtifact
from chalicelib.foundation.settings import (
    ARRIVAL_PREFIX,
    ENDING_PREFIX,
    MANIFEST_PREFIX,
    MODEL_PREFIX,
    REFUSAL_PREFIX,
    VERIFIED_PREFIX,
)
from chalicelib.foundation.text import LANGUAGES, Language, Text
from chalicelib.models import artifact
from chalicelib.models.artifact import Artifact

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

How = Literal["in-service", "failed"]
HOWS = ("in-service", "failed")
GONE = Text(
    es="Ya no está: súbalo de nuevo.",
    en="It is not there any more: upload it again.",
)
OTHER_CONTENT = Text(
    es="{version} existe con otro contenido: súbalo como una versión nueva.",
    en="{version} exists with other content: upload it as a new version.",
)
MOST_REFUSALS = 20  # of a model, the newest
LONGEST_REASON = 2_000  # characters; an artifact may bring long names


@dataclass(frozen=True, slots=True)
class Arrival:
    """An accepted upload. `at` is S3's time, so the same event again is the same arrival."""

    at: str
    version: str
    attempted: bool


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a deployment: `version` is in service `since` then, or has failed."""

    since: str
    version: str
    how: How


class Refusal(msgspec.Struct, frozen=True):
    """An upload that was refused. `at` is S3's time of it. Refusals of before 30 November 2026 have
    their reason in one language.
    """

    version: str
    at: str
    reason: Text | str

    def said_in(self, language: Language) -> str:
        return self.reason if isinstance(self.reason, str) else self.reason.said_in(language)


class ModelBucket:
    """The bucket: uploaded artifacts, and the verified copies and manifests of accepted ones."""

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3 = s3
        self.name = bucket

    def read_artifact(self, key: str) -> bytes:
        """Return an upload's bytes. Raises InvalidArtifact if it is too large or gone."""
        try:
            response = self._s3.get_object(Bucket=self.name, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchKey":
                raise
            raise InvalidArtifact(GONE) from error
        artifact.require_size(response["ContentLength"])
        return response["Body"].read()

    def accept(self, model: str, version: str, body: bytes, accepted: Artifact) -> None:
        """Store the verified bytes, then the manifest, which marks them as accepted.

        A version never changes: raises InvalidArtifact if it exists with other content.
        """
        earlier = self.manifest(model, version)
        if earlier is None:
            self._s3.put_object(Bucket=self.name, Key=_verified_key(model, version), Body=body)
            key = _manifest_key(model, version)
            self._s3.put_object(Bucket=self.name, Key=key, Body=accepted.manifest_body)
        elif earlier != accepted.manifest_body:
            raise InvalidArtifact(OTHER_CONTENT.format(version=version))

    def verified_url(self, model: str, version: str) -> str:
        """Return the URL of the verified copy; the upload itself may still change."""
        return f"s3://{self.name}/{_verified_key(model, version)}"

    def verified_artifact(self, model: str, version: str) -> bytes:
        return self.read_artifact(_verified_key(model, version))

    def manifest(self, model: str, version: str) -> bytes | None:
        try:
            response = self._s3.get_object(Bucket=self.name, Key=_manifest_key(model, version))
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchKey":
                raise
            return None
        return response["Body"].read()

    def arrived(self, model: str, version: str, at: str) -> None:
        self._mark(model, version, at, "arrived")

    def attempted(self, model: str, arrival: Arrival) -> None:
        """Record that the deployment of an arrival has begun: it is not begun again."""
        self._mark(model, arrival.version, arrival.at, "attempted")

    def waits(self, model: str, arrival: Arrival) -> bool:
        """Record that an arrival waits for an operator. Return whether this is new."""
        mark = arrival.at, arrival.version, "waiting"
        if mark in self._marks(ARRIVAL_PREFIX, model):
            return False
        self._mark(model, arrival.version, arrival.at, "waiting")
        return True

    def newest_arrival(self, model: str) -> Arrival | None:
        """Return the last upload by S3's time, whatever the order of the events."""
        marks = self._marks(ARRIVAL_PREFIX, model)
        if not marks:
            return None
        at, version, _ = max(marks)
        return Arrival(at, version, attempted=(at, version, "attempted") in marks)

    def arrivals(self, model: str) -> list[Arrival]:
        """Return all accepted uploads; the oldest first."""
        marks = self._marks(ARRIVAL_PREFIX, model)
        return [
            Arrival(at, version, attempted=(at, version, "attempted") in marks)
            for at, version, what in marks
            if what == "arrived"
        ]

    def refused(self, model: str, refusal: Refusal) -> None:
        """Record that an upload was refused. The same event again is the same refusal."""
        said = (refusal.said_in(language)[:LONGEST_REASON] for language in LANGUAGES)
        cut = msgspec.structs.replace(refusal, reason=Text(*said))
        key = f"{REFUSAL_PREFIX}{model}/{refusal.at}/{refusal.version}.json"
        add_object(self._s3, self.name, key, msgspec.json.encode(cut))

    def refusals(self, model: str) -> list[Refusal]:
        """Return the newest refusals of a model's uploads; the oldest first."""
        keys = self._keys(f"{REFUSAL_PREFIX}{model}/")[-MOST_REFUSALS:]
        bodies = [self._s3.get_object(Bucket=self.name, Key=key)["Body"].read() for key in keys]
        return [msgspec.json.decode(body, type=Refusal) for body in bodies]

    def attempts(self, model: str) -> list[Arrival]:
        """Return the arrivals that were attempted and are not cleared; the oldest first."""
        marks = self._marks(ARRIVAL_PREFIX, model)
        return [
            Arrival(at, version, attempted=True)
            for at, version, what in marks
            if what == "attempted" and (at, version, "cleared") not in marks
        ]

    def superseded(self, model: str, live: str) -> list[Arrival]:
        """Return the attempts older than the arrival of `live` that no rollback needs."""
        marks = self._marks(ARRIVAL_PREFIX, model)
        since = max((at for at, version, _ in marks if version == live), default="")
        later = {version for at, version, _ in marks if at >= since}
        needed = later | {self.former(model, live)}
        return [one for one in self.attempts(model) if one.version not in needed]

    def cleared(self, model: str, arrival: Arrival) -> None:
        self._mark(model, arrival.version, arrival.at, "cleared")

    def ended(self, model: str, ending: Ending) -> bool:
        """Record an ending. Return whether this call did: of two at once, one does."""
        key = f"{ENDING_PREFIX}{model}/{ending.since}/{ending.version}/{ending.how}"
        return add_object(self._s3, self.name, key, b"")

    def endings(self, model: str) -> list[Ending]:
        """Return the endings of a model's deployments; the oldest first."""
        marks = self._marks(ENDING_PREFIX, model)
        return [
            Ending(since, version, "failed" if how == "failed" else "in-service")
            for since, version, how in marks
            if how in HOWS
        ]

    def mark_published(self, model: str, ending: Ending) -> None:
        """Record that the notice of an ending was published."""
        key = f"{ENDING_PREFIX}{model}/{ending.since}/{ending.version}/{ending.how}-told"
        self._s3.put_object(Bucket=self.name, Key=key, Body=b"")

    def is_published(self, model: str, ending: Ending) -> bool:
        mark = ending.since, ending.version, f"{ending.how}-told"
        return mark in self._marks(ENDING_PREFIX, model)

    def served(self, model: str) -> list[Ending]:
        """Return the endings in service; the newest last."""
        return [one for one in self.endings(model) if one.how == "in-service"]

    def former(self, model: str, live: str) -> str | None:
        """Return the version in service before `live`; skip versions that were rolled back."""
        way: list[str] = []
        for one in self.served(model):
            way = [*way[: way.index(one.version) if one.version in way else None], one.version]
        before = way[: way.index(live)] if live in way else way
        return before[-1] if before else None

    def last_served(self, model: str) -> str | None:
        """Return the version that was last in service."""
        served = self.served(model)
        return served[-1].version if served else None

    def versions(self, model: str) -> list[str]:
        """Return all accepted versions; the oldest first if they are named by their time."""
        start = f"{MANIFEST_PREFIX}{model}/"
        keys = self._keys(start)
        return [key.removeprefix(start).removesuffix(".json") for key in keys]

    def arrive_again(self, model: str, version: str) -> None:
        """Upload an accepted version again, so that it is the newest arrival."""
        self._s3.copy_object(
            Bucket=self.name,
            Key=f"{MODEL_PREFIX}{model}/{version}/model.tar.gz",
            CopySource={"Bucket": self.name, "Key": _verified_key(model, version)},
        )

    def _marks(self, prefix: str, model: str) -> list[tuple[str, str, str]]:
        parts = [key.split("/") for key in self._keys(f"{prefix}{model}/")]
        return [(time, version, what) for _, _, time, version, what in parts]

    def _keys(self, prefix: str) -> list[str]:
        """Return the keys, sorted by their bytes as S3 does."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        return [one["Key"] for page in pages for one in page.get("Contents", [])]

    def _mark(self, model: str, version: str, at: str, what: str) -> None:
        key = f"{ARRIVAL_PREFIX}{model}/{at}/{version}/{what}"
        self._s3.put_object(Bucket=self.name, Key=key, Body=b"")


def _manifest_key(model: str, version: str) -> str:
    return f"{MANIFEST_PREFIX}{model}/{version}.json"


def _verified_key(model: str, version: str) -> str:
    return f"{VERIFIED_PREFIX}{model}/{version}/model.tar.gz"
