import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import localcloud.services.sagemaker.model_worker

LOAD_SECONDS = 120
INVOCATION_SECONDS = 60  # SageMaker's own limit


class WorkerFailed(Exception):
    """The model could not be loaded; the message is its traceback."""


class WorkerClosed(Exception):
    """The endpoint has another worker by now."""


class InvocationFailed(Exception):
    """The model raised, died or took too long; the message says which."""


@dataclass(frozen=True)
class ModelAnswer:
    content_type: str
    body: bytes


class ModelProcess:
    """A worker process with one model; one request at a time. `environment` is all that it sees."""

    def __init__(
        self,
        archive: bytes,
        environment: Mapping[str, str],
        work: Path,
        seconds: float = INVOCATION_SECONDS,
    ) -> None:
        self._seconds = seconds
        self._environment = {**environment}
        self._turn = threading.Lock()
        self._closed = False
        self._folder = Path(tempfile.mkdtemp(prefix="endpoint-", dir=work))
        (self._folder / "model.tar.gz").write_bytes(archive)
        try:
            self._start()
        except WorkerFailed:
            self.close()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    def invoke(self, body: bytes, content_type: str, accept: str) -> ModelAnswer:
        with self._turn:
            if self._closed:
                raise WorkerClosed
            try:
                return self._ask(body, content_type, accept)
            except (EOFError, OSError):
                self._restart()
                try:
                    return self._ask(body, content_type, accept)
                except (EOFError, OSError) as error:
                    raise InvocationFailed("the model's process died twice") from error

    def close(self) -> None:
        with self._turn:
            self._closed = True
            self._end()
            make_writable(self._folder)
            shutil.rmtree(self._folder, ignore_errors=True)

    def _ask(self, body: bytes, content_type: str, accept: str) -> ModelAnswer:
        self._connection.send_bytes(f"{content_type}\n{accept}".encode())
        self._connection.send_bytes(body)
        if not self._connection.poll(self._seconds):
            self._restart()
            raise InvocationFailed(f"the model did not answer within {self._seconds:g} s")
        status, _, answered_as = self._connection.recv_bytes().decode().partition("\n")
        answer = self._connection.recv_bytes()
        if status == "error":
            raise InvocationFailed(answer.decode())
        return ModelAnswer(answered_as, answer)

    def _restart(self) -> None:
        self._end()
        try:
            self._start()
        except WorkerFailed as error:
            raise InvocationFailed(f"the model could not be loaded again: {error}") from error

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs, (self._folder / "worker.log").open("ab") as output:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-P",  # this folder's `events.py` must not be what a model imports
                    localcloud.services.sagemaker.model_worker.__file__,
                    str(theirs.fileno()),
                ],
                cwd=self._folder,
                pass_fds=[theirs.fileno()],
                env=self._environment,
                stdout=output,
                stderr=output,
            )
        self._connection = Connection(ours.detach())
        self._wait_until_loaded()

    def _wait_until_loaded(self) -> None:
        try:
            if not self._connection.poll(LOAD_SECONDS):
                raise WorkerFailed(f"the model was not loaded within {LOAD_SECONDS} s")
            if self._connection.recv_bytes() == b"failed":
                raise WorkerFailed(self._connection.recv_bytes().decode())
        except EOFError as error:
            said = (self._folder / "worker.log").read_text(errors="replace")[-800:]
            raise WorkerFailed(f"the model's process ended while loading: {said}") from error

    def _end(self) -> None:
        self._connection.close()
        self._process.kill()
        self._process.wait()


def make_writable(folder: Path) -> None:
    """Undo the read-only bits of a model's directories, or an owner could not remove them."""
    for path in folder.rglob("*"):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o700)
