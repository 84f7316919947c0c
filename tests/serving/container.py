"""A program: runs SageMaker's scikit-learn serving code on one model, as a container would.

    unshare --mount --net --pid --fork --kill-child python container.py <request.json>

The server's root has the system, the interpreter and the model, all read-only, and a small /tmp;
its network has the loop-back device only; its user is nobody. Without namespaces of its own (the
request says so) the model is in a folder that nobody can write, and the network is the machine's.
"""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

NOBODY = 65534
SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/sbin", "/etc", "/dev")
IMAGE = Path(__file__).with_name("image")
POLL_SECONDS = 0.01
UNHEALTHY = 3  # answers to the health check that are not 200
LONGEST_SECONDS = 120

Asked = dict[str, Any]


def main() -> None:
    asked = json.loads(Path(sys.argv[1]).read_bytes())
    if asked["namespaces"]:
        root = Path(asked["root"])
        _make_root(root, Path(asked["model"]), asked["writable"])
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        print(json.dumps(_serve(root, "/opt/image/serve.py", asked, lambda: _enter(root))))
    else:
        print(json.dumps(_serve(Path("/"), str(IMAGE / "serve.py"), asked, _become_nobody)))


def _make_root(root: Path, model: Path, writable: list[str]) -> None:
    _mount("--make-rprivate", "/")
    _mount("-t", "tmpfs", "-o", "mode=755", "image", str(root))
    for path in writable:  # first: the interpreter may lie below /tmp
        (root / path[1:]).mkdir(parents=True)
        _mount("-t", "tmpfs", "-o", "mode=1777,size=64m", "scratch", str(root / path[1:]))
    for path in dict.fromkeys([*SYSTEM, sys.base_prefix, sys.prefix]):
        if Path(path).is_symlink():  # /bin of a merged /usr
            (root / path[1:]).symlink_to(Path(path).readlink())
        elif Path(path).exists():
            _show(Path(path), root / path[1:])
    _show(IMAGE, root / "opt/image")
    _show(model, root / "opt/ml/model")
    if "/opt/ml" not in writable:  # sagemaker-containers makes it, where it can
        (root / "opt/ml/code").mkdir()
    (root / "proc").mkdir()
    _mount("-t", "proc", "proc", str(root / "proc"))
    _mount("-o", "remount,ro", str(root))


def _show(path: Path, at: Path) -> None:
    at.mkdir(parents=True)
    _mount("--rbind", str(path), str(at))
    if path != Path("/dev"):
        _mount("-o", "remount,ro,bind", str(at))


def _mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True)


def _serve(root: Path, program: str, asked: Asked, enter: Callable[[], None]) -> Asked:
    """Whether it came up, how long that took, what it answered, and how long each answer took."""
    scratch = root / asked["writable"][0].lstrip("/")
    before, log = {*scratch.iterdir()}, scratch / "server.log"
    url = f"http://127.0.0.1:{asked['environment']['SAGEMAKER_BIND_TO_PORT']}"
    started = time.monotonic()
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, program],
            env=asked["environment"],
            stdout=output,
            stderr=output,
            preexec_fn=enter,  # noqa: PLW1509 - this process has one thread
            start_new_session=True,
        )
    try:
        is_up = _comes_up(server, url)
        seconds = time.monotonic() - started
        answers = [_ask(application, url) for application in asked["applications"] * is_up]
        return {
            "isUp": is_up,
            "startSeconds": seconds,
            "answers": [answer for answer, _ in answers],
            "answerSeconds": [taken for _, taken in answers],
            "written": sorted(path.name for path in {*scratch.iterdir()} - before),
            "output": log.read_text("utf-8", "replace"),
        }
    finally:
        if server.poll() is None:
            os.killpg(server.pid, 9)


def _enter(root: Path) -> None:
    os.chroot(root)
    os.chdir("/")
    _become_nobody()


def _become_nobody() -> None:
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


def _comes_up(server: subprocess.Popen[bytes], url: str) -> bool:
    """SageMaker's health check, until it is answered by 200, or is refused, or the server ends."""
    until, refused = time.monotonic() + LONGEST_SECONDS, 0
    while server.poll() is None and time.monotonic() < until and refused < UNHEALTHY:
        try:
            with urllib.request.urlopen(f"{url}/ping", timeout=LONGEST_SECONDS):
                return True
        except urllib.error.HTTPError:
            refused += 1
        except OSError:  # it does not listen yet
            time.sleep(POLL_SECONDS)
    return False


def _ask(application: Asked, url: str) -> tuple[Asked, float]:
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    body = json.dumps(application).encode()
    started = time.perf_counter()
    request = urllib.request.Request(f"{url}/invocations", body, headers)
    with urllib.request.urlopen(request, timeout=LONGEST_SECONDS) as answer:
        said = answer.read()
    return json.loads(said), time.perf_counter() - started


if __name__ == "__main__":
    main()
