"""A snapshot: the one before it, and the outcomes reported since. A SageMaker processing job.

Outcomes come by POST …/outcome and in files under credit/newData/. A part of the snapshot before is
taken over byte for byte unless a label of it changed. The manifest is written last: with it a
snapshot is whole, and nothing is ever written over. The same inputs give the same bytes.
"""

import argparse
import hashlib
import json
import os
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pandas as pd
from botocore.exceptions import ClientError

from chalicelib.foundation.errors import InvalidProfile
from training import training_profile
from training.collecting import new_data
from training.collecting.collect_decisions import by_vintage, newest
from training.collecting.collect_held import counts, open_quarantines, verdicts
from training.collecting.collect_job import SNAPSHOTS, Bucket, Facts, Job
from training.collecting.collect_news import News, news_since, rows_reported
from training.collecting.collect_parts import Earlier, NoSnapshot, earlier_snapshot, parquet, parts
from training.collecting.decision_log import DecisionLog
from training.snapshots import labels, snapshot

REPORTS = "credit/reports/newData/"
MOST_TOLD = 1000  # wrong rows in a report; all are counted

FAULTS = (NoSnapshot, new_data.Unreadable, InvalidProfile, snapshot.InvalidSnapshot)


def collect(job: Job, previous: str, recent: int) -> None:
    place = f"{SNAPSHOTS}{job.version}/"
    if f"{place}manifest.json" in job.bucket.keys(place):
        print(f"{place} is whole: nothing to do", flush=True)
        return
    earlier = earlier_snapshot(job.bucket, previous)
    news = news_since(job, earlier)
    print(f"{len(news.files)} new files, {len(news.decisions)} decisions with outcomes", flush=True)
    said, verdict_files = verdicts(job.bucket)
    news.sources += [one for one in verdict_files if one not in earlier.sources]
    collected = parts(job, earlier, rows_reported(job, news), said)
    months = by_vintage(job, earlier, collected.rows)
    files = collected.files | {
        snapshot.DECISIONS: parquet(newest(job, collected.rows, months, recent)),
        "vintages.json": _json(months),
    }
    numbers = counts(news.counts, collected.rows)
    numbers["held"] = open_quarantines(
        earlier.manifest.get("held", []), collected.held, collected.rows
    )
    report = {"version": job.version, "files": news.files, "wrong": news.wrong[:MOST_TOLD]}
    report |= numbers
    job.bucket.write(f"{REPORTS}{job.version}.json", _json(report))
    for name, body in files.items():
        job.bucket.write(place + name, body)
    manifest = _manifest(job, earlier, news, collected.rows, collected.new) | numbers
    manifest |= {"files": _hashes(files)}
    job.bucket.write(f"{place}manifest.json", _json(manifest))
    shown = ("rows", "bads", "newRows", "newBads", "waiting", "wrongRows", "heldRows")
    print("; ".join(f"{name}={manifest[name]}" for name in shown), flush=True)


def _manifest(
    job: Job, earlier: Earlier, news: News, rows: pd.DataFrame, changed: pd.Series
) -> Facts:
    outcome, date = rows[job.bank.outcome], job.bank.date
    dates = rows.loc[outcome.notna(), date].dropna() if date else pd.Series(dtype=object)
    waiting = labels.waiting(rows, job.bank)
    matures = labels.matures_next(rows, job.bank)
    return {
        "version": job.version,
        "previous": earlier.name,
        "asOf": job.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "rows": int(outcome.notna().sum()),
        "bads": int((outcome == 1).sum()),
        "newRows": int(changed.sum()),
        "newBads": int((outcome[changed.to_numpy(bool)] == 1).sum()),
        "waiting": int(waiting.sum()),
        "nextMatures": None if pd.isna(matures) else str(matures.date()),
        "window": {"from": str(dates.min().date()), "to": str(dates.max().date())}
        if len(dates)
        else {},
        "wrongRows": len(news.wrong),
        "report": f"{REPORTS}{job.version}.json",
        "sources": [*earlier.sources, *news.sources],
    }


def _json(facts: Facts) -> bytes:
    return (json.dumps(facts, indent=1, sort_keys=True, allow_nan=False) + "\n").encode()


def _hashes(files: dict[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(body).hexdigest() for name, body in sorted(files.items())}


def region() -> str | None:
    """Return the job's region, or None to let boto3 find it on a person's machine.

    SageMaker sets AWS_REGION, and boto3 reads AWS_DEFAULT_REGION only.
    """
    return os.environ.get("AWS_REGION")


def main() -> int:
    options = _options()
    try:
        bank = training_profile.read(options.profile / "credit.toml")
        at = datetime.fromisoformat(options.at)
        until = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        log = DecisionLog(boto3.resource("dynamodb", region()).Table(options.table), until)
        bucket = Bucket(boto3.client("s3", region()), options.bucket)
        collect(
            Job(options.version, at, bank, bucket, log),
            options.previous,
            bank.profile.gate.recent_decisions,
        )
    except FAULTS as fault:
        return _failed(" ".join(str(fault).split()), options.message)
    except Exception as fault:  # noqa: BLE001  its own words may quote a client's id
        where = "".join(traceback.format_tb(fault.__traceback__))
        return _failed(f"{_kind(fault)}: see the job's log", options.message, where)
    return 0


def _failed(reason: str, message: Path, where: str = "") -> int:
    print(where + reason, file=sys.stderr)
    message.parent.mkdir(parents=True, exist_ok=True)
    message.write_text(reason, encoding="utf-8")
    return 1


def _kind(fault: Exception) -> str:
    code = fault.response["Error"]["Code"] if isinstance(fault, ClientError) else ""
    return f"{type(fault).__name__} {code}".strip()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--version", required=True, help="of the snapshot")
    parser.add_argument(
        "--at", required=True, help="later outcomes and matured labels are not in it"
    )
    parser.add_argument("--previous", required=True, help="the snapshot before; empty: none")
    parser.add_argument("--bucket", required=True, help="of the data")
    parser.add_argument("--table", required=True, help="of the decisions")
    parser.add_argument("--profile", required=True, type=Path, help="the folder of credit.toml")
    parser.add_argument("--message", required=True, type=Path, help="for the reason of a failure")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
