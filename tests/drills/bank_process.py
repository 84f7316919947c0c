"""The bank as a process of its own, which a drill starts, kills and starts again."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from datasets.sba import SAMPLE
from infrastructure.project import ROOT

PATIENCE_SECONDS = 300


class BankProcess:
    """`make run` in a folder; the ports are the same at every start."""

    def __init__(self, folder: Path, log: Path) -> None:
        self.folder = folder
        self.log = log
        self.port, self.aws_port = _free_port(), _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.module, self.more = "bank", dict[str, str]()  # what runs, with what more around it
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    @property
    def api_key(self) -> str:
        return (self.folder / "api_key").read_text()

    def start(self) -> None:
        """Return once it serves. Raises AssertionError with its output if it does not."""
        self._begin()
        began = time.monotonic()
        while "Serving" not in self.said():
            assert self._process
            assert self._process.poll() is None, self.said()
            assert time.monotonic() < began + PATIENCE_SECONDS, self.said()
            time.sleep(0.1)

    def refuses(self) -> str:
        """What it says when it does not start."""
        self._begin()
        assert self._process
        assert self._process.wait(PATIENCE_SECONDS) == 1, self.said()
        return self.said().strip()

    def kill(self) -> None:
        if self._process:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def dies(self, seconds: float) -> bool:
        """Return whether it ends by itself within so many seconds."""
        assert self._process
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    @property
    def was_killed(self) -> bool:
        """Whether it has ended by SIGKILL, and not by itself."""
        assert self._process
        return self._process.returncode == -signal.SIGKILL

    def said(self) -> str:
        """Since the last start."""
        return self.log.read_text()

    def _begin(self) -> None:
        own = {
            "APPVENGERS_REGISTER": str(SAMPLE),
            "LOCALCLOUD_FOLDER": str(self.folder),
            "PORT": str(self.port),
            "AWS_PORT": str(self.aws_port),
            "LIMITS": "off",  # drills call more often than a stage takes
        }
        with self.log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", self.module, "run"],
                cwd=ROOT,
                env=os.environ | own | self.more,
                stdout=output,
                stderr=subprocess.STDOUT,
            )


@contextmanager
def bank_process(folder: Path, log: Path) -> Iterator[BankProcess]:
    bank = BankProcess(folder, log)
    try:
        yield bank
    finally:
        bank.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
