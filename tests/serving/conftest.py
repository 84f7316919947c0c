import itertools
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from datasets import sba
from tests.serving.served import ROOT
from tests.serving.trained import train_all

collect_ignore = ["image"]  # it needs the packages of the image


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
    return train_all(loans, tmp_path_factory.mktemp("serving"))


@pytest.fixture(scope="session")
def applications(loans):
    return [case["application"] for case in itertools.islice(sba.applications(loans), 20)]
