"""A snapshot: the one before it, and what was told since. A SageMaker processing job.

Outcomes come by POST …/outcome and in files under credit/newData/. A part of the snapshot before is
taken over byte for byte unless a label of it changed. The manifest is written last: with it a
snapshot is whole, and nothing is ever written over. The same inputs give the same bytes.
"""

import argparse
import hashlib
import io
import json
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import labels
import new_data
import pandas as pd
import product
import snapshot
import vintages
from botocore.exceptions import ClientError
from decision_log import DecisionLog

SNAPSHOTS, NEW_DATA = "credit/snapshots/", "credit/newData/"
REPORTS = "credit/reports/newData/"
MOST_TOLD = 1000  # wrong rows in a report; all are counted

Facts = dict[str, Any]


class NoSnapshot(Exception):
    pass


FAULTS = (NoSnapshot, new_data.Unreadable, product.InvalidProfile, snapshot.InvalidSnapshot)


class Bucket:
    """Keys and bytes."""

    def __init__(self, s3: Any, name: str) -> None:
        self._s3 = s3
        self._name = name

    def keys(self, prefix: str) -> dict[str, str]:
        """Each with its ETag."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._name, Prefix=prefix)
        return {
            one["Key"]: one["ETag"].strip('"') for page in pages for one in page.get("Contents", [])
        }

    def read(self, key: str) -> bytes:
        body: bytes = self._s3.get_object(Bucket=self._name, Key=key)["Body"].read()
        return body

    def write(self, key: str, body: bytes) -> None:
        self._s3.put_object(Bucket=self._name, Key=key, Body=body)


@dataclass(frozen=True)
class Earlier:
    """The snapshot before; without a manifest, whatever was put there by hand."""

    name: str
    parts: dict[str, bytes]
    manifest: Facts
    vintages: Facts | None

    @property
    def since(self) -> str:
        """The day from which on something may be new; empty if that is not known."""
        return str(self.manifest.get("asOf", ""))[:10]


@dataclass
class News:
    loans: list[pd.DataFrame] = field(default_factory=list)
    decisions: set[tuple[str, str]] = field(default_factory=set)  # client and prediction
    sources: list[Facts] = field(default_factory=list)
    files: list[Facts] = field(default_factory=list)
    wrong: list[Facts] = field(default_factory=list)


@dataclass(frozen=True)
class Job:
    version: str
    at: datetime
    bank: product.Product
    bucket: Bucket
    log: DecisionLog

    @property
    def as_of(self) -> pd.Timestamp:
        return pd.Timestamp(self.at.astimezone(UTC)).tz_convert(None)


def collect(job: Job, previous: str, recent: int) -> None:
    place = f"{SNAPSHOTS}{job.version}/"
    if f"{place}manifest.json" in job.bucket.keys(place):
        print(f"{place} is whole: nothing to do", flush=True)
        return
    earlier = _earlier(job.bucket, previous)
    news = _news(job, earlier)
    print(f"{len(news.files)} new files, {len(news.decisions)} decisions with outcomes", flush=True)
    files, rows, changed = _parts(job, earlier, _told(job, news))
    months = _vintages(job, earlier, rows)
    files |= {
        snapshot.DECISIONS: _parquet(_recent(job, rows, months, recent)),
        "vintages.json": _json(months),
    }
    report = {"version": job.version, "files": news.files, "wrong": news.wrong[:MOST_TOLD]}
    job.bucket.write(f"{REPORTS}{job.version}.json", _json(report))
    for name, body in files.items():
        job.bucket.write(place + name, body)
    manifest = _manifest(job, earlier, news, rows, changed) | {"files": _hashes(files)}
    job.bucket.write(f"{place}manifest.json", _json(manifest))
    shown = ("rows", "bads", "newRows", "newBads", "waiting", "wrongRows")
    print("; ".join(f"{name}={manifest[name]}" for name in shown), flush=True)


def _earlier(bucket: Bucket, name: str) -> Earlier:
    if not name:
        return Earlier("", {}, {}, None)
    place = f"{SNAPSHOTS}{name}/"
    found = [key.removeprefix(place) for key in bucket.keys(place)]
    parts = sorted(n for n in found if n.endswith((".parquet", ".csv")) and n != snapshot.DECISIONS)
    if not parts:
        raise NoSnapshot(f"{place} holds no *.parquet or *.csv: name another as the one before")
    told = {
        n: json.loads(bucket.read(place + n))
        for n in ("manifest.json", "vintages.json")
        if n in found
    }
    bodies = {part: bucket.read(place + part) for part in parts}
    return Earlier(name, bodies, told.get("manifest.json", {}), told.get("vintages.json"))


def _news(job: Job, earlier: Earlier) -> News:
    news = News(decisions=job.log.told(earlier.since))
    known = {(one["key"], one["etag"]) for one in earlier.manifest.get("sources", [])}
    contents = {one["sha256"]: one["key"] for one in earlier.manifest.get("sources", [])}
    for key, etag in sorted(job.bucket.keys(NEW_DATA).items()):
        if key.endswith("/") or (key, etag) in known:
            continue
        body = job.bucket.read(key)
        sha256 = hashlib.sha256(body).hexdigest()
        news.sources.append({"key": key, "etag": etag, "sha256": sha256})
        if sha256 in contents:
            taken, wrong = 0, [new_data.Wrong(0, f"it was taken before, as {contents[sha256]}")]
        else:
            taken, wrong = _take(job, key, body, news)
        contents.setdefault(sha256, key)
        news.files.append({"file": key, "taken": taken, "wrong": len(wrong)})
        news.wrong += [{"file": key, "row": one.row, "what": one.what} for one in wrong]
    return news


def _take(job: Job, key: str, body: bytes, news: News) -> tuple[int, list[new_data.Wrong]]:
    """How many rows of a file were taken, and the wrong ones."""
    try:
        loans, said, wrong = _rows(job, key, body)
    except new_data.Unreadable as fault:
        return 0, [new_data.Wrong(0, str(fault))]
    except Exception as fault:  # noqa: BLE001  a file that nobody foresaw stops no other
        return 0, [new_data.Wrong(0, f"it can't be read: {type(fault).__name__}")]
    if len(loans):
        news.loans.append(loans)
    taken, source = len(loans), hashlib.sha256(body).hexdigest()
    for row, one in said:
        decision = job.log.decision(one["clientId"], one["predictionId"])
        if decision is None:
            wrong.append(new_data.Wrong(row, "there is no such decision"))
        elif one["when"] < decision["createdAt"][:10]:
            wrong.append(new_data.Wrong(row, "when is before the decision"))
        else:
            job.log.tell(decision, one["outcome"], one["when"], source)
            news.decisions.add((one["clientId"], one["predictionId"]))
            taken += 1
    return taken, sorted(wrong, key=lambda one: one.row)


def _rows(
    job: Job, key: str, body: bytes
) -> tuple[pd.DataFrame, list[tuple[int, dict[str, str]]], list[new_data.Wrong]]:
    """A file's loans, or what it tells of decisions, and its wrong rows."""
    frame, broken = new_data.read(key, body)
    if new_data.is_of_decisions(frame, job.bank):
        said, wrong = new_data.outcomes(frame, job.as_of)
        return pd.DataFrame(), said, broken + wrong
    loans, wrong = new_data.loans(frame, job.bank, job.as_of)
    return labels.canonical(loans, job.bank), [], broken + wrong


