"""The parts of a snapshot: those of the one before, and one for what is new."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from training.collecting import new_data
from training.collecting.collect_job import SNAPSHOTS, Bucket, Facts, Job
from training.snapshots import counting, labels, snapshot, watch


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

    @property
    def sources(self) -> list[Facts]:
        """The files that it was made from, with those of the snapshots before it."""
        return list(self.manifest.get("sources", []))


def earlier_snapshot(bucket: Bucket, name: str) -> Earlier:
    if not name:
        return Earlier("", {}, {}, None)
    place = f"{SNAPSHOTS}{name}/"
    found = [key.removeprefix(place) for key in bucket.keys(place)]
    parts = sorted(n for n in found if n.endswith((".parquet", ".csv")) and n != snapshot.DECISIONS)
    if not parts:
        raise NoSnapshot(f"{place} holds no *.parquet or *.csv: name another as the one before")
    documents = {
        n: json.loads(bucket.read(place + n))
        for n in ("manifest.json", "vintages.json")
        if n in found
    }
    bodies = {part: bucket.read(place + part) for part in parts}
    return Earlier(name, bodies, documents.get("manifest.json", {}), documents.get("vintages.json"))


@dataclass(frozen=True)
class Parts:
    """A snapshot's files and all its rows; `new` has a label that it did not have before."""

    files: dict[str, bytes]
    rows: pd.DataFrame
    new: pd.Series
    held: list[watch.Held]


def parts(job: Job, earlier: Earlier, reported: pd.DataFrame, verdicts: Mapping[str, str]) -> Parts:
    """Return the parts of the snapshot before, updated, and a part with the new rows."""
    befores = {
        name: labels.canonical(_whole(name, body), job.bank) for name, body in earlier.parts.items()
    }
    nows = {name: labels.updated(before, reported, job.bank) for name, before in befores.items()}
    there = {row for before in befores.values() for row in before["row"]}
    fresh = reported[~reported["row"].isin(there)].drop_duplicates("row", keep="last")
    frames = [*nows.values(), *([fresh] if len(fresh) or not nows else [])]
    rows = labels.labelled(pd.concat(frames, ignore_index=True), job.bank, job.as_of)
    empty = pd.Series(np.nan, fresh.index)
    was = [before[job.bank.outcome] for before in befores.values()] + [empty]
    before = pd.concat(was, ignore_index=True).astype(float)
    rows, held = counting.counted(before, rows, verdicts, job.bank, job.version)
    files, start = {}, 0
    for name, one in befores.items():
        now = rows.iloc[start : start + len(one)].reset_index(drop=True)
        part = f"part-{name.removeprefix('part-').rsplit('.', 1)[0]}.parquet"
        kept = now.equals(one.reset_index(drop=True)) and name.endswith(".parquet")
        files[part] = earlier.parts[name] if kept else parquet(now)
        start += len(one)
    if len(fresh):
        files[f"part-{job.version}.parquet"] = parquet(rows.iloc[start:].reset_index(drop=True))
    label = rows[job.bank.outcome]
    return Parts(files, rows, label.notna() & (label != before), held)


def _whole(name: str, body: bytes) -> pd.DataFrame:
    """Read a part of the snapshot before, whole or not at all."""
    try:
        frame, wrong = new_data.read(name, body)
    except new_data.Unreadable as fault:
        raise new_data.Unreadable(f"{name}: {fault}") from fault
    if wrong:
        raise new_data.Unreadable(f"{name}: row {wrong[0].row}: {wrong[0].what}")
    return frame


def parquet(frame: pd.DataFrame) -> bytes:
    body = io.BytesIO()
    frame.to_parquet(body, index=False)
    return body.getvalue()
