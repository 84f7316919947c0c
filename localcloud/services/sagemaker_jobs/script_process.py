"""A job's script as a process of its own: watched, limited in time, stopped, never left behind."""

import ctypes
import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

log = logging.getLogger("localcloud")

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
STOP_SECONDS = 20  # SageMaker gives 120


@dataclass(frozen=True)
class Ended:
    lines: list[str]
    code: int
    stopped: bool  # by whoever asked for it, or by its time
    timed_out: bool


class ScriptProcess:
    def __init__(self, name: str) -> None:
        self._name = name
        self._process: subprocess.Popen[str] | None = None
        self._stopped = threading.Event()
        self._timed_out = threading.Event()

    def stop(self) -> None:
        """Ask the script to end, and kill it if it does not."""
        self._stopped.set()
        if self._process:
            self._process.terminate()
            grace = threading.Timer(STOP_SECONDS, self._process.kill)
            grace.daemon = True
            grace.start()

    def kill(self) -> None:
        self._stopped.set()
        if self._process:
            self._process.kill()

    def run(
        self, command: list[str], folder: Path, environ: Mapping[str, str], seconds: float
    ) -> Ended:
        if self._stopped.is_set():
            return Ended([], 0, stopped=True, timed_out=False)
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            preexec_fn=_die_with_parent if _LIBC else None,  # noqa: PLW1509 - one call into libc
        )
        if self._stopped.is_set():  # while it was being started
            self._process.kill()
        lines = self._watch(self._process, seconds)
        timed_out = self._timed_out.is_set()
        stopped = timed_out or self._stopped.is_set()
        return Ended(lines, self._process.returncode, stopped, timed_out)

    def _watch(self, process: subprocess.Popen[str], seconds: float) -> list[str]:
        timer = threading.Timer(seconds, self._time_out)
        timer.start()
        lines = []
        assert process.stdout
        with process.stdout:
            for line in process.stdout:
                lines.append(line.rstrip("\n"))
                log.info("%s | %s", self._name, lines[-1])
        process.wait()
        timer.cancel()
        return lines

    def _time_out(self) -> None:
        self._timed_out.set()
        if self._process:
            self._process.kill()


def _die_with_parent() -> None:
    # a script that outlives a killed cloud would burn a core for nobody
    assert _LIBC
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
