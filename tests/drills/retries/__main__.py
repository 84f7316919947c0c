"""Clients that retry: python -m tests.drills.retries [minutes] [clients]      10 and 1000 usually

Each client sends a real application with its key, at random again and again: it waits, prefers not
to, gives up, sends it twice at once, or asks where 202 said. Meanwhile endpoints hang, or are
deleted and made again, and the server is killed and started five times. In the end each key has one
stored decision, and each client saw that one alone. `!` marks what should not be.
"""

import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import boto3
import pandas as pd

from bank.first_run import body_of
from chalicelib.foundation.dynamodb_items import from_item
from datasets.sba import SAMPLE, dataset_of
from infrastructure import embedded
from infrastructure.first_models.first_model_steps import scheduled_event
from tests.drills.bank_process import BankProcess, bank_process
from tests.drills.retries.clients import Crowd
from tests.drills.retries.stops import Stops

KILLS = 5
TABLE, CASES = "dev-appvengers-PrediccionesCredito", "dev-appvengers-Revisiones"

Document = dict[str, Any]


def drill(bank: BankProcess, bodies: list[Document], minutes: float) -> bool:
    """Run the clients against the faults, and return whether all is as it should be."""
    crowd, stops = Crowd(bank, bodies, minutes * 60), Stops(bank)
    began = time.monotonic()
    for number in range(1, KILLS + 1):
        due = began + minutes * 60 * number / (KILLS + 1)
        time.sleep(max(0.0, due - time.monotonic()))
        bank.kill()
        killed = time.monotonic()
        bank.start()
        down = time.monotonic() - killed
        print(f"  kill {number}: served again after {down:.1f} s; {crowd.progress()}", flush=True)
    time.sleep(max(0.0, began + minutes * 60 - time.monotonic()))
    stops.stop()
    print(f"  the end: {crowd.progress()}", flush=True)
    undecided = crowd.stop()
    print(f"  endpoints: {stops.counts}", flush=True)
    return report(crowd, undecided, bank)


def aws(bank: BankProcess, service: str) -> Any:
    return boto3.client(  # type: ignore[call-overload]
        service,
        endpoint_url=f"http://127.0.0.1:{bank.aws_port}",
        aws_access_key_id=embedded.CLIENT["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=embedded.CLIENT["AWS_SECRET_ACCESS_KEY"],
        region_name="us-east-1",
    )


def records(bank: BankProcess, table: str) -> Iterator[Document]:
    """Yield all items of a table, with what only the table has."""
    for page in aws(bank, "dynamodb").get_paginator("scan").paginate(TableName=table):
        yield from map(from_item, page["Items"])


def open_cases(bank: BankProcess, names: set[str]) -> set[str]:
    return {
        one["predictionId"]
        for one in records(bank, CASES)
        if one["clientId"] in names and "openIn" in one
    }


def watch(bank: BankProcess) -> None:
    """Run watchReviews when all cases are due: it closes those of a run that did not decide."""
    event = json.dumps(scheduled_event(datetime.now(UTC) + timedelta(days=31)))
    aws(bank, "lambda").invoke(FunctionName="appvengers-dev-watchReviews", Payload=event)


def report(crowd: Crowd, undecided: list[str], bank: BankProcess) -> bool:
    """Print what was seen and stored, and return whether all is as it should be."""
    seen, names = crowd.seen, {one.name for one in crowd.clients}
    mine = [one for one in records(bank, TABLE) if one["clientId"] in names]
    decided = [one for one in mine if "decision" in one]
    by_client = Counter(one["clientId"] for one in decided)
    claims = Counter(one["clientId"] for one in mine if "applicationHash" in one)
    marks = [one for one in mine if "pendingUntil" in one]
    told = {one["clientId"]: {one["predictionId"]} for one in decided}
    left = {one["predictionId"] for one in decided if one["decision"] == "REVIEW"}
    opened = open_cases(bank, names)
    watch(bank)
    basis = Counter(one["decisionBasis"] for one in decided)
    for said, count in sorted(seen.statuses.items()):
        print(f"  {count:7} {said}")
    print(f"  {sum(seen.statuses.values())} requests, {len(marks)} marks, {dict(basis)}")
    print(f"  {len(opened - left)} cases of a run that was killed before it stored its decision")
    facts = {
        f"{len(names)} clients have a decision in the end": not undecided,
        f"{len(decided)} stored decisions, one a key": by_client == dict.fromkeys(names, 1),
        f"{claims.total()} claims of keys, one a client": claims == dict.fromkeys(names, 1),
        "each client was told of the stored decision alone": seen.predictions == told,
        f"{len(left)} decisions left to people have a case": left <= opened,
        "watchReviews closes the cases of other runs alone": open_cases(bank, names) == left,
        f"{len(seen.wrong)} answers that should not be": not seen.wrong,
    }
    for line, is_right in facts.items():
        print(f"{' ' if is_right else '!'} {line}")
    for one in (*undecided[:5], *seen.wrong[:10]):
        print("    ", one)
    return all(facts.values())


def main(minutes: float = 10, clients: float = 1000) -> int:
    cases = dataset_of(pd.read_parquet(SAMPLE)).cases()
    bodies = [body_of(case) for case in islice(cases, int(clients))]
    with (
        tempfile.TemporaryDirectory(prefix="drill-") as work,
        bank_process(Path(work) / "bank", Path(work) / "bank.log") as bank,
    ):
        bank.start()
        print(f"  {len(bodies)} clients for {minutes:g} minutes", flush=True)
        return 0 if drill(bank, bodies, minutes) else 1


if __name__ == "__main__":
    try:
        given = [float(one) for one in sys.argv[1:]]
    except ValueError as fault:
        sys.exit(f"{fault}: say the minutes as a number, as make drill-retries MINUTES=10")
    sys.exit(main(*given))