def _told(job: Job, news: News) -> pd.DataFrame:
    """A row for each loan and decision of which something is told."""
    decided = [_decided(job, *key) for key in sorted(news.decisions, key=lambda key: key[::-1])]
    frames = [*news.loans]
    if found := [row for row in decided if row]:
        frames.append(labels.canonical(pd.DataFrame(found), job.bank))
    if not frames:
        return labels.canonical(pd.DataFrame(), job.bank)
    return pd.concat(frames, ignore_index=True)


def _decided(job: Job, client_id: str, prediction_id: str) -> Facts | None:
    decision = job.log.decision(client_id, prediction_id)
    outcomes = job.log.outcomes(client_id, prediction_id)
    if decision is None or not outcomes:
        return None
    told, bank, day = outcomes[-1], job.bank, decision["createdAt"][:10]
    when = told["when"] if told["outcome"] == "defaulted" else None
    row = {name: day for name in (bank.date,) if name}
    row |= {name: when for name in (bank.default_date,) if name}
    return (
        decision["application"]
        | row
        | {
            "row": prediction_id,
            "decision": decision["decision"],
            "decidedOn": day,
            "told": told["outcome"],
            "toldWhen": when,
        }
    )


def _parts(
    job: Job, earlier: Earlier, told: pd.DataFrame
) -> tuple[dict[str, bytes], pd.DataFrame, pd.Series]:
    """The files, all rows, and whose label is new."""
    files, frames, changes = {}, [], []
    there: set[str] = set()
    for name, body in earlier.parts.items():
        part = f"part-{name.removeprefix('part-').rsplit('.', 1)[0]}.parquet"
        before = labels.canonical(_whole(name, body), job.bank)
        now = labels.labelled(labels.updated(before, told, job.bank), job.bank, job.as_of)
        kept = now.equals(before) and name.endswith(".parquet")
        files[part] = body if kept else _parquet(now)
        there |= set(before["row"])
        frames.append(now)
        changes.append(_differ(before[job.bank.outcome], now[job.bank.outcome]))
    new = told[~told["row"].isin(there)].drop_duplicates("row", keep="last")
    if len(new):
        new = labels.labelled(new, job.bank, job.as_of).reset_index(drop=True)
        files[f"part-{job.version}.parquet"] = _parquet(new)
        frames.append(new)
        changes.append(new[job.bank.outcome].notna())
    if not frames:
        return files, told, pd.Series(dtype=bool)
    rows = pd.concat(frames, ignore_index=True)
    return files, rows, pd.concat(changes, ignore_index=True)


