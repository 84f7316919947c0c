"""The deployment package of all functions, for arm64, the same bytes for the same sources.

python -m infrastructure.packing.lambda_package

pip takes the wheels that requirements.lock has the hashes of, and Chalice packs the application.
Compiled modules are added afterwards: /var/task is read-only, so they would be compiled at every
cold start.
"""

import hashlib
import io
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chalice.deploy.packager import LambdaDeploymentPackager
from chalice.utils import UI, OSUtils

from infrastructure.packing.locked_wheels import LOCK, IncompletePackage, LockedWheels
from infrastructure.project import ROOT

STAGED = ROOT / "build" / "lambda"
LARGEST_BYTES = 3 * 2**20
ARCHITECTURE = "arm64"

# What no function reads: types for editors, what pip knows of a wheel, and Powertools' other tools
# (two thirds of the zip; tests/deploy/test_package.py finds what is missing, or there in vain).
TOOLS = (
    "auth_alpha", "batch", "circuit_breaker", "data_classes", "data_masking", "feature_flags",
    "idempotency", "kafka", "metadata", "parser", "streaming", "typing", "validation",
)  # fmt: skip
# What these tools alone read, and what only type checkers do.
ALONE = (
    "logging/buffer/handler", "logging/correlation_paths", "logging/types", "logging/utils",
    "metrics/metric", "metrics/provider/cloudwatch_emf/types", "metrics/types",
    "shared/cache_dict", "shared/cookies", "shared/dynamodb_deserializer",
    "shared/headers_serializer", "tracing/base", "utilities/jmespath_utils/envelopes",
    "utilities/parameters/types", "utilities/serialization",
)  # fmt: skip
UNREAD = (
    *("*.pyi", "py.typed", "*.dist-info", "*.data", "bin"),
    "aws_lambda_powertools/event_handler",
    "aws_lambda_powertools/middleware_factory",
    "aws_lambda_powertools/logging/formatters",
    "aws_lambda_powertools/metrics/provider/datadog",
    *(f"aws_lambda_powertools/utilities/{name}" for name in TOOLS),
    *(f"aws_lambda_powertools/{name}.py" for name in ALONE),
)
EPOCH = (1980, 1, 1, 0, 0, 0)


def runtime() -> str:
    """Return Lambda's runtime, which is the Python version that Chalice runs on."""
    return f"python{sys.version_info[0]}.{sys.version_info[1]}"


def build(staged: Path = STAGED, wheels: Any = None) -> Path:
    """Build the zip and return its path, where `chalice --project-dir <staged> deploy` reads it.

    `wheels` is the LockedWheels by default. Raises IncompletePackage.
    """
    stage(staged)
    builder = packager(wheels)
    package = Path(builder.deployment_package_filename(str(staged), runtime()))
    if not package.exists():
        with tempfile.TemporaryDirectory() as folder:
            plain, content = Path(folder) / "project", Path(folder) / "content"
            stage(plain)
            made = builder.create_deployment_package(str(plain), runtime())
            zipfile.ZipFile(made).extractall(content)
            _compile(content)
            package.parent.mkdir(parents=True, exist_ok=True)
            _zip(content, package)
    if (size := package.stat().st_size) > LARGEST_BYTES:
        raise IncompletePackage(f"{package} has {size:,} bytes, more than {LARGEST_BYTES:,}.")
    return package


def stage(folder: Path) -> None:
    """Copy the application as a Chalice project; packages that were built before stay."""
    shutil.rmtree(folder / "chalicelib", ignore_errors=True)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "chalicelib", folder / "chalicelib", ignore=ignored)
    (folder / ".chalice").mkdir(exist_ok=True)
    for path in (ROOT / ".chalice").glob("*.json"):
        shutil.copyfile(path, folder / ".chalice" / path.name)
    shutil.copyfile(ROOT / "app.py", folder / "app.py")
    # Chalice knows a package by its sources and this file: how we pack is to count as well.
    packed_by = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    requirements = LOCK.read_text(encoding="utf-8")
    (folder / "requirements.txt").write_text(f"{requirements}\n# {packed_by}\n", encoding="utf-8")


def refuse_another(said: str) -> None:
    """Raise IncompletePackage if Chalice packed by itself, which holds wheels to no hashes."""
    packed = said.count("Creating deployment package")  # it says so before it looks for one, too
    if packed != said.count("Reusing existing deployment package"):
        raise IncompletePackage(
            "Chalice packed anew instead of taking the package of `make package`: deploy again."
        )


def packager(wheels: Any = None) -> LambdaDeploymentPackager:
    """Return Chalice's packager, which is quiet."""
    ui = UI(out=io.StringIO(), err=io.StringIO())
    builder: Any = wheels or LockedWheels()
    return LambdaDeploymentPackager(OSUtils(), builder, ui, architecture=ARCHITECTURE)


def _compile(content: Path) -> None:
    for path in [found for pattern in UNREAD for found in content.rglob(pattern)]:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    # Lambda takes a compiled module as it is; a hash seed of its own makes sets come out the same.
    command = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    where = ["-s", str(content), "-p", "/var/task", str(content)]
    subprocess.run([*command, *where], check=True, env=os.environ | {"PYTHONHASHSEED": "0"})


def _zip(content: Path, package: Path) -> None:
    partial = package.with_suffix(".partial")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, path in _files(content):
            member = zipfile.ZipInfo(name, EPOCH)
            member.external_attr = 0o644 << 16
            archive.writestr(member, path.read_bytes(), zipfile.ZIP_DEFLATED, 9)
    partial.replace(package)


def _files(content: Path) -> Iterator[tuple[str, Path]]:
    found = {path.relative_to(content).as_posix(): path for path in content.rglob("*")}
    for name in sorted(found):
        if found[name].is_file():
            yield name, found[name]


def main() -> int:
    try:
        package = build()
    except IncompletePackage as fault:
        print(fault, file=sys.stderr)
        return 1
    print(f"{package.relative_to(ROOT)}: {package.stat().st_size / 2**20:.2f} MiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
