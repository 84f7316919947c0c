"""The parts of a snapshot: those of the one before, and one for what is new."""

import io
import json
from dataclasses import dataclass

import labels
import new_data
import pandas as pd
import snapshot
from collect_job import SNAPSHOTS, Bucket, Facts, Job


class NoSnapshot(Exception):
    pass


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


def earlier_snapshot(bucket: Bucket, name: str) -> Earlier:
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


def parts(
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
        files[part] = body if kept else parquet(now)
        there |= set(before["row"])
        frames.append(now)
        changes.append(_differ(before[job.bank.outcome], now[job.bank.outcome]))
    new = told[~told["row"].isin(there)].drop_duplicates("row", keep="last")
    if len(new):
        new = labels.labelled(new, job.bank, job.as_of).reset_index(drop=True)
        files[f"part-{job.version}.parquet"] = parquet(new)
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


def parquet(frame: pd.DataFrame) -> bytes:
    body = io.BytesIO()
    frame.to_parquet(body, index=False)
    return body.getvalue()
