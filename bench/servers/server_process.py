"""A server as a process of its own: its start, the costs of its whole process tree, its end."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from infrastructure.project import ROOT

START_SECONDS, END_SECONDS, PAUSE_SECONDS = 900, 30, 0.02  # a first start trains


class NotServing(Exception):
    """A server that does not answer; the message has the end of its log."""


@dataclass(frozen=True)
class Costs:
    """Costs of a process tree: processor seconds since its start, and bytes of memory now.

    `memory` counts a page that n processes share as an nth of it (PSS), `resident` in each.
    """

    processor_seconds: float
    memory: int
    resident: int


class ServerProcess:
    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process = process
        self._log = log
        self.pid = process.pid

    def wait_for(self, is_so: Callable[[], bool]) -> None:
        """Return once it is so. Raises NotServing if the process ends, or takes too long."""
        until = time.monotonic() + START_SECONDS
        while not is_so():
            self.require_running()
            if time.monotonic() > until:
                raise self._fault()
            time.sleep(PAUSE_SECONDS)

    def require_running(self) -> None:
        """Raise NotServing if the process has ended."""
        if self._process.poll() is not None:
            raise self._fault()

    def has_logged(self, text: str) -> bool:
        return text in self._log.read_text(errors="replace")

    def costs(self) -> Costs:
        seconds, memory, resident = 0.0, 0, 0
        for one in self._tree():
            with suppress(psutil.NoSuchProcess):
                times, used = one.cpu_times(), one.memory_full_info()
                # The times of children that have ended are their parent's.
                seconds += times.user + times.system + times.children_user + times.children_system
                memory += getattr(used, "pss", used.uss)  # only Linux divides shared pages
                resident += used.rss
        return Costs(seconds, memory, resident)

    def stop(self) -> None:
        """End the process and all that it started."""
        tree = self._tree()
        self._process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)
        for one in tree:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        self._process.wait()

    def _tree(self) -> list[Any]:
        with suppress(psutil.NoSuchProcess):
            root = psutil.Process(self.pid)
            return [root, *root.children(recursive=True)]
        return []

    def _fault(self) -> NotServing:
        end = "\n".join(self._log.read_text(errors="replace").splitlines()[-12:])
        return NotServing(f"{self._log} ends with:\n{end}")


@contextmanager
def server(
    command: Sequence[str], environment: Mapping[str, str], log: Path
) -> Iterator[ServerProcess]:
    """Start a server, and stop it at the end."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is the benchmark's, which ends its servers itself
        )
    running = ServerProcess(process, log)
    try:
        yield running
    finally:
        running.stop()


def free_ports(count: int) -> list[int]:
    """Return ports that follow one another and that no process has now."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            first: int = probe.getsockname()[1]
        ports = [first + n for n in range(count)]
        if all(map(_is_free, ports)):
            return ports


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return False
        return True
