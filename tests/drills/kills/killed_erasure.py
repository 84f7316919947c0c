"""An erasure on a bank that is killed: the hourly watch finishes it, and nothing is left."""

import json
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from bank.first_run import body_of
from chalicelib.foundation.record_salt import ERASURE, ERASURE_OF, ERASURES, PSEUDONYM
from chalicelib.governance.erasure.erasure_table import OPEN
from chalicelib.governance.policies.times import written_at
from datasets.sba import SAMPLE, dataset_of
from infrastructure.first_models.first_model_steps import scheduled_event
from tests.drills.bank_process import BankProcess
from tests.drills.kills.killed_flows import DIES_SECONDS, EVERY, Caller
from tests.drills.kills.operator import Operator
from tests.drills.retries.__main__ import CASES, TABLE, aws, records

DECISIONS = 2  # of a client who is erased
LATER = timedelta(hours=2)  # the watch takes what was begun an hour before
SETTLED_SECONDS = 120


class KilledErase:
    """DELETE /people/clients/…: each decision leaves one record without a client and one mark."""

    name = "erase, and the process is killed"
    functions = ("api_handler", "eraseClient")
    dies_seconds, guards_out, most = DIES_SECONDS, ("", "watch"), EVERY
    repeats = False

    def __init__(self, bank: BankProcess, body: dict[str, Any]) -> None:
        self._bank, self._caller, self._operator = bank, Caller(bank), Operator(bank)
        self._body = next(
            one
            for one in map(body_of, dataset_of(pd.read_parquet(SAMPLE)).cases())
            if self._decided(one, "drill-first")["decision"] == "REVIEW"  # a case, and no loan
        )

    def before(self) -> None:
        self._client = f"drill-{uuid.uuid4().hex[:12]}"
        made = [self._decided(self._body, self._client) for _ in range(DECISIONS)]
        self._ids = {one["predictionId"] for one in made}
        self._began = written_at(datetime.now(UTC))

    def ask(self) -> None:
        path = f"/clients/{self._client}?reason=CLIENT_REQUEST"
        self._answer = self._operator.ask("DELETE", path)

    def settle(self) -> None:
        """Hours pass: an operator without an answer does nothing. With it nothing is left to do."""
        self._is_due = self._is_told() or self._is_begun()
        if self._is_told():
            return
        until = time.monotonic() + SETTLED_SECONDS
        while self._is_left_by_the_watch() and time.monotonic() < until:
            time.sleep(1)

    def broken(self) -> Iterator[str]:
        stored, cases = [*records(self._bank, TABLE)], [*records(self._bank, CASES)]
        named = [one for one in (*stored, *cases) if one["clientId"] == self._client]
        if not self._is_due:  # it was killed before the order was stored
            if len(named) < 2 * DECISIONS:
                yield f"nothing was ordered, and {len(named)} records name the client"
            return
        if named:
            yield f"{len(named)} records name the client"
        kept = Counter(
            one["predictionId"] for one in stored if one["clientId"].startswith(PSEUDONYM)
        )
        marks = Counter(one["predictionId"] for one in stored if one["clientId"] == ERASURES)
        for one in self._ids:
            if (kept[one], marks[ERASURE_OF + one]) != (1, 1):
                yield f"{kept[one]} records and {marks[ERASURE_OF + one]} marks of a decision"
        if marks[OPEN + self._client]:
            yield "the erasure is still open"
        yield from self._counted(stored)

    def _is_left_by_the_watch(self) -> bool:
        event = json.dumps(scheduled_event(datetime.now(UTC) + LATER))
        watched = aws(self._bank, "lambda").invoke(
            FunctionName="appvengers-dev-watchReviews", Payload=event
        )
        return "FunctionError" in watched

    def _decided(self, body: dict[str, Any], client: str) -> dict[str, Any]:
        key, sent = uuid.uuid4().hex, {**body, "clientId": client}
        answer = self._caller.until_answered("/predict", sent, key)
        assert answer
        return answer

    def _is_begun(self) -> bool:
        """Return whether the erasure is open, or ended since."""
        names = [one for one in records(self._bank, TABLE) if one["clientId"] == ERASURES]
        is_open = any(one["predictionId"] == OPEN + self._client for one in names)
        return is_open or bool(self._ended(names))

    def _is_told(self) -> bool:
        return self._answer is not None and self._answer.status_code == 200

    def _ended(self, stored: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the erasures that were ordered and ended since the client was there."""
        ended = [one for one in stored if one["predictionId"].startswith(f"{ERASURE}2")]
        return [one for one in ended if one["at"] >= self._began]

    def _counted(self, stored: list[dict[str, Any]]) -> Iterator[str]:
        """Yield what the erasure counts, if that is not what was erased, once."""
        counts = [(one["decisions"], one["cases"]) for one in self._ended(stored)]
        if counts != [(DECISIONS, DECISIONS)]:
            yield f"the erasures count {counts} decisions and cases"
