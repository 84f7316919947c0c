"""Decisions as saveResult stores them, and the artifacts that they were made with."""

import io
import json
import tarfile

from chalicelib import profile
from chalicelib.decisions.intake.analysis import record
from tests.fakes import PredictionList
from training.serving import inference
from workbench.replaying.artifact_process import NotRecorded

PROFILE = profile.load()
VERSION = "20050701T000000"
SILENT = {"status": "UNAVAILABLE", "error": {"Error": "EndpointThrottled", "Cause": "busy"}}


def stored(
    case, models, number: int, silent: str | None = None, *, review_only=False, profile=PROFILE
) -> dict:
    said = {
        name: inference.predict_fn(case["application"], model) | {"status": "OK"}
        for name, model in models.items()
    }
    if silent:
        said[silent] = SILENT
    event = {
        "predictionId": f"{number:032x}", "clientId": case["clientId"], "models": said,
        "createdAt": "2026-11-23T10:00:00.000Z", "language": "es",
        "application": case["application"],
    }  # fmt: skip
    made = record(event, profile, PredictionList(), lambda: True, review_only=review_only)
    return json.loads(json.dumps(made))


def packed(folder, **changes: bytes) -> bytes:
    """model.tar.gz, as SageMaker makes it; `__` in a member's name is a dot."""
    changed = {name.replace("__", "."): content for name, content in changes.items()}
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        for path in sorted(
            path for path in folder.rglob("*") if path.suffix in (".json", ".py", ".txt", ".html")
        ):
            name = path.relative_to(folder).as_posix()
            content = changed.get(name, path.read_bytes())
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return archive.getvalue()


def reading(bucket):
    def read(model, version):
        if (model, version) not in bucket:
            raise NotRecorded(f"{model}/{version} is gone")
        return bucket[model, version]

    return read
