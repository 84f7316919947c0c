"""Release or reject outcomes that the watch has held back.

python -m infrastructure.operate.quarantine --stage dev [--release ID | --reject ID]
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.foundation.errors import NoSnapshot
from chalicelib.foundation.settings import QUARANTINE_PREFIX, STAGES, Settings
from chalicelib.retraining.data_bucket import DataBucket
from infrastructure import embedded
from infrastructure.project import TwoNames, app_name

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Held = Mapping[str, Any]

RELEASED, REJECTED = "released", "rejected"


class NoQuarantine(Exception):
    """No quarantine of this id waits for a decision."""


def waiting(data: DataBucket) -> list[Held]:
    """Return the quarantines of the newest snapshot that nobody has decided on."""
    try:
        found: list[Held] = data.manifest(data.newest_snapshot()).get("held", [])
    except NoSnapshot:
        return []
    return found


def decide(s3: "S3Client", data: DataBucket, wanted: str, verdict: str, who: str) -> Held:
    """Store the verdict for the next snapshot; the last one counts. Raises NoQuarantine."""
    found = {one["id"]: one for one in waiting(data)}
    if wanted not in found:
        ids = ", ".join(found) or "none"
        raise NoQuarantine(f"No quarantine {wanted!r} waits for a verdict. Waiting: {ids}.")
    said = {"verdict": verdict, "by": who, "at": datetime.now(UTC).isoformat(timespec="seconds")}
    body = json.dumps(said | {"of": dict(found[wanted])}, indent=1).encode()
    s3.put_object(Bucket=data.name, Key=f"{QUARANTINE_PREFIX}{wanted}.json", Body=body)
    return found[wanted]


def lines(held: list[Held], stage: str) -> Iterator[str]:
    """Yield the facts for a verdict, and its commands."""
    for one in held:
        yield (
            f"{one['id']}  {one['rows']} new outcomes of {one['by']} {one['value']}, "
            f"{one['observed']:.1%} of {one['tested']} defaulted, {one['expected']:.1%} expected; "
            f"chance {one['chance']:g}; from {', '.join(one['sources'])}"
        )
    if held:
        yield f"They are true:  make quarantine STAGE={stage} RELEASE={held[0]['id']}"
        yield f"They are not:   make quarantine STAGE={stage} REJECT={held[0]['id']}"
    else:
        yield "Nothing is held back."


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stage", required=True, choices=STAGES)
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--release", metavar="ID", help="its outcomes are true, and count")
    choice.add_argument("--reject", metavar="ID", help="its outcomes are false, and never count")
    given = parser.parse_args()
    embedded.reach()
    try:
        print("\n".join(_done(given)))
    except (NoQuarantine, BotoCoreError, ClientError, TwoNames) as fault:
        sys.exit(str(fault))


def _done(given: argparse.Namespace) -> Iterator[str]:
    s3 = boto3.client("s3")
    settings = Settings(app_name(), given.stage, s3.meta.region_name)
    data = DataBucket(s3, settings.data_bucket)
    wanted = given.release or given.reject
    if not wanted:
        yield from lines(waiting(data), given.stage)
        return
    verdict = RELEASED if given.release else REJECTED
    who = boto3.client("sts").get_caller_identity()["Arn"]
    found = decide(s3, data, wanted, verdict, who)
    yield f"{wanted} is {verdict}: {found['rows']} outcomes. The next updateData heeds it."


if __name__ == "__main__":
    main()
