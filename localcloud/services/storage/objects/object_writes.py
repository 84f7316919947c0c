"""Request interceptors of S3: an object is on disk before memory has it, before its events are sent
and before the answer.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlparse

from moto.s3.models import s3_backends

from localcloud.kept_state.durability import Kept
from localcloud.kept_state.sqlite.disk import NotStored
from localcloud.services.storage.objects.staged_objects import StagedObjects
from localcloud.services.storage.undo import Undo
from localcloud.services.storage.unstored import Wrapped, fault
from localcloud.services.storage.write_through import reaching

_IN_PLACE = {"acl", "tagging", "retention", "legal-hold", "restore"}


class ObjectEvents:
    """S3's notifications, held back until the request that caused them is written."""

    def __init__(self) -> None:
        self._of_this_thread = threading.local()

    def held_back(self, original: Any) -> Any:
        """Replace moto's s3.notifications.send_event."""

        def send_event(account_id: str, event_name: str, bucket: Any, key: Any) -> None:
            waiting = getattr(self._of_this_thread, "waiting", None)
            if waiting is None:
                original(account_id, event_name, bucket, key)
            else:
                # the end of a multipart upload is two events in moto and one in AWS: the last
                kind = event_name.split(":")[1]
                waiting[bucket.name, key.name, kind] = lambda: original(
                    account_id, event_name, bucket, key
                )

        return send_event

    @contextmanager
    def collected(self) -> Iterator[list[Callable[[], None]]]:
        """Yield a list that is filled at the end of the block."""
        waiting: dict[tuple[str, str, str], Callable[[], None]] = {}
        sends: list[Callable[[], None]] = []
        self._of_this_thread.waiting = waiting
        try:
            yield sends
        finally:
            self._of_this_thread.waiting = None
            sends.extend(waiting.values())


def s3_key(kept: Kept, events: ObjectEvents) -> Wrapped:
    """Replace moto's S3Response.key_response."""
    return _s3(kept, events, _changes_the_object)


def s3_bucket(kept: Kept, events: ObjectEvents) -> Wrapped:
    """Replace moto's S3Response.bucket_response: a bucket and its configuration, many keys deleted
    at once, or a browser's form.
    """
    objects = _s3(kept, events, lambda request, _: request.method == "POST")

    def replace(original: Any) -> Any:
        with_objects = objects(original)

        def response(self: Any, request: Any, full_url: str, headers: Any) -> Any:
            if request.method not in ("PUT", "DELETE"):
                return with_objects(self, request, full_url, headers)
            try:
                with kept.objects, Undo() as undo, kept.writing():
                    self.setup_class(request)
                    undo.remember([self.backend.buckets, s3_backends.bucket_accounts])
                    answer = original(self, request, full_url, headers)
                    if answer[0] >= 300:
                        return answer
                    kept.keep_buckets()
                return answer
            except NotStored:
                return fault(self)

        return response

    return replace


def _s3(kept: Kept, events: ObjectEvents, writes: Callable[[Any, str], bool]) -> Wrapped:
    def replace(original: Any) -> Any:
        def response(self: Any, request: Any, full_url: str, headers: Any) -> Any:
            try:
                if not writes(request, full_url):  # a part of an upload has a body, too
                    return original(self, request, full_url, headers)
                with kept.objects:
                    self.setup_class(request)
                    in_place = bool(_IN_PLACE & _query(full_url).keys())
                    staged = StagedObjects(self.backend, changes_in_place=in_place)
                    with events.collected() as sends, reaching(self, staged.backend):
                        answer = original(self, request, full_url, headers)
                    if answer[0] < 300:
                        _write(kept, staged, sends)
                return answer
            except NotStored:
                return fault(self)

        return response

    return replace


def _write(kept: Kept, staged: StagedObjects, sends: list[Callable[[], None]]) -> None:
    with kept.writing() as rows:
        kept.keep_homes()
        staged.write(rows)
        rows.afterwards(staged.publish)  # before a function runs on its event
        for send in sends:
            send()


def _changes_the_object(request: Any, full_url: str) -> bool:
    if request.method not in ("PUT", "POST", "DELETE"):
        return False
    return not (request.method == "PUT" and "partNumber" in _query(full_url))


def _query(full_url: str) -> dict[str, list[str]]:
    return parse_qs(urlparse(full_url).query, keep_blank_values=True)
