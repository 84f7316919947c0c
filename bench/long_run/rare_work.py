"""Work that comes once in a while beside the requests: a batch, an erasure, and watchDrift."""

import json
import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import requests

from bench.long_run.bank_clients import BankClients
from bench.servers.contestants import Body
from infrastructure.first_models.first_model_steps import scheduled_event

ROWS = 100  # of a batch
LONGEST_BATCH = 300  # seconds
WATCH_DRIFT = "appvengers-dev-watchDrift"


class WrongResult(Exception):
    """A result that is no error of a request, but not what was asked for."""


def decide_a_batch(clients: BankClients, bodies: Sequence[Body], numbers: random.Random) -> None:
    """Upload applications, start their batch, and follow it to its end. Raises WrongResult."""
    name = f"{numbers.getrandbits(40):x}"
    rows = [
        {**numbers.choice(bodies), "clientId": f"batch-{name}-{number}"} for number in range(ROWS)
    ]
    file = "".join(f"{json.dumps(row)}\n" for row in rows).encode()
    asked = clients.ask("POST", "batches", {"format": "jsonl", "bytes": len(file)})
    upload = asked["upload"]
    requests.put(upload["url"], file, headers=upload["headers"], timeout=60).raise_for_status()
    clients.ask("POST", "batches", {"batchId": asked["batchId"]})
    ended = _ended(clients, asked["batchId"])
    if ended["state"] != "DONE" or ended["rows"]["decided"] != ROWS:
        raise WrongResult(f"batch: {ended['state']} {ended.get('rows')}")


def _ended(clients: BankClients, batch: str) -> Any:
    until = time.monotonic() + LONGEST_BATCH
    while True:
        found = clients.ask("GET", f"batches/{batch}")
        if found["state"] in ("DONE", "FAILED", "INTERRUPTED") or time.monotonic() > until:
            return found
        time.sleep(1)


def erase_a_client(clients: BankClients, bodies: Sequence[Body], numbers: random.Random) -> None:
    """Decide for a client, erase it as an operator, and look for what is left of it.

    A loan stays where a law keeps it. Raises WrongResult.
    """
    client = f"leaving-{numbers.getrandbits(40):x}"
    clients.ask("POST", "predict", {**numbers.choice(bodies), "clientId": client})
    erased = clients.ask_as_operator("DELETE", f"clients/{client}?reason=CLIENT_REQUEST")
    kept = sum(one.get("kept", 0) for one in erased["classes"])
    listed = len(clients.ask("GET", f"predictions/{client}")["predictions"])
    if listed != kept:
        raise WrongResult(f"erasure: of {client} {kept} decisions are kept, and {listed} listed")


def watch_drift(clients: BankClients) -> None:
    """Let watchDrift read the week. Raises WrongResult."""
    event = json.dumps(scheduled_event(datetime.now(UTC)))
    answer = clients.aws("lambda").invoke(FunctionName=WATCH_DRIFT, Payload=event)
    if "FunctionError" in answer:
        raise WrongResult(f"watchDrift: {answer['Payload'].read().decode()[:200]}")
