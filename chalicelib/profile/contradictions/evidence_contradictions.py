"""Contradictions of the stages' [evidence] with S3's limits."""

from collections.abc import Iterator

from chalicelib.foundation.settings import STAGES
from chalicelib.profile.schema import Profile

MOST_YEARS = 100  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html


def of_evidence(profile: Profile) -> Iterator[str]:
    for stage in sorted({*STAGES} ^ {*profile.evidence}):
        yield f"evidence must have the stages {', '.join(STAGES)}, and no other: see {stage}"
    for stage, evidence in profile.evidence.items():
        if not 1 <= evidence.years <= MOST_YEARS:
            yield f"evidence.{stage}.years must be 1 to {MOST_YEARS}, not {evidence.years}"
