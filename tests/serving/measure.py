"""How long a model's container takes to start and to answer: `make bench-serving`.

Trains on the register that `make run` uses and writes docs/serving.md. Not a test: figures are the
machine's of the moment.
"""

import itertools
import json
import os
import statistics
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console

from chalicelib.models.containers import SERVING
from datasets import sba
from tests.serving.served import ROOT, SCRATCH, has_namespaces, serve
from tests.serving.trained import train_all

PAGE = ROOT / "docs" / "serving.md"
PYTHON = ROOT / ".venv-serving" / "bin" / "python"
STARTS = 7
ANSWERS = 300
# What would let AWS's serving code install the artifact's code with pip, as another user than root.
BY_PIP = {
    "SAGEMAKER_PROGRAM": "inference.py",
    "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
    "SAGEMAKER_USE_NGINX": "false",
    "SAGEMAKER_MODEL_SERVER_WORKERS": "1",
    "PIP_TARGET": f"{SCRATCH}/lib",
    "PIP_NO_DEPS": "1",
    "PIP_NO_BUILD_ISOLATION": "false",
    "PYTHONPATH": f"/opt/ml/model/code:{SCRATCH}/lib",
}
Said = list[dict[str, Any]]


def main() -> None:
    console = Console(stderr=True)
    loans = pd.read_parquet(sba.register(console))
    cases = itertools.islice(sba.applications(loans), ANSWERS)
    applications = [case["application"] for case in cases]
    with tempfile.TemporaryDirectory() as folder:
        models = train_all(loans, Path(folder))
        rows = []
        for name, model in models.items():
            with console.status(f"Starting {name} {2 * STARTS} times"):
                ours, pip = _started(model, applications)
            rows.append(_row(name, ours, pip))
    PAGE.write_text(_page(rows), encoding="utf-8")
    print("\n".join(rows))
    print(PAGE.relative_to(ROOT))


def _started(model: Path, applications: list[dict[str, Any]]) -> tuple[Said, Said]:
    """The two in turns, as other work on the machine slows both."""
    ours, pip = [], []
    for _ in range(STARTS):
        ours.append(_serve(model, SERVING, applications, [SCRATCH]))
        pip.append(_serve(model, BY_PIP, [], [SCRATCH, "/opt/ml"]))
    return ours, pip


def _serve(
    model: Path, environment: Mapping[str, str], applications: Said, writable: list[str]
) -> dict[str, Any]:
    said = serve(PYTHON, model, environment, applications, writable)
    if not said["isUp"]:
        raise SystemExit(f"{model.name} does not start: {json.dumps(said)[-2000:]}")
    return said


def _row(name: str, ours: Said, pip: Said) -> str:
    first = [1000 * one["answerSeconds"][0] for one in ours]
    warm = sorted(1000 * taken for one in ours for taken in one["answerSeconds"][1:])
    cells = (
        name,
        _spread([one["startSeconds"] for one in ours]),
        _spread([one["startSeconds"] for one in pip]),
        f"{statistics.median(first):.1f} ms",
        f"{statistics.median(warm):.1f} ms",
        f"{warm[int(0.99 * len(warm))]:.1f} ms",
    )
    return f"| {' | '.join(cells)} |"


def _spread(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):.1f} s ({min(seconds):.1f} to {max(seconds):.1f})"


def _page(rows: list[str]) -> str:
    return "\n".join(_lines(rows)) + "\n"


def _lines(rows: list[str]) -> Iterator[str]:
    where = "without network, as nobody, on a read-only root with a small /tmp"
    load = f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    yield "# How long an endpoint's container takes to start and to answer"
    yield ""
    yield "Written by `make bench-serving`. The models of `make run`, under AWS's serving code"
    yield "(`sagemaker-containers` 2.8.6.post2, the versions of requirements-serving.txt),"
    yield f"{where if has_namespaces() else 'as nobody; this kernel forbids the rest'}."
    yield f"Medians of {STARTS} starts, in turns, with the least and the most; of {ANSWERS}"
    yield "applications after each. A start ends when the health check is answered, with the model"
    yield "loaded; what SageMaker does before (machine, image, artifact) is not in it."
    yield f"The machine's load average was {load}: trust the ratios."
    yield ""
    yield "| model | start | start with pip's install | first answer | warm answer | its p99 |"
    yield "|---|---|---|---|---|---|"
    yield from rows
    yield ""
    yield "Why nothing is installed: [decision 6](decisions/0006-an-endpoint-needs-numpy-alone.md)."


if __name__ == "__main__":
    main()
