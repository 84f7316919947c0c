"""The floor: a bare ASGI app on our own evaluator and our own table, without an AWS around it."""

import json
import os
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.floor.own_decision import OwnDecision
from localcloud.kept_state.sqlite.database import Storage
from localcloud.kept_state.sqlite.disk import Disk

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]

TABLE = "PrediccionesCredito"
HEADERS = [(b"content-type", b"application/json")]


class Floor:
    def __init__(self, artifacts: Path, table: Path) -> None:
        self._own = OwnDecision(artifacts)
        self._storage = Storage(table, Disk())

    def answer(self, body: bytes) -> bytes:
        """Decide, and store the decision: it is on disk before the answer."""
        asked, decided = self._own.decide(json.loads(body))
        answer = {
            "predictionId": uuid.uuid4().hex,
            "clientId": asked.client_id,
            "createdAt": datetime.now(UTC).isoformat(),
            **decided,
        }
        item = json.dumps(answer | {"application": asked.values})
        with self._storage.transaction() as transaction:
            transaction.put_item(TABLE, f"{asked.client_id}/{answer['predictionId']}", item)
        return json.dumps(answer).encode()


async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    if scope["type"] != "http":  # uvicorn runs with --lifespan off
        raise NotImplementedError(scope["type"])
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    answer = floor.answer(body)
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": answer})


floor = Floor(Path(os.environ["ARTIFACTS"]), Path(os.environ["DECISIONS"]))
