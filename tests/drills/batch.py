"""A batch of real applications, with a kill in the middle: python -m tests.drills.batch [rows]

The bank is killed by SIGKILL when half of the rows are decided, started again, and the batch is
started again. Then each row must be decided once, and the table must hold nothing else. Printed are
the rows a second, the processor time and the peak memory of the server and of its models.
"""

import json
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pandas as pd
import requests

from bank.first_run import body_of
from chalicelib.decisions.intake.batches.batch_ids import prediction_id
from datasets.sba import SAMPLE, dataset_of
from tests.drills.bank_process import BankProcess, bank_process

ROWS = 100_000
EVERY_SECONDS = 2.0
TICKS = os.sysconf("SC_CLK_TCK")

Document = dict[str, Any]


@dataclass
class Measured:
    """Seconds and rows of the parts between the kills, with the processor time of the processes."""

    seconds: float = 0
    rows: int = 0
    server_seconds: float = 0
    models_seconds: float = 0
    peaks: dict[str, int] = field(default_factory=dict)  # bytes


class Memory:
    """A watch of the resident memory of the bank and of the processes that it started."""

    def __init__(self, bank: BankProcess, measured: Measured) -> None:
        self._bank = bank
        self._measured = measured
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.5):
            found = {"server": _resident(self._bank.pid)}
            found["models"] = sum(map(_resident, _children(self._bank.pid)))
            for name, size in found.items():
                self._measured.peaks[name] = max(size, self._measured.peaks.get(name, 0))


def _children(pid: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:  # it has ended
            continue
        if parent == pid:
            found.append(int(path.parent.name))
    return found


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def _processor(pid: int) -> float:
    try:
        values = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return (int(values[11]) + int(values[12])) / TICKS


class Caller:
    """The API of a bank, as the caller of a batch has it."""

    def __init__(self, bank: BankProcess) -> None:
        self._bank = bank

    def post(self, body: Document) -> Document:
        answer = requests.post(
            f"{self._bank.url}/batches", json=body, headers=self._key, timeout=60
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    def shown(self, batch: str) -> Document:
        answer = requests.get(f"{self._bank.url}/batches/{batch}", headers=self._key, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def newest(self, client: str) -> list[Document]:
        url = f"{self._bank.url}/predictions/{client}"
        return requests.get(url, headers=self._key, timeout=60).json()["predictions"]

    @property
    def _key(self) -> dict[str, str]:
        return {"x-api-key": self._bank.api_key}


def lines(rows: int) -> Iterator[bytes]:
    """Yield real applications, again from the first with other clients when there are no more."""
    cases = [body_of(case) for case in dataset_of(pd.read_parquet(SAMPLE)).cases()]
    for number, body in enumerate(islice(cycle(cases), rows), 1):
        yield json.dumps(body | {"clientId": f"drill-{number}"}).encode() + b"\n"


def followed(
    caller: Caller, bank: BankProcess, batch: str, until: int, measured: Measured
) -> Document:
    """Follow a batch until so many rows are decided or it has ended, and return it."""
    began, before = time.monotonic(), _times(bank)
    first = caller.shown(batch).get("rows", {}).get("decided", 0)
    while True:
        found = caller.shown(batch)
        decided = found.get("rows", {}).get("decided", 0)
        print(f"{time.monotonic() - began:6.0f} s {found['state']} {decided:,} rows", flush=True)
        if found["state"] != "RUNNING" or decided >= until:
            break
        time.sleep(EVERY_SECONDS)
    after = _times(bank)
    measured.seconds += time.monotonic() - began
    measured.rows += decided - first
    measured.server_seconds += after[0] - before[0]
    measured.models_seconds += after[1] - before[1]
    return found


def _times(bank: BankProcess) -> tuple[float, float]:
    return _processor(bank.pid), sum(map(_processor, _children(bank.pid)))


def run(bank: BankProcess, rows: int, measured: Measured) -> list[str]:
    """Decide a batch with a kill in the middle, and return what is wrong."""
    caller = Caller(bank)
    file = b"".join(lines(rows))
    asked = caller.post({"format": "jsonl", "bytes": len(file)})
    batch, upload = asked["batchId"], asked["upload"]
    sent = requests.put(upload["url"], data=file, headers=upload["headers"], timeout=120)
    assert sent.status_code == 200, sent.text
    caller.post({"batchId": batch})
    followed(caller, bank, batch, rows // 2, measured)
    bank.kill()
    print("killed by SIGKILL", flush=True)
    began = time.monotonic()
    bank.start()
    print(f"{time.monotonic() - began:6.0f} s until it serves again", flush=True)
    left = caller.shown(batch)
    faults = [] if left["state"] == "INTERRUPTED" else [f"after the kill: {left['state']}"]
    caller.post({"batchId": batch})
    ended = followed(caller, bank, batch, rows + 1, measured)
    return faults + wrong(caller, ended, rows)


def wrong(caller: Caller, ended: Document, rows: int) -> list[str]:
    """Return what is wrong with a batch that has ended: rows, ids, and what the table holds."""
    batch, wanted = ended["batchId"], {"total": rows, "decided": rows, "refused": 0}
    if ended["state"] != "DONE" or ended["rows"] != wanted:
        return [f"{ended['state']}: {ended.get('rows')}"]
    body = requests.get(ended["files"]["decisions"], timeout=120).content
    found = [json.loads(line) for line in body.splitlines()]
    faults = []
    if [one["row"] for one in found] != [*range(1, rows + 1)]:
        faults.append("the result does not have each row once, in order")
    strange = [one for one in found if one["predictionId"] != prediction_id(batch, one["row"])]
    faults += [f"row {one['row']} has a strange id" for one in strange[:3]]
    if Counter(one["decision"] for one in found) != Counter(ended["decisions"]):
        faults.append("the summary counts other decisions than the result")
    for one in found[:: max(1, rows // 500)]:  # by the API: a scan of all would take minutes
        stored = caller.newest(f"drill-{one['row']}")
        if [each["predictionId"] for each in stored] != [one["predictionId"]]:
            faults.append(f"row {one['row']} is stored {len(stored)} times")
    return faults


def main() -> int:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    measured = Measured()
    with tempfile.TemporaryDirectory(prefix="batch-") as folder:
        state = Path(folder) / "state"
        with bank_process(state, Path(folder) / "log") as bank:
            bank.start()
            memory = Memory(bank, measured)
            faults = run(bank, rows, measured)
            memory.stop()
    print(
        f"{measured.rows / measured.seconds:,.0f} rows a second; processor time of a row: "
        f"{1000 * measured.server_seconds / measured.rows:.1f} ms of the server, "
        f"{1000 * measured.models_seconds / measured.rows:.1f} ms of the models; peak memory: "
        + ", ".join(f"{name} {size / 1e6:,.0f} MB" for name, size in measured.peaks.items())
    )
    for fault in faults:
        print(f"WRONG: {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
