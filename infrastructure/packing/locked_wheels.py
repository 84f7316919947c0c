"""Wheels by the hashes of a lock file: pip takes no other file, whatever an index offers."""

import inspect
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path

import chalice
import chalice.app

from infrastructure.project import ROOT

LOCK = ROOT / "requirements.lock"
# The newest glibc of Lambda's runtime: Amazon Linux 2 has 2.26, Amazon Linux 2023 has 2.34.
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
OLDER_GLIBC, GLIBC, FIRST_ON_2023 = 26, 34, (3, 12)
OLDEST_GLIBC = 17  # manylinux2014


class IncompletePackage(Exception):
    """The package would lack something, hold too much, or hold what was not locked."""


@dataclass(frozen=True)
class Target:
    """A Linux that wheels are for: the version of its Python, its machine, its newest glibc."""

    python: str
    machine: str
    glibc: int

    def options(self) -> list[str]:
        """Return pip's options. It takes each platform's tag literally, so all are listed."""
        tags = [f"manylinux_2_{minor}" for minor in range(OLDEST_GLIBC, self.glibc + 1)]
        platforms = [f"--platform={tag}_{self.machine}" for tag in ("manylinux2014", *tags)]
        return ["--implementation=cp", f"--python-version={self.python}", *platforms]


def lambda_target() -> Target:
    """Return Lambda's Linux for the Python that runs, on arm64."""
    glibc = GLIBC if sys.version_info >= FIRST_ON_2023 else OLDER_GLIBC
    return Target(f"{sys.version_info[0]}.{sys.version_info[1]}", "aarch64", glibc)


def install(lock: Path, target: Target, folder: Path) -> dict[str, tuple[str, Distribution]]:
    """Install a lock's wheels in a folder. Return by name the SHA-256 of each and its metadata.

    Raises IncompletePackage with pip's reason.
    """
    with tempfile.NamedTemporaryFile(suffix=".json") as written:
        command = ["-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps"]
        command += ["--only-binary=:all:", "--no-compile", "--ignore-installed"]
        command += [*target.options(), f"--report={written.name}"]
        done = subprocess.run(
            [sys.executable, *command, "--target", str(folder), "-r", str(lock)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise IncompletePackage(
                f"{done.stderr.strip()}\npip refused {lock.name} for Lambda or a job: pin versions "
                "that have wheels for it, then `make lock`."
            )
        report = json.loads(Path(written.name).read_bytes())
    found = {one.name: one for one in distributions(path=[str(folder)])}
    hashes = {
        one["metadata"]["name"]: one["download_info"]["archive_info"]["hashes"]["sha256"]
        for one in report["install"]
    }
    return {name: (hashes[name], found[name]) for name in sorted(hashes)}


class LockedWheels:
    """Builder of dependencies for Chalice's packager, by a lock's hashes. Chalice's own takes any
    file of the right name and version.
    """

    def build_site_packages(self, _abi: str, requirements: str, folder: str) -> None:
        """Install the wheels. Raises IncompletePackage, also if Chalice here is another than the
        lock's: its packager copies this environment's two files.
        """
        install(Path(requirements), lambda_target(), Path(folder))
        for module in (chalice, chalice.app):
            here = Path(inspect.getfile(module))
            locked = Path(folder) / "chalice" / here.name
            if here.read_bytes() != locked.read_bytes():
                raise IncompletePackage(
                    f"{here} is not the file of the locked wheel of Chalice. "
                    "`make clean run` installs it anew."
                )
