"""Description of the machine of a run, and of the sources that ran on it."""

import os
import platform
import subprocess
from pathlib import Path

import psutil

from infrastructure.project import ROOT


def described() -> dict[str, str]:
    return {
        "processor": f"{psutil.cpu_count()} cores of {_processor()}",
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GB",
        "system": platform.platform(),
        "Python": platform.python_version(),
        "load average at the start": f"{os.getloadavg()[0]:.1f}",
        "commit": commit(),
    }


def _processor() -> str:
    """Return the processor's name as Linux gives it."""
    known = Path("/proc/cpuinfo")
    lines = known.read_text().splitlines() if known.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "an unknown processor"


def commit(root: Path = ROOT) -> str:
    """Return the commit that is measured, with `-dirty` if files have changed since. Pages in docs/
    are no reason: the measurement before wrote one.
    """
    name = _git(root, "describe", "--always")
    changed = _git(root, "status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs")
    return f"{name}-dirty" if changed else name or "unknown"


def _git(root: Path, *asked: str) -> str:
    done = subprocess.run(["git", *asked], cwd=root, capture_output=True, text=True, check=False)
    return done.stdout.strip()
