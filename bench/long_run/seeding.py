"""Seeding of a stopped bank: copies of its real decisions under other ids, clients and days.

They are written as the bank writes them, by its own storage: with checksums, indexes and the number
of transactions. Each is as large as the real one.
"""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from chalicelib.decisions import day_index
from localcloud.kept_state.recovery.damage import mark
from localcloud.kept_state.sqlite.database import FILE, Storage
from localcloud.kept_state.sqlite.disk import Disk
from localcloud.kept_state.sqlite.folder_lock import held

TABLE = "dev-appvengers-PrediccionesCredito"
DAYS = 30  # before now, evenly
BUSY_CLIENT, BUSY_EVERY = "seeded-busy", 50  # one client has a fiftieth of all decisions
A_CLIENT = 10  # decisions of each other client
A_TRANSACTION = 1_000


REAL = """select item from items where "table" = ? and key not like '%#%' limit 500"""
STORED = """select count(*) from items where "table" = ? and key not like '%#%'"""


def seed(folder: Path, decisions: int) -> None:
    """Add decisions to a folder until it has so many."""
    with held(folder):
        storage = Storage(folder / FILE, Disk(), outlives=False)
        try:
            mark(folder, storage)
            real = [json.loads(text) for (text,) in storage.readers.rows(REAL, [TABLE])]
            stored = storage.readers.rows(STORED, [TABLE])[0][0]
            copies = islice(_copies(real, decisions), max(decisions - stored, 0))
            while some := [*islice(copies, A_TRANSACTION)]:
                with storage.transaction() as rows:
                    for item in some:
                        rows.put_item(TABLE, _key(item), json.dumps(item))
        finally:
            storage.close()


def _copies(real: list[dict[str, Any]], decisions: int) -> Iterator[dict[str, Any]]:
    """Yield items of decisions without an end, the oldest first."""
    numbers = random.Random(decisions)
    now = datetime.now(UTC)
    step = timedelta(days=DAYS) / decisions
    for number, item in enumerate(cycle(real)):
        at = now - timedelta(days=DAYS) + step * number
        name = f"{int(at.timestamp() * 1000):012x}{numbers.getrandbits(80):020x}"
        busy = number % BUSY_EVERY == 0
        yield item | {
            "clientId": {"S": BUSY_CLIENT if busy else f"seeded-{number // A_CLIENT}"},
            "predictionId": {"S": name},
            "createdAt": {"S": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"},
            "day": {"S": day_index.key_of(f"{at:%Y-%m-%d}", name)},
        }


def _key(item: dict[str, Any]) -> str:
    return json.dumps([item["clientId"], item["predictionId"]])
