"""A retraining of the bank, run by hand: what updateData would start."""

import gzip
import io
import json
import re
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3
import pandas as pd

from chalicelib import profile
from chalicelib.foundation.settings import PROFILE_PREFIX, SNAPSHOT_PREFIX, SOURCE_KEY
from infrastructure.packing import training_source

TRAIN = (training_source.FOLDER / "train.py").read_text(encoding="utf-8")
DATA = "dev-appvengers-data"
FIRST = "2005-06-30"  # the snapshot of the first training, by the name of conftest's sample
MODELS = ("Tradicional", "NetworkingAccelerator", "AppVengersAccelerator")


def put_snapshot(version: str, rows: pd.DataFrame, new_rows: int = 1) -> None:
    """As collectSnapshot leaves it: what is there already it does not write again."""
    manifest = {"rows": len(rows), "bads": 1, "newRows": new_rows, "newBads": 0}
    put(f"{SNAPSHOT_PREFIX}{version}/part-0.parquet", rows.to_parquet(index=False))
    put(f"{SNAPSHOT_PREFIX}{version}/manifest.json", json.dumps(manifest).encode())
    put_profile()


def put_profile() -> None:
    """The trees are fewer where that does not matter; parameters are no part of a schema."""
    text = profile.PROFILE_FILE.read_text(encoding="utf-8")
    put(f"{PROFILE_PREFIX}test/credit.toml", text.encode())
    few = re.sub(r"num_iterations = \d+", "num_iterations = 40", text)
    put(f"{PROFILE_PREFIX}few/credit.toml", few.encode())


def put_decisions(version: str, decisions: pd.DataFrame) -> None:
    put(f"{SNAPSHOT_PREFIX}{version}/decisions.parquet", decisions.to_parquet(index=False))


@contextmanager
def source(**scripts: str) -> Iterator[None]:
    """The training source with scripts put into it under these names, for a while."""
    put(SOURCE_KEY, with_scripts(training_source.pack(), scripts))
    yield
    put(SOURCE_KEY, training_source.pack())


def forget(version: str) -> None:
    """Later tests take the newest snapshot."""
    s3, prefix = boto3.client("s3"), f"{SNAPSHOT_PREFIX}{version}/"
    for found in s3.list_objects_v2(Bucket=DATA, Prefix=prefix).get("Contents", []):
        s3.delete_object(Bucket=DATA, Key=found["Key"])


def with_scripts(body: bytes, scripts: Mapping[str, str]) -> bytes:
    packed = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(gzip.decompress(body))) as old,
        tarfile.open(fileobj=packed, mode="w:gz") as new,
    ):
        contents = {m.name: old.extractfile(m).read() for m in old}  # type: ignore[union-attr]
        contents |= {f"{name}.py": text.encode() for name, text in scripts.items()}
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            new.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def put(key: str, body: bytes) -> None:
    boto3.client("s3").put_object(Bucket=DATA, Key=key, Body=body)


def champions(served: Any) -> dict[str, dict[str, str]]:
    models = served.get("/models").json()["models"]
    bucket = served.bank.settings.model_bucket
    return {
        name: {
            "version": live["version"],
            "url": f"s3://{bucket}/verified/{name}/{live['version']}/model.tar.gz",
        }
        for name, live in models.items()
    }


def asked(
    served: Any,
    version: str,
    models: tuple[str, ...] = MODELS,
    unknown: tuple[str, ...] = (),
    profile_name: str = "test",
    known: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The input of an execution. `unknown` models are asked for, too; champions are what answers,
    unless they are `known`."""
    live, bank = known or champions(served), profile.load()
    return {
        "version": version,
        "at": "2005-07-01T00:00:00+00:00",
        "snapshot": version,
        "previous": FIRST,  # what the next updateData begins from, if this run fails
        "profilePrefix": f"{PROFILE_PREFIX}{profile_name}/",
        "news": {"outcomes": 1, "files": []},
        "models": [
            {"model": model, "schema": bank.schema(model), "champion": live.get(model)}
            for model in models
        ]
        + [{"model": model, "schema": "", "champion": None} for model in unknown],
    }


def start(served: Any, version: str, *given: Any, **more: Any) -> str:
    """The execution's ARN; it is asked for as by `asked`."""
    arn: str = boto3.client("stepfunctions").start_execution(
        stateMachineArn=served.bank.settings.retraining_machine_arn("123456789012"),
        name=f"test-{version}",
        input=json.dumps(asked(served, version, *given, **more)),
    )["executionArn"]
    return arn


def ended(served: Any, arn: str, seconds: float = 120) -> dict[str, Any]:
    served.bank.cloud.idle(seconds)
    return dict(boto3.client("stepfunctions").describe_execution(executionArn=arn))


def outcome(served: Any, arn: str) -> dict[str, dict[str, Any]]:
    """Of each model, what the execution says became of it."""
    described = ended(served, arn)
    assert described["status"] == "SUCCEEDED", described
    return {one["model"]: one for one in json.loads(described["output"])["models"]}
