"""The function openSnapshot: a collected snapshot becomes the input of each model's jobs."""

from typing import Any

import msgspec

from chalicelib.foundation.settings import SNAPSHOT_PREFIX
from chalicelib.models.champions import NONE
from chalicelib.retraining.retraining_files import RetrainingFiles, artifact_key, report_key

Document = dict[str, Any]

NEWS = ("rows", "bads", "newRows", "newBads")
HELD = ("heldRows", "contradictions", "reversals", "duplicates", "unconfirmed")


def open_snapshot(event: Document, prefix: str, files: RetrainingFiles) -> Document:
    """Return the snapshot's news, and the parameters of each model's training and comparison."""
    key = f"{SNAPSHOT_PREFIX}{event['snapshot']}/manifest.json"
    manifest = msgspec.json.decode(files.read(key))
    # A job's inputs can't be left out: without a champion a small file takes its place.
    nobody = {"version": NONE, "url": files.url(key)}
    shared = {name: event[name] for name in ("version", "snapshot")}
    shared["profile"] = files.url(event["profilePrefix"])
    models = [
        {
            **shared,
            **_names(one["model"], event["version"], prefix, files),
            "schema": one["schema"],
            "champion": one.get("champion") or nobody,
        }
        for one in event["models"]
    ]
    wrong = {
        "wrongRows": manifest.get("wrongRows", 0),
        "wrongRowsReport": manifest.get("report", ""),
    }
    held = {name: manifest.get(name, 0) for name in HELD}
    return {name: manifest[name] for name in NEWS} | wrong | held | {"models": models}


def _names(model: str, version: str, prefix: str, files: RetrainingFiles) -> Document:
    job, comparison = job_names(prefix, model, version)
    return {
        "model": model,
        "job": job,
        "artifact": files.url(artifact_key(job)),
        "comparison": comparison,
        "reports": files.url(report_key(model, version)),
    }


def job_names(prefix: str, model: str, version: str) -> tuple[str, str]:
    """Return the names of the training job and of the comparison."""
    return f"{prefix}-{model}-{version}", f"{prefix}-{model}-{version}-compare"
