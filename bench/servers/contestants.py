"""The servers that are compared: how each is started, asked, and what it leaves on the disk."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.servers.environments import Environments
from infrastructure.project import ROOT

Body = dict[str, Any]
OURS, FLOOR = "appvengers", "floor"
# Access logs and telemetry off, and one thread a library: several fight over two cores.
QUIET = {
    "BENTOML_DO_NOT_TRACK": "True",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "1",
    "OMP_NUM_THREADS": "1",
    "PYTHONPATH": str(ROOT),
}
PATH = os.environ.get("PATH", "")  # MLflow looks for its server there
STORED = "select count(*) from decisions"
STORED_BY_THE_BANK = (  # claims and acts have a # in their key
    """select count(*) from items where "table" like '%-PrediccionesCredito' """
    "and key not like '%#%'"
)


@dataclass(frozen=True)
class Place:
    """One start of a server: its ports, the folder that it may write, and what was prepared."""

    port: int  # the two after it are free, too
    folder: Path
    prepared: "Prepared"


@dataclass(frozen=True)
class Prepared:
    """Results of the preparation, which all starts share."""

    environments: Environments
    bank: Path  # the state of a bank with three trained models
    artifacts: Path  # of those models, a folder each
    pipelines: Path

    @property
    def folders(self) -> tuple[Path, ...]:
        return self.bank, self.artifacts, self.pipelines


@dataclass(frozen=True)
class Contestant:
    name: str
    label: str
    environment: str  # empty: that of the bank
    command: Callable[[Place, int], list[str]]
    workers: int = 1
    path: str = "/predict"
    is_of_the_bank: bool = False  # by our models and policy, not by the pipelines
    asked: Callable[[Body], Body] = dict
    database: str = "decisions.sqlite"
    stored: str = STORED
    ready: str = ""  # a line of its log after which it does nothing on its own

    def environ(self, place: Place) -> dict[str, str]:
        programs = place.prepared.environments.programs(self.environment)
        return {
            **QUIET,
            "PATH": f"{programs}:{PATH}" if self.environment else PATH,
            "WORKERS": str(self.workers),
            "PORT": str(place.port),
            "AWS_PORT": str(place.port + 1),
            "LIMITS": "off",  # the bank's, of requests a second
            "LOCALCLOUD_FOLDER": str(place.folder),
            "PIPELINES": str(place.prepared.pipelines),
            "ARTIFACTS": str(place.prepared.artifacts),
            "DECISIONS": str(place.folder / self.database),
        }

    def headers(self, folder: Path) -> dict[str, str]:
        """Return the bank's API key, which its first start writes; a peer asks for none."""
        key = folder / "api_key"
        return {"x-api-key": key.read_text()} if key.exists() else {}

    def count_stored(self, folder: Path) -> int:
        with closing(sqlite3.connect(folder / self.database)) as database:
            count: int = database.execute(self.stored).fetchone()[0]
            return count


def without_consents(asked: Body) -> Body:
    """Return what the peers are asked: their models need no consent."""
    return {name: asked[name] for name in ("clientId", "application")}


def _bank(place: Place, workers: int) -> list[str]:
    if place.folder != place.prepared.bank:  # which it trains
        shutil.copytree(place.prepared.bank, place.folder, dirs_exist_ok=True)
    return [sys.executable, "-m", "bank", "run"]


def _uvicorn(app: str, environment: str, *options: str) -> Callable[[Place, int], list[str]]:
    def command(place: Place, workers: int) -> list[str]:
        program = place.prepared.environments.programs(environment) / "uvicorn"
        where = ["--host", "127.0.0.1", "--port", str(place.port), "--workers", str(workers)]
        return [str(program), app, *where, "--no-access-log", "--log-level", "warning", *options]

    return command


def _bentoml(place: Place, workers: int) -> list[str]:
    program = place.prepared.environments.programs("bentoml") / "bentoml"
    service = "bench.peer_servers.bentoml_server:CreditScoring"
    return [str(program), "serve", service, "--host", "127.0.0.1", "--port", str(place.port)]


def _litserve(place: Place, workers: int) -> list[str]:
    program = place.prepared.environments.programs("litserve") / "python"
    return [str(program), "-m", "bench.peer_servers.litserve_server"]


def _mlflow(place: Place, workers: int) -> list[str]:
    programs, model = place.prepared.environments.programs("mlflow"), place.folder / "model"
    written = [str(programs / "python"), "-m", "bench.peer_servers.mlflow_server", str(model)]
    environment = {**os.environ, **QUIET}
    subprocess.run(written, cwd=ROOT, env=environment, capture_output=True, check=True)
    options = ["--env-manager", "local", "-h", "127.0.0.1", "-p", str(place.port)]
    return [str(programs / "mlflow"), "models", "serve", "-m", str(model), *options,
            "--workers", str(workers)]  # fmt: skip


def _mlserver(place: Place, workers: int) -> list[str]:
    # parallel_workers 0 is the server's own process: its documentation's advice for light models.
    ports = {"http_port": place.port, "grpc_port": place.port + 1, "metrics_port": place.port + 2}
    settings = {"host": "127.0.0.1", "debug": False, "parallel_workers": 0, **ports}
    model = {"name": "credit", "implementation": "bench.peer_servers.mlserver_server.CreditScoring"}
    (place.folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    (place.folder / "model-settings.json").write_text(json.dumps(model), encoding="utf-8")
    program = place.prepared.environments.programs("mlserver") / "mlserver"
    return [str(program), "start", str(place.folder)]


FASTAPI = _uvicorn("bench.peer_servers.fastapi_server:app", "fastapi")
CONTESTANTS = (
    Contestant(OURS, "AppVengers", "", _bank, is_of_the_bank=True,
               database="cloud.sqlite", stored=STORED_BY_THE_BANK, ready="Serving until"),
    Contestant("fastapi", "FastAPI + uvicorn", "fastapi", FASTAPI),
    Contestant("fastapi-2", "FastAPI, 2 workers", "fastapi", FASTAPI, workers=2),
    Contestant("bentoml", "BentoML", "bentoml", _bentoml),
    Contestant("bentoml-2", "BentoML, 2 workers", "bentoml", _bentoml, workers=2),
    Contestant("litserve", "LitServe", "litserve", _litserve),
    Contestant("mlserver", "MLServer", "mlserver", _mlserver),
    Contestant("mlflow", "MLflow", "mlflow", _mlflow, path="/invocations",
               asked=lambda body: {"inputs": [body]}),
    Contestant(FLOOR, "Floor: our evaluator and table", "floor",
               _uvicorn("bench.floor.floor_server:app", "floor", "--lifespan", "off"),
               is_of_the_bank=True, stored="select count(*) from items"),
)  # fmt: skip
