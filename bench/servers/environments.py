"""Virtual environments of the peers, one each: made once, and again when their list changes."""

import hashlib
import subprocess
import sys
from pathlib import Path

from infrastructure.project import ROOT

REQUIREMENTS = ROOT / "bench" / "peer_servers" / "requirements"


class NotInstalled(Exception):
    """A list of requirements that pip could not install; the message is its reason."""


class Environments:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def programs(self, name: str) -> Path:
        """Return the folder of an environment's programs."""
        return self._folder / name / "bin"

    def make(self, name: str) -> bool:
        """Make the environment; return whether it was not there. Raises NotInstalled."""
        wanted, mark = digest(name), self._folder / name / "installed"
        if mark.exists() and mark.read_text() == wanted:
            return False
        mark.unlink(missing_ok=True)
        self._run(name, [sys.executable, "-m", "venv", "--clear", str(self._folder / name)])
        pip = [str(self.programs(name) / "python"), "-m", "pip", "--disable-pip-version-check"]
        self._run(name, [*pip, "install", "-q", "-r", str(REQUIREMENTS / f"{name}.txt")])
        mark.write_text(wanted)
        return True

    def _run(self, name: str, command: list[str]) -> None:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
            reason = (said or done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise NotInstalled(f"{name}: {reason}")


def digest(name: str) -> str:
    """Return the hash of an environment's lists of requirements, and of the Python."""
    lists = (
        REQUIREMENTS / f"{name}.txt",
        REQUIREMENTS / "pipelines.txt",
        ROOT / "requirements.txt",
    )
    content = b"".join(path.read_bytes() for path in lists)
    return hashlib.sha256(content + sys.version.encode()).hexdigest()
