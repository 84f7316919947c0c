"""The process behind an endpoint: `python model_worker.py <socket>`, in the endpoint's folder. It
knows SageMaker's inference.py and nothing of the cloud, so that it starts fast and stays small.

As in a serverless container the model is read-only, and its code runs as no privileged user. Root
becomes uid 65534 before any of the model's code is imported; other users stay who they are. Linux
with Landlock lets both write below their temporary folder alone; elsewhere the mode bits alone
protect the model, and folders that every user may write to are open.
"""

import ctypes
import importlib
import json
import os
import struct
import sys
import tarfile
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

Answer = tuple[str, bytes]  # content type, body

UNPRIVILEGED = 65534
# Reach a folder for whoever may not pass the directories above it.
HERE, DESCRIPTORS = Path("/proc/self/cwd"), Path("/proc/self/fd")
TEMPORARY = "TEMP"  # AWS's image has this variable, and no TMPDIR

# Landlock's system calls, the same on every architecture, and its rights:
# https://docs.kernel.org/userspace-api/landlock.html
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
ASK_VERSION, PATH_BENEATH, NO_NEW_PRIVILEGES = 1, 1, 38
WRITE_FILE, TRUNCATE, FROM_VERSION = 1 << 1, 1 << 14, 3  # truncate is a right since version 3
CHANGE_FOLDERS = sum(1 << bit for bit in range(4, 13))  # remove and make entries of any kind


def serve(connection: Connection, folder: Path) -> None:
    try:
        with one_processor():
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


@contextmanager
def one_processor() -> Iterator[None]:
    """Show one processor while libraries are loaded, and then all again.

    BLAS and OpenMP size their pools of threads by what they see at that moment. The processes of
    several models would else fight over this machine's cores. AWS's containers have no variable
    that says so. A system without affinity (macOS) has pools of the usual size.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


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
    """Return output_fn's result as a body and its content type."""
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
    """Become uid 65534 without any capability, with a temporary folder as the only place to write.
    Others than root stay who they are.
    """
    temporary = folder / "tmp"
    temporary.mkdir(mode=0o700, exist_ok=True)
    os.environ[TEMPORARY] = str(temporary)
    _write_only_below(temporary)
    if os.geteuid() != 0:
        return
    folder.chmod(0o711)
    os.chown(temporary, UNPRIVILEGED, UNPRIVILEGED)
    places = [place for place in sys.path if Path(place).is_dir()]
    reached = _reach(places)
    os.setgroups([])
    os.setgid(UNPRIVILEGED)
    os.setuid(UNPRIVILEGED)  # clears every capability, see capabilities(7)
    closed = [place for place in places if not os.access(reached[place], os.R_OK | os.X_OK)]
    if closed:
        raise PermissionError(
            f"uid {UNPRIVILEGED} can't read {', '.join(closed)}, from which Python imports: "
            f"chmod -R o+rX {sys.prefix} {sys.base_prefix}"
        )


def _write_only_below(folder: Path) -> None:
    """Let this process and its children write below that folder alone, and to /dev/null.

    A system without Landlock (macOS, Linux before 5.13) lets them write where its users may.
    """
    version = landlock_version()
    if version < 1:
        return
    call = ctypes.CDLL(None, use_errno=True)
    files = WRITE_FILE | (TRUNCATE if version >= FROM_VERSION else 0)
    handled = ctypes.c_uint64(files | CHANGE_FOLDERS)
    rules = call.syscall(CREATE_RULESET, ctypes.byref(handled), ctypes.c_size_t(8), 0)
    for place, rights in ((folder, handled.value), (Path(os.devnull), files)):
        opened = os.open(place, os.O_PATH)
        rule = struct.pack("=Qi", rights, opened)  # landlock_path_beneath_attr is packed
        _checked(call.syscall(ADD_RULE, rules, PATH_BENEATH, rule, 0))
        os.close(opened)
    _checked(call.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0))
    _checked(call.syscall(RESTRICT_SELF, rules, 0))
    os.close(rules)


def landlock_version() -> int:
    """Return the version of the kernel's Landlock, less than 1 if it has none."""
    if sys.platform != "linux":
        return 0
    call = ctypes.CDLL(None, use_errno=True)
    return int(call.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), ASK_VERSION))


def _checked(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"Landlock refused to confine the model: {os.strerror(number)}")


def _reach(places: Iterable[str]) -> dict[str, str]:
    """Import from open descriptors of Python's folders from now on, where the system has them, and
    return the name of each. Python below a private home is then usable by whoever may not enter
    that home: only the permissions of the folders themselves count.
    """
    if not DESCRIPTORS.exists():
        return {place: place for place in places}
    named = {place: str(DESCRIPTORS / str(os.open(place, os.O_PATH))) for place in places}
    sys.path[:] = [named.get(place, place) for place in sys.path]
    for module in [*sys.modules.values()]:  # packages whose other modules are imported later
        if isinstance(folders := getattr(module, "__path__", None), list):
            folders[:] = [_renamed(folder, named) for folder in folders]
    sys.path_importer_cache.clear()
    return named


def _renamed(folder: str, named: Mapping[str, str]) -> str:
    above = [place for place in named if folder.startswith(place + os.sep)]
    place = max(above, key=len, default="")
    return named[place] + folder.removeprefix(place) if place else folder


def _read_json(body: bytes, content_type: str) -> Any:
    return json.loads(body)


def _predict(data: Any, model: Any) -> Any:
    return model.predict(data)


def _write_json(prediction: Any, accept: str) -> tuple[str, str]:
    plain = prediction.tolist() if hasattr(prediction, "tolist") else prediction
    return json.dumps(plain), "application/json"


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])), HERE if HERE.exists() else Path.cwd())
