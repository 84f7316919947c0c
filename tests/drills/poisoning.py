"""Poisoning with the API key alone, followed to the decisions: python -m tests.drills.poisoning

Two banks live through the same two updateData with honest files; one is attacked before each. Then
both decide on the same applications. Whatever the holder of a key has posted, no decision differs.
"""

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import boto3
import pandas as pd
import requests
from rich.console import Console

from infrastructure.first_models import scheduled_event
from localcloud.api import serving_api
from localcloud.bank import Bank, open_bank
from localcloud.first_run import bring
from training.datasets import Case, Dataset
from training.datasets.sba import SAMPLE, TEST_FROM, TEST_TO, dataset_of

KEY = "the-key-that-was-stolen"
DATA = "dev-appvengers-data"
PATIENCE_SECONDS = 900
PROBES = 100  # applications of each group, of which the bank is asked in the end
INVENTED = {"6 paid": 6, "60 paid": 60, "300 paid": 300, "applications alone": 60}

Applications = list[dict[str, Any]]


class Caller:
    """All that the key is good for."""

    def __init__(self, url: str) -> None:
        self._url = url

    def predict(self, application: dict[str, Any], client: str) -> dict[str, Any]:
        body = {"clientId": client, "application": application}
        return self._post("/predict", body)

    def report(self, decision: dict[str, Any], outcome: str) -> int:
        """Return the status: what was declined has no outcome."""
        day = decision["createdAt"][:10]
        path = f"/predictions/{decision['clientId']}/{decision['predictionId']}/outcome"
        said = {"outcome": outcome, "when": day, "granted": day}
        return self._answer(path, said).status_code

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        response = self._answer(path, body)
        response.raise_for_status()
        answer: dict[str, Any] = response.json()
        return answer

    def _answer(self, path: str, body: dict[str, Any]) -> requests.Response:
        headers = {"x-api-key": KEY}
        return requests.post(self._url + path, json=body, headers=headers, timeout=60)


def attack(caller: Caller, cases: list[Case], groups: dict[str, str], wave: int) -> Counter[str]:
    """Post applications and false outcomes, half of them before each updateData."""
    posted: Counter[str] = Counter()
    plan = [(f"BANK OF {name}".upper(), "" if "alone" in name else "paid", count)
            for name, count in INVENTED.items()]  # fmt: skip
    plan += [(groups["good lender"], "defaulted", 150), (groups["bad lender"], "paid", 150)]
    plan += [("BANK OF DRIPS", "paid", 10)]
    with ThreadPoolExecutor(4) as pool:
        for lender, outcome, count in plan:
            chosen = islice(cases, wave, wave + (count + 1) // 2)
            asked = [case["application"] | {"lender": lender} for case in chosen]
            clients = [f"thief-{lender}-{wave}-{n}" for n in range(len(asked))]
            decided = list(pool.map(caller.predict, asked, clients))
            posted["applications"] += len(decided)
            if outcome:
                statuses = pool.map(caller.report, decided, [outcome] * len(decided))
                posted.update(f"outcome {status}" for status in statuses)
    return posted


def lived(dataset: Dataset, groups: dict[str, str], *, attacked: bool) -> dict[str, list[tuple]]:
    """Return what the bank decides in the end, by group."""
    cases = list(dataset.cases())
    with tempfile.TemporaryDirectory() as folder, open_bank(Path(folder)) as bank:
        bring(bank, dataset, Console(quiet=True))
        with serving_api(bank, KEY, 0) as port:
            caller = Caller(f"http://127.0.0.1:{port}")
            for wave, honest in enumerate(_halves(dataset)):
                if attacked:
                    print(dict(attack(caller, cases, groups, wave)), flush=True)
                _retrain(bank, wave, honest)
            return {
                name: [_decided(caller, one) for one in _probes(cases, lender)]
                for name, lender in groups.items()
            }


def _halves(dataset: Dataset) -> Iterator[pd.DataFrame]:
    later = dataset.later(TEST_FROM, TEST_TO)
    yield later.iloc[: len(later) // 2]
    yield later.iloc[len(later) // 2 :]


def _retrain(bank: Bank, wave: int, honest: pd.DataFrame) -> None:
    boto3.client("s3").put_object(
        Bucket=DATA, Key=f"credit/newData/{wave}.csv", Body=honest.to_csv(index=False).encode()
    )
    at = datetime.now(UTC) + timedelta(days=7 * wave, seconds=1)
    answer = boto3.client("lambda").invoke(
        FunctionName=bank.settings.function("updateData"), Payload=json.dumps(scheduled_event(at))
    )
    done = json.load(answer["Payload"])
    bank.cloud.idle(PATIENCE_SECONDS)
    arn = bank.settings.retraining_machine_arn("123456789012")
    arn = f"{arn.replace(':stateMachine:', ':execution:')}:{done['execution']}"
    ended = boto3.client("stepfunctions").describe_execution(executionArn=arn)
    if ended["status"] != "SUCCEEDED":
        sys.exit(f"The retraining is {ended['status']}: {ended.get('error')} {ended.get('cause')}")
    models = json.loads(ended["output"])["models"]
    print({one["model"]: one["verdict"] for one in models}, flush=True)


def _probes(cases: list[Case], lender: str) -> Applications:
    return [case["application"] | {"lender": lender} for case in cases[:PROBES]]


def _decided(caller: Caller, application: dict[str, Any]) -> tuple[str, int]:
    answer = caller.predict(application, "probe")
    return answer["decision"], answer["score"]


def _groups(dataset: Dataset) -> dict[str, str]:
    """The lenders that the attack names, real ones by how their loans did."""
    loans = dataset.snapshot()
    known = loans[loans["approvalDate"] >= "2003-07-01"].groupby("lender")["defaulted"]
    found = known.agg(["mean", "count"])
    large = found[found["count"] >= 100].sort_values("mean")
    real = {"good lender": str(large.index[0]), "bad lender": str(large.index[-1])}
    invented = {name: f"BANK OF {name}".upper() for name in INVENTED}
    return invented | real | {"drips": "BANK OF DRIPS", "another": str(large.index[1])}


def main() -> int:
    dataset = dataset_of(pd.read_parquet(SAMPLE))
    groups = _groups(dataset)
    control = lived(dataset, groups, attacked=False)
    after = lived(dataset, groups, attacked=True)
    moved = 0
    for name in groups:
        differ = sum(a != b for a, b in zip(control[name], after[name], strict=True))
        moved += differ
        told = [dict(Counter(kind for kind, _ in found[name])) for found in (control, after)]
        print(f"{name:20} honest {told[0]}  attacked {told[1]}  moved {differ}", flush=True)
    print(f"{moved} decisions or scores moved by the attack")
    return 1 if moved else 0


if __name__ == "__main__":
    sys.exit(main())
