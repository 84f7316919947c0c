import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pandas as pd
import pytest

from chalicelib import artifact, profile
from tests.serving.served import ROOT
from training.datasets import sba

collect_ignore = ["image"]  # it needs the packages of the image
VERSION = "20050701T000000"


@pytest.fixture(scope="session")
def python():
    """That of AWS's serving code; SERVING=<folder> names an environment that is there already."""
    folder = Path(os.environ.get("SERVING", ROOT / ".venv-serving"))
    subprocess.run(
        ["make", "-s", f"{folder}/ready", f"SERVING={folder}", f"PYTHON={sys.executable}"],
        cwd=ROOT, check=True,
    )  # fmt: skip
    return folder / "bin" / "python"


@pytest.fixture(scope="session")
def loans() -> pd.DataFrame:
    return pd.read_parquet(sba.SAMPLE)


@pytest.fixture(scope="session")
def models(loans, tmp_path_factory) -> dict[str, Path]:
    """By name, the folder of each model's artifact, which createEndpointModel accepts."""
    base = tmp_path_factory.mktemp("serving")
    (base / "training").mkdir()
    sba.snapshot(loans).to_parquet(base / "training/loans.parquet")
    bank = profile.load()
    for name in bank.models:
        train(name, bank, base)
        artifact.verify(packed(base / name), name, VERSION, bank)
    return {name: base / name for name in bank.models}


def train(name, bank, base):
    told = {"model": name, "version": VERSION, "schema": bank.schema(name), "snapshot": "2005"}
    subprocess.run(
        [sys.executable, "train.py", *(word for k, v in told.items() for word in (f"--{k}", v))],
        cwd=ROOT / "training",
        env=os.environ
        | {
            "SM_CHANNEL_TRAINING": str(base / "training"),
            "SM_CHANNEL_PROFILE": str(sba.PROFILE.parent),
            "SM_MODEL_DIR": str(base / name),
            "SM_OUTPUT_DIR": str(base / "output"),
        },
        check=True,
    )


def packed(folder: Path) -> bytes:
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w:gz") as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            archive.add(path, arcname=str(path.relative_to(folder)))
    return body.getvalue()


@pytest.fixture(scope="session")
def applications(loans):
    cases = sba.applications(loans)
    return [json.loads(json.dumps(next(cases)["application"])) for _ in range(20)]
