"""Replaced symbols of S3."""

from pathlib import Path

from localcloud.kept_state.durability import Kept
from localcloud.kept_state.sqlite.disk import Disk
from localcloud.seam import Replaced
from localcloud.services.storage.objects import (
    object_bodies,
    object_lock,
    object_writes,
    unused_objects,
)
from localcloud.services.storage.objects.object_writes import ObjectEvents
from localcloud.services.storage.write_through import staged_or_real


def replaced(kept: Kept, object_events: ObjectEvents, bodies: Path, disk: Disk) -> list[Replaced]:
    return [
        Replaced(
            "moto.s3.notifications",
            "send_event",
            "(account_id, event_name, bucket, key)",
            object_events.held_back,
            "sent before the object has its metadata, and twice for a multipart upload",
        ),
        Replaced(
            "moto.s3.responses:S3Response",
            "key_response",
            "(self, request, full_url, headers)",
            object_writes.s3_key(kept, object_events),
            "objects are kept on disk",
        ),
        Replaced(
            "moto.s3.responses:S3Response",
            "bucket_response",
            "(self, request, full_url, headers)",
            object_writes.s3_bucket(kept, object_events),
            "objects are kept on disk",
        ),
        Replaced(
            "moto.s3.responses:S3Response",
            "backend",
            "property",
            staged_or_real,
            "a write changes a copy, until it is on disk",
        ),
        Replaced(
            "moto.s3.models",
            "tempfile",
            "module",
            object_bodies.in_files_of(bodies, disk),
            "bodies of up to 16 MB are in memory, and each larger one keeps a file open",
        ),
        *_locks(),
        *_forgotten(),
    ]


def _locks() -> list[Replaced]:
    return [
        Replaced(
            "moto.s3.responses:S3Response",
            "put_object_retention",
            "(self)",
            object_lock.never_weaker,
            "any lock takes the place of another",
        ),
        Replaced(
            "moto.s3.models:S3Backend",
            "put_bucket_versioning",
            "(self, bucket_name, status)",
            object_lock.always_versioned,
            "versioning of a bucket with Object Lock can be suspended",
        ),
    ]


def _forgotten() -> list[Replaced]:
    return [
        Replaced(
            "moto.core.common_models:BaseModel",
            "__new__",
            "(cls, args, kwargs)",
            unused_objects.remembered_while_used,
            "every object is remembered for ever: each copy of an item, and what was deleted",
        ),
        Replaced(
            "moto.s3.models:FakeKey",
            "__del__",
            "(self)",
            unused_objects.closed_when_unused,
            "an object that nothing uses any more is a warning",
        ),
        Replaced(
            "moto.s3.models:FakeDeleteMarker",
            "__init__",
            "(self, key)",
            unused_objects.marked_without_body,
            "a marker keeps the body of the version that it hides, also once that is deleted",
        ),
        Replaced(
            "moto.s3.models:S3Backend",
            "list_object_versions",
            "(self, bucket_name, delimiter, key_marker, max_keys, prefix, version_id_marker)",
            unused_objects.versions_without_bodies,
            "all objects of a bucket are copied with their bodies, for each list",
        ),
    ]
