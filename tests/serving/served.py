"""One model under AWS's serving code, in the environment that `make .venv-serving/ready` makes."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from localcloud.services.sagemaker import container_environment

ROOT = Path(__file__).parents[2]
CONTAINER = Path(__file__).with_name("container.py")
UNSHARE = ("unshare", "--mount", "--net", "--pid", "--fork", "--kill-child")
PORT = 8080
BASE = "/opt/ml"
SCRATCH = "/tmp"  # noqa: S108 - the container's own
# The image's own, of its Dockerfiles.
IMAGE = {
    **container_environment.IMAGE,
    "SAGEMAKER_SERVING_MODULE": "sagemaker_sklearn_container.serving:main",
}


class NoContainer(Exception):
    """Nothing here can keep the server from what a serverless container has not."""


@cache
def has_namespaces() -> bool:
    """Whether the kernel lets a process have a root and a network of its own."""
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*UNSHARE, "true"], capture_output=True).returncode == 0


def serve(
    python: Path,
    model: Path,
    environment: Mapping[str, str],
    applications: Sequence[Mapping[str, Any]] = (),
    writable: Iterable[str] = (SCRATCH,),
) -> dict[str, Any]:
    """What container.py says. `environment` is that of CreateModel. Raises NoContainer."""
    with tempfile.TemporaryDirectory(prefix="container-") as folder:
        asked = {
            "namespaces": has_namespaces(),
            "root": folder,
            "model": str(model),
            "environment": {
                "PATH": f"{python.parent}:/usr/bin:/bin",
                "SAGEMAKER_BIND_TO_PORT": str(PORT),
                **IMAGE,
                **environment,
            },
            "applications": applications,
            "writable": [*writable],
        }
        if not has_namespaces():
            asked |= _outside(Path(folder), model, asked["environment"], python)
        request = Path(folder, "request.json")
        request.write_text(json.dumps(asked), encoding="utf-8")
        command = [*UNSHARE * asked["namespaces"], str(python), str(CONTAINER), str(request)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoContainer(done.stderr[-2000:])
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _outside(
    folder: Path, model: Path, environment: Mapping[str, str], python: Path
) -> dict[str, Any]:
    """Folders and a port of this machine, which the server may read, or write, as nobody."""
    if os.getuid() == 0 and not all(_is_open(path) for path in python.resolve().parents):
        raise NoContainer(f"without namespaces nobody can run {python.resolve()}")
    folder.chmod(0o755)
    shutil.copytree(model, folder / "ml/model")
    (folder / "ml/code").mkdir()
    scratch = folder / "scratch"
    scratch.mkdir()
    scratch.chmod(0o777)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    moved = {name: text.replace(BASE, f"{folder}/ml") for name, text in environment.items()}
    moved |= {
        "SAGEMAKER_BIND_TO_PORT": str(port),
        "SAGEMAKER_BASE_DIR": f"{folder}/ml",
        "TMPDIR": str(scratch),
    }
    return {"environment": moved, "writable": [str(scratch)]}


def _is_open(path: Path) -> bool:
    return bool(path.stat().st_mode & 0o001)
