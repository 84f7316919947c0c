"""The archive's anchors beside the account's locked ones."""

from collections.abc import Iterator, Mapping

from chalicelib.governance.evidence import chain
from chalicelib.governance.evidence.anchor_bucket import AnchorBucket


def differences(files: Mapping[str, bytes], anchors: AnchorBucket) -> Iterator[str]:
    """Yield a sentence for each anchor that is not the locked object of the account."""
    here = {
        name.removeprefix(chain.PREFIX).removesuffix(".json"): body
        for name, body in files.items()
        if name.startswith(chain.PREFIX)
    }
    for day in sorted(here):
        if day not in anchors.stored:
            yield f"anchor {day}: the account has none"
        elif anchors.read(day) != here[day]:
            yield f"anchor {day}: is not the account's"
    for day, stored in anchors.stored.items():
        if day <= max(here, default="") and day not in here:
            yield f"anchor {day}: is missing in the archive"
        if stored.above:
            yield f"anchor {day}: {stored.above} later versions or deletions lie above it"
        if not anchors.lock(day)[0]:
            yield f"anchor {day}: is not locked"
