"""Examples of the API's description, made anew by the embedded bank on real loans (2 minutes).

make api-examples

It sends one real request of each operation, and writes requests and answers to the file that
GET /openapi.json takes them from. No example is written by hand.
"""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import boto3
from rich.console import Console

from bank.api import serving_api
from bank.api_examples import example_problems, example_requests
from bank.api_examples.example_recording import NoExample, Recording
from bank.demo_users import demo_people
from bank.embedded_bank import Bank, open_bank
from bank.first_run import body_of, bring
from chalicelib import profile
from chalicelib.http.openapi import recorded_examples, request_schemas
from chalicelib.http.openapi.operations import OPERATIONS
from chalicelib.people.access import Scope
from datasets import Dataset
from datasets.sba import SAMPLE, dataset_of
from infrastructure import embedded
from infrastructure.deploy.steps import user_pool
from infrastructure.operate import api_description
from infrastructure.project import ROOT, app_name
from training.snapshots.parquet_reading import read_parquet

KEY, OF_READING = "the-key-of-the-examples", "the-key-of-the-examples-of-reading"


def recorded(bank: Bank, dataset: Dataset) -> Recording:
    """Bring the bank into service on the way, and return its examples. Raises NoExample."""
    tokens, known = _tokens(bank), profile.load()
    with (
        serving_api(bank, KEY, 0, {Scope.READING: OF_READING}) as port,
        serving_api(bank, KEY, 0, {Scope.READING: OF_READING}, limited=True) as limited,
    ):
        url = f"http://127.0.0.1:{port}"
        recording = Recording(url, KEY, tokens)
        example_problems.record_early(recording, body_of(next(iter(dataset.cases()))))
        bring(bank, dataset, Console(quiet=True))
        ids = example_requests.record(bank, recording, known, dataset.cases())
        example_problems.record(recording, known, ids)
        others = (Recording(url, OF_READING, {}), Recording(f"http://127.0.0.1:{limited}", KEY, {}))
        example_problems.record_callers(recording, *others)
    return recording


def _tokens(bank: Bank) -> dict[str, str]:
    pool = user_pool.of_stage(boto3.client("cloudformation"), bank.settings)
    aws = f"http://127.0.0.1:{bank.cloud.serve_aws(0)}"
    people = demo_people.PEOPLE.items()
    return {name: demo_people.token_with(pool, aws, name, [role]) for name, role in people}


def written(recording: Recording) -> str:
    """Return the file's text."""
    content: dict[str, Any] = {
        "schemas": recorded_examples.schemas(profile.load()),
        "operations": recording.operations,
        "problems": recording.problems,
    }
    return json.dumps(content, ensure_ascii=False, sort_keys=True, indent=1) + "\n"


def main() -> int:
    os.environ |= embedded.CLIENT | {"APP_NAME": app_name(), "STAGE": "dev"}
    with tempfile.TemporaryDirectory(prefix="examples-") as folder, open_bank(Path(folder)) as bank:
        try:
            recording = recorded(bank, dataset_of(read_parquet(SAMPLE)))
            recording.require_all({*request_schemas.bodies(profile.load())})
        except NoExample as fault:
            print(fault, file=sys.stderr)
            return 1
    recorded_examples.PLACE.write_text(written(recording), encoding="utf-8")
    print(f"{recorded_examples.PLACE.relative_to(ROOT)}: {len(OPERATIONS)} operations.")
    api_description.main()
    return 0


if __name__ == "__main__":
    sys.exit(main())
