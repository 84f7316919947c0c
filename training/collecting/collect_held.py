"""Quarantines of a snapshot, people's verdicts on them, and the counts of both for the notice."""

import json
from collections.abc import Sequence

import pandas as pd

from training.collecting.collect_job import VERDICTS, Bucket, Facts
from training.snapshots import counting
from training.snapshots.watch import Held

SAID = ("released", "rejected")
DECIMALS = 6


def verdicts(bucket: Bucket) -> tuple[dict[str, str], list[Facts]]:
    """Return the verdict on each quarantine, and the files that hold the verdicts.

    `python -m infrastructure.operate.quarantine` writes the files. Any other verdict than its words
    is ignored.
    """
    verdict_of, files = {}, []
    for key, etag in sorted(bucket.keys(VERDICTS).items()):
        verdict = _verdict(bucket.read(key))
        files.append({"key": key, "etag": etag, "sha256": ""})
        if verdict in SAID:
            verdict_of[key.removeprefix(VERDICTS).removesuffix(".json")] = verdict
    return verdict_of, files


def _verdict(body: bytes) -> object:
    try:
        document = json.loads(body)
    except ValueError:
        return None
    return document.get("verdict") if isinstance(document, dict) else None


def counts(reported: Facts, rows: pd.DataFrame) -> Facts:
    """Return the manifest's numbers for a notice."""
    withheld = counting.reasons(rows)
    names = ("unconfirmed", "contradictions", "reversals", "duplicates")
    return {
        "heldRows": withheld.get(counting.QUARANTINE.rstrip(":"), 0),
        "withheld": withheld,
        **{name: int(reported.get(name, 0)) for name in names},
    }


def open_quarantines(
    earlier: Sequence[Facts], held: Sequence[Held], rows: pd.DataFrame
) -> list[Facts]:
    """Return what waits for people's verdict: of this snapshot and of those before it, for the
    manifest, the report and `python -m infrastructure.operate.quarantine`. No client is in it.
    """
    waiting = counting.in_quarantine(rows)
    return [one for one in [*earlier, *_described(held, rows)] if one["id"] in waiting]


def _described(held: Sequence[Held], rows: pd.DataFrame) -> list[Facts]:
    return [
        {
            "id": one.id,
            "by": one.by,
            "value": one.value,
            "rows": len(one.rows),
            "sources": sorted(rows.loc[one.rows, "source"].unique()),
            "tested": one.tested,
            "observed": round(one.observed, DECIMALS),
            "expected": round(one.expected, DECIMALS),
            "chance": float(f"{one.chance:.3g}"),
        }
        for one in held
    ]
