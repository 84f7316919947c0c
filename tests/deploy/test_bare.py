"""`make cloud`: an empty AWS, of which only what was said is kept."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from infrastructure.embedded import CLIENT
from infrastructure.project import ROOT


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Its address, and what it said at its start."""
    environ = os.environ | {"LOCALCLOUD_FOLDER": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "bank", "bare", "--aws-port", "0"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as running:
        said = ""
        for line in running.stdout or ():
            said += line
            if "make deploy" in line:
                break
        yield line.strip().rpartition("=")[2], said
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=20)


def client(service: str, address: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=address,
        region_name=CLIENT["AWS_DEFAULT_REGION"],
        aws_access_key_id=CLIENT["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CLIENT["AWS_SECRET_ACCESS_KEY"],
    )


def test_notices_are_where_it_says(bare, tmp_path):
    address, said = bare
    (folder,) = (tmp_path / "bare").iterdir()
    assert str(folder) in "".join(said.splitlines())

    sns = client("sns", address)
    topic = sns.create_topic(Name="dev-appvengers-ReentrenamientoNotificaciones")["TopicArn"]
    sns.publish(TopicArn=topic, Subject="one", Message="told")
    assert '"message": "told"' in (folder / "notices.jsonl").read_text()


def test_a_queue_is_reached_at_the_address_that_it_tells(bare):
    address, _ = bare
    sqs = client("sqs", address)
    sqs.create_queue(QueueName="dev-appvengers-failures")
    url = sqs.get_queue_url(QueueName="dev-appvengers-failures")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="given up")

    assert url.startswith(f"{address}/")
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert message["Body"] == "given up"
