"""Callers notice nothing of a new version: every request is answered, by every model."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import boto3
import pytest

from tests.workflow.conftest import reversioned

CALLERS = 4
PATIENCE_SECONDS = 120
MODELS = ("Tradicional", "NetworkingAccelerator", "AppVengersAccelerator")
VERSIONS = ("20320101T000000", "20320102T000000")


@contextmanager
def callers(served, loans, answers, faults) -> Iterator[None]:
    """They ask without a pause until the end."""
    done = threading.Event()

    def keep_asking(turn):
        while not done.is_set():
            try:
                answers.append(served.predict(loans[turn % 200]))
            except AssertionError as fault:
                faults.append(str(fault))
            turn += CALLERS

    threads = [threading.Thread(target=keep_asking, args=[first]) for first in range(CALLERS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        done.set()
        for thread in threads:
            thread.join()


@pytest.fixture
def update_all(served):
    """A new version of every model, in service when it returns."""
    bodies = {model: served.artifact(model) for model in MODELS}

    def update(version):
        for model, body in bodies.items():
            boto3.client("s3").put_object(
                Bucket=served.bank.settings.model_bucket,
                Key=f"appvengers/{model}/{version}/model.tar.gz",
                Body=reversioned(body, version),
            )
        until(lambda: standing(served) == dict.fromkeys(MODELS, ("InService", version)))

    return update


def standing(served) -> dict[str, tuple[str, str]]:
    models = served.get("/models").json()["models"]
    return {model: (one["status"], one["version"]) for model, one in models.items()}


def until(holds: Callable[[], bool]) -> None:
    """Wait; the bank is never idle while callers ask."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_no_request_fails_while_all_endpoints_are_updated(served, loans, update_all):
    answers, faults, started = [], [], time.monotonic()
    with callers(served, loans, answers, faults):
        for version in VERSIONS:
            update_all(version)
    seconds = time.monotonic() - started
    print(f"{len(answers)} predictions, {len(faults)} failed, in {seconds:.1f} s of 6 updates")

    assert faults == []
    assert {one["status"] for answer in answers for one in answer["models"].values()} == {"OK"}
    for model in MODELS:
        seen = {answer["models"][model]["version"] for answer in answers}
        assert VERSIONS[-1] in seen
        assert len(seen) > 1
