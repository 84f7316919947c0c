"""The process behind an endpoint: `python model_worker.py <socket>`, in the endpoint's folder. It
knows SageMaker's inference.py and nothing of the cloud, so that it starts fast and stays small.

As in a serverless container the model is read-only, and its code runs as no privileged user. Root
becomes uid 65534 before any of the model's code is imported; other users stay who they are, and the
mode bits alone protect the model.
"""

import ctypes
import importlib
import json
import os
import struct
import sys
import tarfile
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

Answer = tuple[str, bytes]  # content type, body

UNPRIVILEGED = 65534
_PR_SET_KEEPCAPS = 8
_CAP_DAC_READ_SEARCH = 2
_LINUX_CAPABILITY_VERSION_3 = 0x20080522
# Reaches the folder whoever may not pass the directories above it.
HERE = Path("/proc/self/cwd")


def serve(connection: Connection, folder: Path) -> None:
    try:
        respond = load(folder)
    except BaseException:  # noqa: BLE001 - the process boundary: whatever stops the model is the reason
        connection.send_bytes(b"failed")
        connection.send_bytes(traceback.format_exc().encode())
        return
    connection.send_bytes(b"ready")
    while True:
        try:
            content_type, accept = connection.recv_bytes().decode().split("\n")
            body = connection.recv_bytes()
        except EOFError:
            return  # the cloud has gone, or needs this worker no longer
        try:
            answered_as, answer = respond(body, content_type, accept)
        except Exception as error:  # noqa: BLE001 - the process boundary: the caller gets a ModelError
            traceback.print_exc()
            connection.send_bytes(b"error")
            connection.send_bytes(f"{type(error).__name__}: {error}".encode())
        else:
            connection.send_bytes(b"ok\n" + answered_as.encode())
            connection.send_bytes(answer)


def load(folder: Path) -> Callable[[bytes, str, str], Answer]:
    model_dir = folder / "model"
    if not model_dir.exists():
        _unpack(folder / "model.tar.gz", model_dir)
    _give_up_privileges(folder)
    sys.path.insert(0, str(model_dir / "code"))
    program = os.environ.get("SAGEMAKER_PROGRAM", "inference.py")
    module = importlib.import_module(program.removesuffix(".py"))
    model = module.model_fn(str(model_dir))
    transform = getattr(module, "transform_fn", None)
    if transform:
        return lambda body, content_type, accept: as_answer(
            transform(model, body, content_type, accept), accept
        )
    read = getattr(module, "input_fn", _read_json)
    predict = getattr(module, "predict_fn", _predict)
    write = getattr(module, "output_fn", _write_json)

    def respond(body: bytes, content_type: str, accept: str) -> Answer:
        return as_answer(write(predict(read(body, content_type), model), accept), accept)

    return respond


def as_answer(output: Any, accept: str) -> Answer:
    """What output_fn returned: a body, or a body and its content type."""
    body, content_type = output if isinstance(output, tuple) else (output, accept)
    return content_type, body.encode() if isinstance(body, str) else bytes(body)


def _unpack(archive: Path, into: Path) -> None:
    # unpacked beside, then renamed: a worker that died half way must not leave half a model
    beside = into.with_name("unpacking")
    with tarfile.open(archive) as tar:
        tar.extractall(beside, filter="data")
    for path in (beside, *beside.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    beside.rename(into)


def _give_up_privileges(folder: Path) -> None:
    """Become uid 65534, with a temporary folder as the only place to write. Others than root stay
    who they are."""
    temporary = folder / "tmp"
    temporary.mkdir(mode=0o700, exist_ok=True)
    os.environ["TMPDIR"] = str(temporary)
    if os.geteuid() != 0:
        return
    readable = _python_is_readable_by(UNPRIVILEGED)
    folder.chmod(0o711)
    os.chown(temporary, UNPRIVILEGED, UNPRIVILEGED)
    os.setgroups([])
    os.setgid(UNPRIVILEGED)
    if not readable and sys.platform == "linux":
        _keep(_CAP_DAC_READ_SEARCH)
    elif readable:
        os.setuid(UNPRIVILEGED)


def _python_is_readable_by(user: int) -> bool:
    """An interpreter below a private home cannot import its libraries as somebody else."""
    places = [place for place in sys.path if Path(place).is_dir()]
    os.seteuid(user)
    try:
        return all(os.access(place, os.R_OK | os.X_OK, effective_ids=True) for place in places)
    finally:
        os.seteuid(0)


def _keep(capability: int) -> None:
    """Become uid 65534 and keep one capability: to read what this user may not, but write nothing.

    See capabilities(7): a change of user clears all others."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_KEEPCAPS, 1)
    os.setuid(UNPRIVILEGED)
    header = struct.pack("=Ii", _LINUX_CAPABILITY_VERSION_3, 0)
    kept = 1 << capability
    sets = struct.pack("=6I", kept, kept, 0, 0, 0, 0)  # effective, permitted, inheritable, twice
    if libc.capset(header, sets) != 0:
        raise OSError(ctypes.get_errno(), "capset")


def _read_json(body: bytes, content_type: str) -> Any:
    return json.loads(body)


def _predict(data: Any, model: Any) -> Any:
    return model.predict(data)


def _write_json(prediction: Any, accept: str) -> tuple[str, str]:
    plain = prediction.tolist() if hasattr(prediction, "tolist") else prediction
    return json.dumps(plain), "application/json"


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])), HERE if HERE.exists() else Path.cwd())
