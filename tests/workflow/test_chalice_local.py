"""`chalice local` of docs/embedded-cloud.md: the app without a gateway in front of it."""

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

ROOT = Path(__file__).parents[2]
CHALICE = Path(sys.executable).with_name("chalice")
ONCE = "--no-autoreload"
KEY = "a-key-that-localcloud-env-exports"


@contextmanager
def local(*options: str, said: Path = Path(os.devnull), **environment: str) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with said.open("wb") as output:
        process = subprocess.Popen(
            [CHALICE, "local", "--port", str(port), *options],
            start_new_session=True,  # the reloader's own process is to end with it
            cwd=ROOT,
            env=os.environ | {"LOCAL_API_KEY": ""} | environment,
            stdout=output,
            stderr=output,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        for _ in range(200):
            try:
                requests.get(f"{url}/health", timeout=5).raise_for_status()
                break
            except requests.ConnectionError:
                time.sleep(0.1)
        yield url
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(10)


@pytest.mark.parametrize(
    ("path", "given"),
    [("/models", {}), ("/models", {"x-api-key": "wrong"}), ("/predictions/ana", {"x-api-key": ""})],
)
def test_it_asks_for_the_key(keyed, path, given):
    answer = requests.get(keyed + path, headers=given, timeout=9)

    assert (answer.status_code, answer.json()["type"]) == (403, "urn:problem:forbidden")


def test_with_the_key_the_body_is_read(keyed):
    headers = {"x-api-key": KEY, "Accept-Language": "en"}
    answer = requests.post(f"{keyed}/predict", json={}, headers=headers, timeout=9)

    assert (answer.status_code, answer.json()["type"]) == (400, "urn:problem:invalid-application")


def test_a_scoped_key_opens_its_routes_here_too():
    with local(ONCE, LOCAL_API_KEYS='{"reading":"r-key","scoring":"s-key"}') as url:
        asked = [
            requests.post(f"{url}/predict", json={}, headers={"x-api-key": key}, timeout=9)
            for key in ("r-key", "s-key", "another", "")
        ]

    assert [answer.status_code for answer in asked] == [403, 400, 403, 403]
    assert asked[0].json()["type"] == "urn:problem:scope-missing"


def test_it_lets_no_person_in_as_it_verifies_no_token(keyed):
    """Chalice decodes the payload of any token and hands its claims on."""
    claims = {"sub": "1", "cognito:username": "eve", "cognito:groups": "risk"}
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    for token in (f"e30.{payload}.e30", f"Bearer e30.{payload}.e30"):
        headers = {"Authorization": token, "x-api-key": KEY, "Accept-Language": "en"}
        answer = requests.get(f"{keyed}/people/models", headers=headers, timeout=9)

        assert (answer.status_code, answer.json()["type"]) == (401, "urn:problem:unauthorized")
        assert "verifies no tokens" in answer.json()["detail"]


def test_without_one_set_it_answers_nobody_and_says_what_to_do():
    with local(ONCE) as url:
        headers = {"x-api-key": "", "Accept-Language": "en"}
        answer = requests.post(f"{url}/predict", json={}, headers=headers, timeout=9)

    assert answer.status_code == 403
    assert "python -m bank env" in answer.json()["detail"]


def ended(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Return what `chalice local` said before it ended by itself."""
    names = os.environ.keys() - {"AWS_DEFAULT_REGION", "STAGE"}
    return subprocess.run(
        [CHALICE, "local", "--port", "0", *options],
        cwd=ROOT,
        env={name: os.environ[name] for name in names} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("options", [[ONCE], []], ids=["once", "reloads"])
@pytest.mark.parametrize(("stage", "missing"), [("dev", "AWS_DEFAULT_REGION"), ("prd", "STAGE")])
def test_what_it_needs_is_told_in_a_sentence(stage, missing, options):
    done = ended("--stage", stage, *options)

    assert done.returncode == (1 if options else 0)  # 0 is that of Chalice's reloader
    assert done.stderr.startswith(f"\n{missing} is not set. `make run` starts all of it")
    assert "Traceback" not in done.stderr + done.stdout


def test_it_does_not_take_the_banks_state_for_code():
    """Chalice's reloader would restart it in the middle of each prediction."""
    state = ROOT / ".localcloud"
    done = ended(AWS_DEFAULT_REGION="us-east-1", LOCALCLOUD_FOLDER=str(state))

    assert f"each prediction changes files in {state}. Start it with --no-autoreload" in done.stderr
    assert "Serving" not in done.stdout


@pytest.mark.parametrize("folder", [ROOT / ".localcloud", ROOT.parent])
def test_the_state_may_be_there_if_it_does_not_reload_and_elsewhere_if_it_does(folder):
    options = [] if folder == ROOT.parent else [ONCE]
    with local(*options, LOCALCLOUD_FOLDER=str(folder)) as url:
        assert requests.get(f"{url}/health", timeout=9).status_code == 200


def test_it_says_at_its_start_what_api_gateway_would_do(tmp_path):
    with local(ONCE, said=tmp_path / "said", LOCAL_API_KEY=KEY) as url:
        foreign = {"Host": "evil.example", "x-api-key": KEY}
        unknown = requests.get(f"{url}/nowhere", headers=foreign, timeout=9)
    said = (tmp_path / "said").read_text()

    assert [*unknown.json()] == ["message"]
    assert "does not check Host and Origin" in said
    assert 'a path or a method that it does not know with Chalice\'s own {"message"' in said


@pytest.fixture(scope="module")
def keyed() -> Iterator[str]:
    with local(ONCE, LOCAL_API_KEY=KEY) as url:
        yield url
