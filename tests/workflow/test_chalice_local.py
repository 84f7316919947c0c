"""`chalice local`, the README's own suggestion: the app without a gateway in front of it."""

import os
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
KEY = "a-key-that-localcloud-env-exports"


@contextmanager
def local(**environment: str) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    chalice = Path(sys.executable).with_name("chalice")
    process = subprocess.Popen(
        [chalice, "local", "--port", str(port), "--no-autoreload"],
        cwd=ROOT,
        env=os.environ | {"LOCAL_API_KEY": ""} | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
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
        process.terminate()
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


def test_without_one_set_it_answers_nobody_and_says_what_to_do():
    with local() as url:
        headers = {"x-api-key": "", "Accept-Language": "en"}
        answer = requests.post(f"{url}/predict", json={}, headers=headers, timeout=9)

    assert answer.status_code == 403
    assert "localcloud env" in answer.json()["detail"]


@pytest.fixture(scope="module")
def keyed() -> Iterator[str]:
    with local(LOCAL_API_KEY=KEY) as url:
        yield url
