"""An empty AWS in this process, and deployments into it by processes, as a person starts them."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from chalicelib.foundation.settings import Settings
from datasets.sba import SAMPLE
from infrastructure.project import ROOT
from localcloud.cloud import Cloud
from localcloud.embedded_cloud import embedded_cloud
from localcloud.services.servicequotas.account_quotas import GRANTED

# A line that the deployment prints when it begins to do what must survive its death.
DEATHS = (
    "Stack dev-appvengers-resources",
    "Creating lambda function: appvengers-dev-AppVengersAccelerator",
    "Creating Rest API",
    "API keys, limits and answers",
    "Models",
)


@dataclass(frozen=True)
class Operator:
    """Someone with a terminal and an AWS."""

    port: int
    register: Path

    def run(
        self,
        *command: str,
        dies_at: str = "",
        meanwhile: tuple[str, Callable[[], None]] | None = None,
        **environment: str,
    ) -> tuple[int, str]:
        """Exit code and what was said; with `dies_at`, everything is killed at that line.
        `meanwhile` is a line, and what somebody else does in the account when it appears."""
        environ = os.environ | {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "APPVENGERS_REGISTER": str(self.register),
            "PYTHONUNBUFFERED": "1",
            **environment,
        }
        said = []
        with subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env=environ,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as running:
            for line in running.stdout or ():
                said.append(line)
                if dies_at and line.strip().startswith(dies_at):
                    os.killpg(running.pid, signal.SIGKILL)
                if meanwhile and line.strip().startswith(meanwhile[0]):
                    meanwhile[1]()
        return running.returncode, "".join(said)

    def deploy(self, *more: str, dies_at: str = "") -> str:
        code, said = self.run("infrastructure.deploy", "--stage", "dev", *more, dies_at=dies_at)
        assert code == (-signal.SIGKILL if dies_at else 0), said
        return said

    def destroy(self, *more: str) -> str:
        code, said = self.run("infrastructure.operate.destroy", "--stage", "dev", *more)
        assert code == 0, said
        return said


@dataclass(frozen=True)
class Deployed:
    cloud: Cloud
    operator: Operator
    said: str
    settings: Settings


@pytest.fixture(scope="package")
def register(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every third of the committed loans: enough to train on, and quick."""
    path = tmp_path_factory.mktemp("register") / "loans.parquet"
    pd.read_parquet(SAMPLE)[::3].to_parquet(path)
    return path


@pytest.fixture(scope="package")
def empty(register: Path) -> Iterator[tuple[Cloud, Operator]]:
    """Open until the last module of this folder: a process has one cloud at a time, so that those
    with one of their own have names that sort before test_deployed."""
    with embedded_cloud(quotas=GRANTED) as cloud:
        port = cloud.serve_aws(0)
        cloud.run_uploaded_functions(port)
        yield cloud, Operator(port, register)


@pytest.fixture(scope="package")
def deployed(empty: tuple[Cloud, Operator]) -> Deployed:
    """dev, after a deployment was killed at each step and the last one was not."""
    cloud, operator = empty
    for death in DEATHS:
        operator.deploy(dies_at=death)
    return Deployed(cloud, operator, operator.deploy(), Settings("appvengers", "dev", "us-east-1"))
