"""The three models of the profile, trained by train.py as in a job."""

import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pandas as pd

from chalicelib import profile
from chalicelib.models import artifact
from datasets import sba
from infrastructure.packing import training_source

VERSION = "20050701T000000"


def train_all(loans: pd.DataFrame, base: Path) -> dict[str, Path]:
    """The folder of each model's artifact, which createEndpointModel accepts, by name."""
    (base / "training").mkdir()
    with tarfile.open(fileobj=io.BytesIO(training_source.pack())) as source:
        source.extractall(base / "code", filter="data")
    sba.snapshot(loans).to_parquet(base / "training/loans.parquet")
    bank = profile.load()
    for name in bank.models:
        _train(name, bank.schema(name), base)
        artifact.verify(packed(base / name), name, VERSION, bank)
    return {name: base / name for name in bank.models}


def packed(folder: Path) -> bytes:
    """The folder as model.tar.gz."""
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w:gz") as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            archive.add(path, arcname=str(path.relative_to(folder)))
    return body.getvalue()


def _train(model: str, schema: str, base: Path) -> None:
    told = {"model": model, "version": VERSION, "schema": schema, "snapshot": "2005-06-30"}
    channels = {
        "SM_CHANNEL_TRAINING": str(base / "training"),
        "SM_CHANNEL_PROFILE": str(sba.PROFILE.parent),
        "SM_MODEL_DIR": str(base / model),
        "SM_OUTPUT_DIR": str(base / "output"),
    }
    subprocess.run(
        [sys.executable, "train.py", *(word for k, v in told.items() for word in (f"--{k}", v))],
        cwd=base / "code",
        env=os.environ | channels,
        check=True,
    )