def _whole(name: str, body: bytes) -> pd.DataFrame:
    """A part of the snapshot before: all of it or nothing."""
    try:
        frame, wrong = new_data.read(name, body)
    except new_data.Unreadable as fault:
        raise new_data.Unreadable(f"{name}: {fault}") from fault
    if wrong:
        raise new_data.Unreadable(f"{name}: row {wrong[0].row}: {wrong[0].what}")
    return frame


def _differ(before: pd.Series, now: pd.Series) -> pd.Series:
    return now.notna() & (now != before)


def _vintages(job: Job, earlier: Earlier, rows: pd.DataFrame) -> Facts:
    since = earlier.vintages["lastDay"]["day"] if earlier.vintages else ""
    at = job.at.astimezone(UTC).isoformat(timespec="seconds")
    counts, last_day = vintages.counted(earlier.vintages, job.log.decided(since), at[:10])
    outcome = job.bank.outcome
    ended = rows[rows["decision"].notna() & rows[outcome].notna()]
    return vintages.vintages(at, counts, last_day, ended.assign(bad=ended[outcome]))


def _recent(job: Job, rows: pd.DataFrame, months: Facts, count: int) -> pd.DataFrame:
    """The newest decisions for the swap set, with their labels as far as they have matured; no
    client is in it."""
    label = rows[job.bank.outcome].map({0.0: "paid", 1.0: "defaulted"})
    ended = rows["decision"].notna() & label.notna()
    known = dict(zip(rows.loc[ended, "row"], label[ended], strict=True))
    newest = job.log.newest(count, [month["month"] for month in months["months"]])
    columns = ("predictionId", "createdAt", "decision", "application", "models", "outcome")
    return pd.DataFrame(
        [
            (
                one["predictionId"],
                one["createdAt"],
                one["decision"],
                json.dumps(one["application"], sort_keys=True),
                json.dumps(dict(_models(one)), sort_keys=True),
                known.get(one["predictionId"]),
            )
            for one in newest
        ],
        columns=columns,
        dtype=object,
    )


def _models(decision: Facts) -> Iterator[tuple[str, Facts]]:
    for name, said in decision["models"].items():
        kept = ("status", "version", "probabilityOfDefault")
        yield name, {part: said[part] for part in kept if part in said}


def _manifest(
    job: Job, earlier: Earlier, news: News, rows: pd.DataFrame, changed: pd.Series
) -> Facts:
    outcome, date = rows[job.bank.outcome], job.bank.date
    dates = rows.loc[outcome.notna(), date].dropna() if date else pd.Series(dtype=object)
    waiting = rows["told"].notna() & outcome.isna()
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
        "sources": [*earlier.manifest.get("sources", []), *news.sources],
    }


def _parquet(frame: pd.DataFrame) -> bytes:
    body = io.BytesIO()
    frame.to_parquet(body, index=False)
    return body.getvalue()


def _json(facts: Facts) -> bytes:
    return (json.dumps(facts, indent=1, sort_keys=True, allow_nan=False) + "\n").encode()


def _hashes(files: dict[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(body).hexdigest() for name, body in sorted(files.items())}


def main() -> int:
    options = _options()
    try:
        bank = product.read(options.profile / "credit.toml")
        at = datetime.fromisoformat(options.at)
        until = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        log = DecisionLog(boto3.resource("dynamodb").Table(options.table), until)
        bucket = Bucket(boto3.client("s3"), options.bucket)
        collect(
            Job(options.version, at, bank, bucket, log), options.previous, bank.recent_decisions
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
    parser.add_argument("--at", required=True, help="what matured or was told later is not in it")
    parser.add_argument("--previous", required=True, help="the snapshot before; empty: none")
    parser.add_argument("--bucket", required=True, help="of the data")
    parser.add_argument("--table", required=True, help="of the decisions")
    parser.add_argument("--profile", required=True, type=Path, help="the folder of credit.toml")
    parser.add_argument("--message", required=True, type=Path, help="for the reason of a failure")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
