"""Batches for the permission audit: one of each form, of which one is refused."""

import io
import json
from typing import Any

import pandas as pd
import requests

from bank.embedded_bank import Bank

PATIENCE_SECONDS = 120

Body = dict[str, Any]


class Batches:
    """The routes of batches at a URL, with a key for them."""

    def __init__(self, bank: Bank, url: str, key: str) -> None:
        self._bank = bank
        self._url = f"{url}/batches"
        self._headers = {"x-api-key": key}

    def decide(self, form: str, body: bytes) -> None:
        """Upload a file, and decide it to the end."""
        asked = self._post({"format": form, "bytes": len(body)})
        upload = asked["upload"]
        requests.put(upload["url"], data=body, headers=upload["headers"], timeout=30)
        self._post({"batchId": asked["batchId"]})
        self._bank.cloud.idle(PATIENCE_SECONDS)
        requests.get(f"{self._url}/{asked['batchId']}", headers=self._headers, timeout=30)

    def _post(self, body: Body) -> Any:
        return requests.post(self._url, json=body, headers=self._headers, timeout=30).json()


def drive(bank: Bank, url: str, key: str, bodies: list[Body]) -> None:
    """Decide batches. `bodies` are those of POST /predict."""
    batches = Batches(bank, url, key)
    lines = "".join(json.dumps(body) + "\n" for body in bodies).encode()
    batches.decide("csv", b"clientId,salary\n")
    batches.decide("parquet", _parquet(bodies))
    batches.decide("jsonl", lines)


def _parquet(bodies: list[Body]) -> bytes:
    written = io.BytesIO()
    rows = [{"clientId": body["clientId"], **body["application"]} for body in bodies]
    pd.DataFrame(rows).to_parquet(written)
    return written.getvalue()
