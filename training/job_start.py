"""The start of a processing job, packed with its scripts: what the image lacks is installed, and
then the script takes over.

python3 job_start.py collect.py --version …
"""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import NamedTemporaryFile

NEEDED = "pyarrow"  # LightGBM is for trainings: the trees that a job compares are text


def install_what_is_missing() -> None:
    """Install what a processing job needs, unless the image has it; on one machine it has."""
    if find_spec(NEEDED):
        return
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    with NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as needed:
        needed.write(requirement(NEEDED, Path("requirements.txt").read_text("utf-8")))
        needed.flush()
        subprocess.run([*pip, "-r", needed.name], check=True)


def requirement(name: str, requirements: str) -> str:
    """Return the options of a requirements file, and of its requirements that one, with hashes."""
    joined = requirements.replace("\\\n", " ").splitlines()
    return "\n".join(line for line in joined if line.startswith(("--", f"{name}==")))


if __name__ == "__main__":
    install_what_is_missing()
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])  # noqa: S606  signals reach it
