"""Processes of drills: each is shown line by line under its name, and all can be stopped."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress

from infrastructure.project import ROOT

LONGEST_SECONDS = 4 * 3600  # of a drill: one that hangs has failed


class DrillProcesses:
    """Drills that run in threads of the caller's, each in a process group of its own."""

    def __init__(self) -> None:
        self._running = set[int]()
        self._turn = threading.Lock()
        self._is_stopped = False

    def ends_well(self, name: str, command: Sequence[str]) -> bool:
        """Run a drill to its end, and return whether all is well."""
        began = time.monotonic()
        try:
            is_well = self._run(name, command) == 0
        except OSError as error:  # it can't be started
            self._tell(name, str(error))
            is_well = False
        self._tell(
            name, f"{'well' if is_well else 'FAILED'} after {time.monotonic() - began:.0f} s"
        )
        return is_well

    def stop(self) -> None:
        """Interrupt the drills that run, as Ctrl-C would, and show no more of them."""
        with self._turn:
            self._is_stopped = True
            for group in self._running:
                _send(group, signal.SIGINT)

    def _run(self, name: str, command: Sequence[str]) -> int:
        with self._started(command) as drill:
            too_long = threading.Timer(LONGEST_SECONDS, _send, (drill.pid, signal.SIGKILL))
            too_long.daemon = True
            too_long.start()
            for line in drill.stdout or ():
                self._tell(name, line.rstrip())
            code = drill.wait()
            too_long.cancel()
        with self._turn:
            self._running.discard(drill.pid)
        return code

    def _started(self, command: Sequence[str]) -> subprocess.Popen[str]:
        """Start a drill. Raises InterruptedError once all are stopped."""
        pipe, same = subprocess.PIPE, subprocess.STDOUT
        with self._turn:
            if self._is_stopped:
                raise InterruptedError
            drill = subprocess.Popen(
                command, cwd=ROOT, stdout=pipe, stderr=same, text=True, errors="replace",
                start_new_session=True,
            )  # fmt: skip
            self._running.add(drill.pid)
        return drill

    def _tell(self, name: str, line: str) -> None:
        with self._turn:
            if not self._is_stopped:
                print(f"{time.strftime('%H:%M:%S')} {name}: {line}", flush=True)


def _send(group: int, which: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, which)
