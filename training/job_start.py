"""The start of a processing job, packed with its scripts: what the image lacks is installed, and
then the script takes over.

python3 job_start.py collect.py --version …
"""

import os
import subprocess
import sys
from importlib.util import find_spec

NEEDED = ("lightgbm", "pyarrow")


def install_what_is_missing() -> None:
    """Install requirements.txt unless the image has it; on one machine it has."""
    if all(find_spec(name) for name in NEEDED):
        return
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "-r", "requirements.txt"], check=True)


if __name__ == "__main__":
    install_what_is_missing()
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])  # noqa: S606  signals reach it
