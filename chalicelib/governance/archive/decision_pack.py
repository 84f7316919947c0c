"""The route GET …/evidence: the pack of one decision, with the anchors that prove it.

It has no record of anybody else: of these, an anchor has ids and digests alone.
"""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from hashlib import sha256
from typing import Any, Protocol

import msgspec

from chalicelib.governance.archive import (
    archive_verifier,
    claimed_period,
    decision_claim,
    verifier_program,
)
from chalicelib.governance.archive.archive_problems import TOO_LARGE, NoPack
from chalicelib.governance.evidence import chain, record_digest
from chalicelib.governance.evidence.anchoring import LATE_DAYS
from chalicelib.governance.evidence.record_log import line_of

Document = dict[str, Any]
Files = dict[str, bytes]

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
# Lambda answers 6 MB at most, and a text grows by a tenth when it becomes a string of JSON.
MOST_BYTES = 5_000_000


class Records(Protocol):
    def about(self, client_id: str, prediction_id: str) -> Sequence[Document]: ...


class Anchors(Protocol):
    @property
    def stored(self) -> dict[str, Any]: ...
    def read(self, day: str) -> bytes: ...


def decision_pack(
    client_id: str,
    prediction_id: str,
    records: Records,
    anchors: Anchors,
    most_bytes: int = MOST_BYTES,
) -> Document:
    """Return the pack of a stored decision: its files as texts, by name.

    What no anchor has yet is left out, and named as `later`. Raises NoPack if that is the decision
    itself, or if the pack is too large for an answer.
    """
    found = records.about(client_id, prediction_id)
    read: Files = {}
    proved = [one for one in found if _is_anchored(one, anchors, read)]
    if not any(one["predictionId"] == prediction_id for one in proved):
        raise NoPack
    later = sorted(one["predictionId"] for one in found if one not in proved)
    files = _files(prediction_id, proved, read, later)
    if sum(map(len, files.values())) > most_bytes:
        raise NoPack(TOO_LARGE)
    return {
        "clientId": client_id,
        "predictionId": prediction_id,
        "later": later,
        "files": {name: body.decode() for name, body in files.items()},
    }


def _is_anchored(record: Document, anchors: Anchors, read: Files) -> bool:
    """Return whether an anchor has a record. `read` keeps each anchor that was looked at."""
    for day in _days_after(_day_of(record)):
        if day in anchors.stored:
            if day not in read:
                read[day] = anchors.read(day)
            if _mark(record) in read[day]:
                return True
    return False


def _days_after(day: str) -> list[str]:
    """Return the days whose anchors may have a record of a day; none without a day."""
    first = date.fromisoformat(day) if day else None
    late = range(LATE_DAYS + 1)
    return [(first + timedelta(days=one)).isoformat() for one in late] if first else []


def _files(decision: str, proved: Sequence[Document], read: Files, later: Sequence[str]) -> Files:
    files = verifier_program.program()
    marks = [*map(_mark, proved)]
    proofs = {day: body for day, body in read.items() if any(mark in body for mark in marks)}
    files |= {chain.key(day): body for day, body in sorted(proofs.items())}
    days = sorted({_day_of(one) for one in proved})
    for day in days:
        lines = {one["predictionId"]: line_of(one) for one in proved if _day_of(one) == day}
        files[claimed_period.file_of(day)] = b"".join(lines[name] for name in sorted(lines))
    manifest: Document = {
        "from": days[0],
        "to": days[-1],
        "head": msgspec.json.decode(proofs[max(proofs)])["head"],
        "files": {name: sha256(body).hexdigest() for name, body in files.items()},
        decision_claim.DECISION: decision,
        decision_claim.LATER: [*later],
    }
    manifest["digest"] = archive_verifier.manifest_digest(manifest)
    files[archive_verifier.MANIFEST] = record_digest.canonical(manifest)
    return files


def _mark(record: Document) -> bytes:
    """Return how an anchor names a record: RFC 8785 has one way to write it."""
    return f'"id":"{record["predictionId"]}"'.encode()


def _day_of(record: Document) -> str:
    """Return the day of a record's key in the index, such as outcomes#2026-11-28#07."""
    found = DAY.search(record["day"])
    return found[0] if found else ""
