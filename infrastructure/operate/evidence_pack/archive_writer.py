"""The writer of the archive: one zip file, whose manifest has the hash of each other file."""

import hashlib
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Protocol

import msgspec
import rfc8785
from botocore.exceptions import ClientError

from chalicelib.foundation.errors import InvalidArtifact
from chalicelib.foundation.settings import MANIFEST_PREFIX
from chalicelib.governance.archive import archive_verifier, claimed_period, verifier_program
from chalicelib.governance.archive.claimed_period import Period
from chalicelib.governance.evidence import chain
from chalicelib.governance.evidence.anchor_bucket import AnchorBucket
from chalicelib.governance.evidence.record_log import RecordLog, line_of
from chalicelib.models import artifact

Document = dict[str, Any]
Report = Callable[[str], None]

GONE = (ClientError, InvalidArtifact)
MOMENT = (1980, 1, 1, 0, 0, 0)  # the same records are the same bytes


class Expired(Exception):
    """The period begins with days whose records DynamoDB may have deleted."""


class NotAnchored(Exception):
    """The period ends after the newest anchor, or there is none."""


class Objects(Protocol):
    def read(self, object_id: str) -> bytes: ...


class Models(Protocol):
    def verified_artifact(self, model: str, version: str) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Sources:
    """The sources of an archive: the stage's table and its buckets."""

    records: RecordLog
    objects: Objects
    models: Models
    anchors: AnchorBucket


def write(path: Path, first: str, last: str, sources: Sources, report: Report) -> Document:
    """Write the archive of the days from `first` to `last`, and return its manifest.

    It has the records of these days, and all anchors, policies, acts, reports and cards until the
    last one. An object that is gone is left out, and the verifier names it. Raises NotAnchored.
    """
    _require_anchors(last, sources.anchors)
    listed: dict[str, str] = {}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:

        def add(name: str, body: bytes) -> None:
            archive.writestr(zipfile.ZipInfo(name, MOMENT), body, zipfile.ZIP_DEFLATED)
            listed[name] = hashlib.sha256(body).hexdigest()

        for name, body in verifier_program.program().items():
            add(name, body)
        written = {day: sources.anchors.read(day) for day in sources.anchors.stored}
        for day, body in written.items():
            add(chain.key(day), body)
        for day in Period(first, last).days:
            lines = [*map(line_of, sources.records.of_day(day))]
            report(f"{day}: {len(lines):,} records")
            add(claimed_period.file_of(day), b"".join(lines))
        for name, body in _objects([*written.values()], sources):
            add(name, body)
        head = msgspec.json.decode(written[max(written)])["head"]
        manifest: Document = {"from": first, "to": last, "head": head, "files": listed}
        manifest["digest"] = archive_verifier.manifest_digest(manifest)
        archive.writestr(
            zipfile.ZipInfo(archive_verifier.MANIFEST, MOMENT), rfc8785.dumps(manifest)
        )
    return manifest


def require_kept(first: str, days: int, today: date) -> None:
    """Raise Expired if records of the day `first` may be deleted: they live for `days`, or for good
    with 0.
    """
    earliest = (today - timedelta(days=days)).isoformat()
    if days and first < earliest:
        raise Expired(
            f"Records of {first} may have expired: [retention] of credit.toml keeps them for "
            f"{days:,} days. Choose --from {earliest}"
        )


def _require_anchors(last: str, anchors: AnchorBucket) -> None:
    newest = max(anchors.stored, default="")
    if newest < last:
        raise NotAnchored(
            f"{last} is not anchored; the newest anchor is {newest or 'none'}. Choose --to {newest}"
            if newest
            else "There is no anchor yet: anchorEvidence writes the first at 02:00 UTC."
        )


def _objects(anchors: list[bytes], sources: Sources) -> Iterator[tuple[str, bytes]]:
    """Yield each anchored object, and the card of each anchored model."""
    entries = [entry for body in anchors for entry in chain.entries_of(chain.read(body))]
    for name in sorted({entry.id for entry in entries if not entry.kept}):
        body = _if_there(lambda: sources.objects.read(name))  # noqa: B023 - called now
        if body is None:
            continue
        yield f"{archive_verifier.OBJECTS}{name}", body
        if name.startswith(archive_verifier.MODELS) and (card := _card(name, sources.models)):
            yield archive_verifier.card_of(name), card


def _card(manifest_id: str, models: Models) -> bytes | None:
    place = manifest_id.removeprefix(f"models/{MANIFEST_PREFIX}").removesuffix(".json")
    model, _, version = place.partition("/")
    body = _if_there(lambda: models.verified_artifact(model, version))
    return dict(artifact.members(body)).get("card.html") if body else None


def _if_there(read: Callable[[], bytes]) -> bytes | None:
    """Return an object; None if it is gone, which the verifier names."""
    try:
        return read()
    except GONE as fault:
        if getattr(fault, "response", {}).get("Error", {}).get("Code", "NoSuchKey") != "NoSuchKey":
            raise
        return None
