"""The report of the archive's verifier: what the archive claims, and what is wrong.

The evidence archive has this module, too, so it runs on Python 3.9 without any package but rfc8785.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from chalicelib.governance.archive import archive_verifier, decision_claim
from chalicelib.governance.archive.archive_verifier import Files
from chalicelib.governance.archive.claimed_period import Period

Document = dict[str, Any]


def write(files: Files, asked: Period, heads: Sequence[str], decision: str) -> int:
    """Print the report, and return 1 if anything is wrong. What is empty is not compared."""
    wrong = archive_verifier.findings(files, heads, asked, decision)
    gone, records = archive_verifier.erased(files), archive_verifier.record_ids(files)
    manifest = archive_verifier.manifest_of(files)
    if decision_claim.claimed(manifest):
        lines = [*_decision_claims(files, manifest), *_uncompared_heads(files, heads, decision)]
    else:
        lines = [*claims(files), *_uncompared(asked, heads)]
    lines += wrong
    lines += (
        f"{archive_verifier.called(name)}: its personal part was erased; the rest is as anchored"
        for name in gone
    )
    print("\n".join(lines))
    print(f"{len(records):,} records, {len(gone):,} of them erased; {len(wrong):,} findings")
    return 1 if wrong else 0


def claims(files: Files) -> Iterator[str]:
    """Yield what the archive claims to have, which an examiner compares with what they asked."""
    period, anchors = archive_verifier.period_of(files), archive_verifier.anchors_of(files)
    yield f"The archive claims the records of {period}: {len(period.days):,} days."
    if not anchors:
        return
    first, newest = anchors[0]["day"], anchors[-1]["day"]
    yield f"Its anchors are of {first} to {newest}. The head of the newest is"
    yield anchors[-1]["head"]
    days = {*period.days}
    entries = archive_verifier.entries_of(anchors).values()
    others = sum(1 for same in entries if same[0].kept and same[0].day not in days)
    yield f"The anchors have {others:,} more records, of days outside the claimed period."


def _decision_claims(files: Files, manifest: Document) -> Iterator[str]:
    yield f"The archive claims decision {decision_claim.claimed(manifest)} and what is beside it."
    for anchor in archive_verifier.anchors_of(files):
        yield f"Anchor {anchor['day']} has the head"
        yield anchor["head"]
    yield from (
        f"{archive_verifier.called(name)}: was left out, as no anchor had it yet"
        for name in decision_claim.later(manifest)
    )


def _uncompared_heads(files: Files, heads: Sequence[str], decision: str) -> Iterator[str]:
    anchors = archive_verifier.anchors_of(files)
    missing = [f"--head of {one['day']}" for one in anchors if one["head"] not in heads]
    yield from _said(([] if decision else ["--decision"]) + missing)


def _uncompared(asked: Period, heads: Sequence[str]) -> Iterator[str]:
    given = {"--from": asked.first, "--to": asked.last, "--head": heads}
    yield from _said([option for option, value in given.items() if not value])


def _said(missing: list[str]) -> Iterator[str]:
    if missing:
        yield f"Not compared with what you know: {', '.join(missing)}. See README.md."
