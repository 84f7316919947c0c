"""The report of the archive's verifier: what the archive claims, and what is wrong.

The evidence archive has this module, too, so it runs on Python 3.9 without any package but rfc8785.
"""

from __future__ import annotations

from collections.abc import Iterator

from infrastructure.operate.evidence_pack import archive_verifier
from infrastructure.operate.evidence_pack.archive_verifier import Files
from infrastructure.operate.evidence_pack.claimed_period import Period


def write(files: Files, first: str, last: str, head: str) -> int:
    """Print the report, and return 1 if anything is wrong. An empty argument is not compared."""
    wrong = archive_verifier.findings(files, head, Period(first, last))
    gone, records = archive_verifier.erased(files), archive_verifier.record_ids(files)
    lines = [*claims(files), *_uncompared(first, last, head), *wrong]
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


def _uncompared(first: str, last: str, head: str) -> Iterator[str]:
    given = {"--from": first, "--to": last, "--head": head}
    if missing := [option for option, value in given.items() if not value]:
        yield f"Not compared with what you know: {', '.join(missing)}. See README.md."
