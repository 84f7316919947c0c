"""The start of a processing job, packed with its scripts: what the image lacks is installed, and
then the script takes over.

python3 job_start.py collect.py --version …
"""

import os
import subprocess
import sys
from collections.abc import Collection
from importlib.util import find_spec
from pathlib import Path
from tempfile import NamedTemporaryFile

# LightGBM is for trainings: the trees that a job compares are text.
NEEDED = ("pyarrow", "msgspec")


def install_what_is_missing() -> None:
    """Install what a processing job needs, unless the image has it; on one machine it has."""
    if all(find_spec(name) for name in NEEDED):
        return
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    with NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as needed:
        needed.write(chosen(NEEDED, Path("requirements.txt").read_text("utf-8")))
        needed.flush()
        subprocess.run([*pip, "-r", needed.name], check=True)


def chosen(names: Collection[str], requirements: str) -> str:
    """Return a requirements file's options, and its requirements of these names with hashes."""
    joined = requirements.replace("\\\n", " ").splitlines()
    wanted = ("--", *(f"{name}==" for name in names))
    return "\n".join(line for line in joined if line.startswith(wanted))


if __name__ == "__main__":
    install_what_is_missing()
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])  # noqa: S606  signals reach it
