"""The archive beside the account's locked anchors, which know each day and each record."""

from collections.abc import Iterator, Mapping

from chalicelib.governance.archive import (
    archive_entry,
    archive_verifier,
    claimed_period,
    decision_claim,
)
from chalicelib.governance.archive.decision_claim import belongs
from chalicelib.governance.evidence import chain
from chalicelib.governance.evidence.anchor_bucket import AnchorBucket
from chalicelib.governance.evidence.chain import Entry, NotAnAnchor

Files = Mapping[str, bytes]


def differences(files: Files, anchors: AnchorBucket) -> Iterator[str]:
    """Yield a sentence for each anchor that is not the locked object of the account, and for each
    record of the archive's days that an anchor of the account has and the archive has not.
    """
    here, until = _anchors_in(files), _complete_until(files)
    for day in sorted(here):
        if day not in anchors.stored:
            yield f"anchor {day}: the account has none"
        elif anchors.read(day) != here[day]:
            yield f"anchor {day}: is not the account's"
    for day, stored in anchors.stored.items():
        if day <= until and day not in here:
            yield f"anchor {day}: is missing in the archive"
        if stored.above:
            yield f"anchor {day}: {stored.above} later versions or deletions lie above it"
        if not anchors.lock(day)[0]:
            yield f"anchor {day}: is not locked"
    yield from _missing(files, anchors)


def _complete_until(files: Files) -> str:
    """Return the day until which the archive has all anchors; the pack of a decision has some."""
    if decision_claim.claimed(archive_verifier.manifest_of(files)):
        return ""
    return max([*_anchors_in(files), archive_verifier.period_of(files).last], default="")


def other_program(files: Files, program: Files) -> Iterator[str]:
    """Yield a sentence for each file of the verifier that is not the one of this release."""
    there = {name for name in files if name.startswith(archive_entry.CODE)}
    for name in sorted({*program, *there}):
        if files.get(name) != program.get(name):
            yield f"{name}: is not this release's; check an archive by the release that wrote it"


def coverage(files: Files, anchors: AnchorBucket) -> str:
    """Return which of the days that the account has anchors of the archive covers."""
    period, stored = archive_verifier.period_of(files), [*anchors.stored]
    days = sum(day in stored for day in period.days)
    newest = max(_anchors_in(files), default="")
    return (
        f"The archive covers {period}: {days:,} of the {len(stored):,} days that the account has "
        f"anchors of, {min(stored, default='none')} to {max(stored, default='none')}. "
        f"Its newest anchor is of {newest or 'no day'}; newer anchors of the account: "
        f"{sum(day > newest for day in stored):,}"
    )


def _missing(files: Files, anchors: AnchorBucket) -> Iterator[str]:
    manifest = archive_verifier.manifest_of(files)
    decision = decision_claim.claimed(manifest)
    days = claimed_period.covered(archive_verifier.period_of(files), files)
    there = archive_verifier.record_ids(files)
    for anchored_on in anchors.stored:
        try:
            entries = chain.entries_of(chain.read(anchors.read(anchored_on)))
        except NotAnAnchor as fault:
            yield f"anchor {anchored_on}: the account's own {fault}"
            continue
        for entry in entries:
            is_claimed = belongs(entry.id, decision) if decision else entry.day in days
            if entry.kept and is_claimed and entry.id not in there:
                yield _absent(entry, anchored_on, _anchors_in(files))


def _absent(entry: Entry, anchored_on: str, here: Mapping[str, bytes]) -> str:
    sentence = archive_verifier.missing(entry)
    if anchored_on in here:
        return sentence
    return f"{sentence}, and anchor {anchored_on} of the account has it"


def _anchors_in(files: Files) -> dict[str, bytes]:
    return {
        name.removeprefix(chain.PREFIX).removesuffix(".json"): body
        for name, body in files.items()
        if name.startswith(chain.PREFIX)
    }
