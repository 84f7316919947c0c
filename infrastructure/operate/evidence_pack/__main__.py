"""Write the evidence of a period into one archive, or check an archive against the account.

python -m infrastructure.operate.evidence_pack --stage dev --from 2026-11-01 --to 2026-11-28
python -m infrastructure.operate.evidence_pack --stage dev --check evidence.zip \\
    --from 2026-11-01 --to 2026-11-28
python -m infrastructure.operate.evidence_pack --verifier
"""

import argparse
import hashlib
import sys
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import profile
from chalicelib.foundation.errors import AppVengersError
from chalicelib.foundation.settings import STAGES, Settings
from chalicelib.governance.archive import archive_verifier, verifier_program
from chalicelib.governance.archive.claimed_period import Period
from chalicelib.governance.evidence.anchor_bucket import AnchorBucket
from chalicelib.governance.evidence.object_log import ObjectLog
from chalicelib.governance.evidence.record_log import RecordLog
from chalicelib.models.model_bucket import ModelBucket
from infrastructure import embedded
from infrastructure.operate.evidence_pack import account_check, archive_writer
from infrastructure.project import InvalidConfig, app_name

FAULTS = (
    AppVengersError, BotoCoreError, ClientError, InvalidConfig, OSError, zipfile.BadZipFile,
    archive_writer.Expired, archive_writer.NotAnchored,
)  # fmt: skip


def read_archive(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _write(settings: Settings, given: argparse.Namespace) -> None:
    days = profile.load().retention.records_days
    archive_writer.require_kept(given.first, days, datetime.now(UTC).date())
    s3 = boto3.client("s3")
    path = given.out or Path(f"evidence-{settings.prefix}-{given.first}-{given.last}.zip")
    sources = archive_writer.Sources(
        RecordLog(boto3.client("dynamodb"), settings.predictions_table),
        ObjectLog(s3, settings),
        ModelBucket(s3, settings.model_bucket),
        AnchorBucket(s3, settings.evidence_bucket),
    )
    manifest = archive_writer.write(
        path, given.first, given.last, sources, lambda line: print(line, file=sys.stderr)
    )
    print(f"{path}: {len(manifest['files']):,} files, head {manifest['head']}")
    print("Unpack it and run: python3 verify.py")


def _check(settings: Settings, path: Path, asked: Period) -> int:
    files = read_archive(path)
    anchors = AnchorBucket(boto3.client("s3"), settings.evidence_bucket)
    found = archive_verifier.findings(files, asked=asked)
    found += account_check.other_program(files, verifier_program.program())
    wrong = [*dict.fromkeys([*found, *account_check.differences(files, anchors)])]
    print(account_check.coverage(files, anchors))
    print("\n".join(wrong or ["The archive is whole, and its anchors are the account's."]))
    return 1 if wrong else 0


def _print_verifier() -> None:
    body = verifier_program.program()[verifier_program.VERIFIER]
    print(f"{hashlib.sha256(body).hexdigest()}  {verifier_program.VERIFIER}")


def _day(text: str) -> str:
    return date.fromisoformat(text).isoformat()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stage", choices=STAGES)
    parser.add_argument("--verifier", action="store_true", help="the SHA-256 of verify.py, no more")
    parser.add_argument("--from", dest="first", type=_day, help="the first day, as 2026-11-01")
    parser.add_argument("--to", dest="last", type=_day, help="the last day, anchored already")
    parser.add_argument("--out", type=Path, help="the archive to write")
    parser.add_argument("--check", type=Path, help="an archive to compare with the account")
    given = parser.parse_args()
    if given.verifier:
        _print_verifier()
        return 0
    if not given.stage:
        parser.error(f"give --stage: {', '.join(STAGES)}")
    if not given.check and not (given.first and given.last and given.first <= given.last):
        parser.error("give --check, or --from and --to with the earlier day first")
    embedded.reach()
    try:
        region = boto3.Session().region_name or ""
        settings = Settings(app_name(), given.stage, region)
        if given.check:
            return _check(settings, given.check, Period(given.first or "", given.last or ""))
        _write(settings, given)
    except FAULTS as fault:
        print(f"{fault}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
