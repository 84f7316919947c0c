"""Functions that were uploaded: the zip itself runs, in processes of its own, as Lambda's do.

Such a process sees the package, Python, and what Lambda's runtime brings (boto3), and nothing else
of this machine. Its machine code alone is exchanged: the package is built for Lambda's processors.
"""

import hashlib
import io
import json
import os
import platform
import shutil
import subprocess
import sys
import threading
import zipfile
from contextlib import suppress
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import boto3

from localcloud.iam.authorization import as_operator
from localcloud.services.lambda_.functions import Function

WORKER = Path(__file__).with_name("uploaded_worker.py")
RUNTIME = ("boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "urllib3", "six")
_LAMBDAS_OWN = ("PATH", "LANG", "LD_LIBRARY_PATH")


class Uploaded:
    """The processes of all uploaded packages; `address` is the port that speaks AWS."""

    def __init__(self, work: Path, logs: Path, address: str) -> None:
        logs.mkdir(exist_ok=True)
        self._work = work
        self._logs = logs
        self._address = address
        self._idle: dict[str, list[_Process]] = {}
        self._all: list[_Process] = []
        self._lock = threading.Lock()

    def function(self, record: Any) -> Function:
        """Return moto's record of an uploaded function as one that can be invoked."""

        def handler(event: Any, context: Any) -> Any:
            return self._answer(record, event, context)

        name, arn, role = record.function_name, record.function_arn, record.role
        return Function(name, arn, role, handler, int(record.timeout), int(record.memory_size))

    def close(self) -> None:
        with self._lock:
            for process in self._all:
                process.close()

    def _answer(self, record: Any, event: Any, context: Any) -> Any:
        settings = json.dumps(record.environment_vars, sort_keys=True)
        key = f"{record.function_name} {record.code_digest} {record.handler} {settings}"
        with self._lock:
            waiting = self._idle.setdefault(key, [])
            process = waiting.pop() if waiting else None
        if process is None:
            process = self._start(record)
        seconds = context.get_remaining_time_in_millis() / 1000
        shown = {
            name: getattr(context, name)
            for name in (
                "function_name",
                "function_version",
                "invoked_function_arn",
                "memory_limit_in_mb",
                "aws_request_id",
            )
        }
        answer = process.ask({"event": event, "context": shown, "seconds": seconds}, seconds)
        if process.is_alive:
            with self._lock:
                self._idle[key].append(process)
        if "error" in answer:
            raise _as_exception(answer["error"])
        return answer["result"]

    def _start(self, record: Any) -> "_Process":
        package = _unpacked(record.code_bytes, self._work / "packages")
        environ = {name: os.environ[name] for name in _LAMBDAS_OWN if name in os.environ}
        environ |= record.environment_vars | self._lambdas_own(record)
        libraries = runtime(self._work / "runtime")
        log = self._logs / f"{record.function_name}.log"
        command = [sys.executable, "-I", "-S", str(WORKER), str(package), str(libraries)]
        process = _Process([*command, record.handler], environ, log)
        with self._lock:
            self._all.append(process)
        return process

    def _lambdas_own(self, record: Any) -> dict[str, str]:
        """Return Lambda's variables of a function, with the credentials of its role only."""
        with as_operator():
            session = boto3.client("sts").assume_role(
                RoleArn=record.role, RoleSessionName=record.function_name
            )
        given = session["Credentials"]
        return {
            "AWS_REGION": record.region,
            "AWS_DEFAULT_REGION": record.region,
            "AWS_LAMBDA_FUNCTION_NAME": record.function_name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(record.memory_size),
            "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
            "AWS_SESSION_TOKEN": given["SessionToken"],
            "AWS_ENDPOINT_URL": self._address,
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        }


class _Process:
    """One execution environment: an event a time, by a line in and a line out."""

    def __init__(self, command: list[str], environ: dict[str, str], log: Path) -> None:
        with log.open("ab") as written:
            self._process = subprocess.Popen(
                command,
                env=environ,
                cwd=command[4],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=written,
            )

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        late = threading.Event()
        timer = threading.Timer(seconds, self._give_up, [late])
        timer.start()
        try:
            line = self._line_for(request)
        finally:
            timer.cancel()
        if line and not late.is_set():
            answer: dict[str, Any] = json.loads(line)
            return answer
        self.kill()
        if late.is_set():
            message = f"Task timed out after {seconds:.2f} seconds"
            return {"error": {"type": "Sandbox.Timedout", "message": message}}
        return {"error": {"type": "Runtime.ExitError", "message": "the process has ended"}}

    def _line_for(self, request: dict[str, Any]) -> bytes:
        assert self._process.stdin
        assert self._process.stdout
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
            return self._process.stdout.readline()
        except BrokenPipeError:
            return b""

    def _give_up(self, late: threading.Event) -> None:
        late.set()
        self.kill()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        self.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with suppress(BrokenPipeError):  # an event that it never read
                    pipe.close()


def _as_exception(error: dict[str, str]) -> Exception:
    """Return an exception of the handler's class name, by which state machines retry and catch."""
    kind: type[Exception] = type(error["type"], (Exception,), {})
    return kind(error["message"])


def _unpacked(package: bytes, folder: Path) -> Path:
    where = folder / hashlib.sha256(package).hexdigest()
    if not where.exists():
        partial = where.with_suffix(f".{threading.get_ident()}")
        zipfile.ZipFile(io.BytesIO(package)).extractall(partial)
        exchange_machine_code(partial)
        partial.replace(where) if not where.exists() else shutil.rmtree(partial)
    return where


def exchange_machine_code(package: Path) -> None:
    """Put this machine's build of each compiled library beside the one for Lambda's processor."""
    for library in package.rglob("*aarch64*.so"):
        if platform.machine() != "aarch64":
            module = library.name.partition(".")[0]
            installed = Path(boto3.__file__).parents[1] / library.parent.relative_to(package)
            for own in installed.glob(f"{module}.*.so"):
                shutil.copy(own, library.parent)


def runtime(folder: Path) -> Path:
    """Link the libraries of Lambda's Python runtime."""
    if not folder.exists():
        partial = folder.with_suffix(f".{threading.get_ident()}")
        partial.mkdir(parents=True)
        for name in RUNTIME:
            found = distribution(name)
            for top in {file.parts[0] for file in found.files or () if file.parts[0][0] != "."}:
                link, target = partial / top, Path(str(found.locate_file(top)))
                if not link.exists() and top != "__pycache__":
                    link.symlink_to(target)
        partial.replace(folder) if not folder.exists() else shutil.rmtree(partial)
    return folder
