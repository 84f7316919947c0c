"""Stand-ins for AWS in the unit tests.

tests/contract/decisions/test_predictions.py runs the same tests on the table and on its stand-in,
and tests/contract/test_fake_s3.py on S3 and on its own.
"""

import io
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.errors import PredictionNotFound

Document = dict[str, Any]


class PredictionList:
    """PredictionTable, in memory."""

    def __init__(self) -> None:
        self._items: dict[tuple[str, str], Document] = {}

    def add(self, prediction: Document) -> Document:
        key = (prediction["clientId"], prediction["predictionId"])
        return self._items.setdefault(key, prediction)

    def claim(self, client_id: str, key: str, claim: Document) -> Document:
        return self.add({"clientId": client_id, "predictionId": f"idempotency#{key}", **claim})

    def add_outcome(self, client_id: str, outcome_id: str, outcome: Document) -> Document:
        return self.add({"clientId": client_id, "predictionId": f"outcome#{outcome_id}", **outcome})

    def outcomes(self, client_id: str, prediction_id: str) -> list[Document]:
        of = f"outcome#{prediction_id}#"
        found = [
            item
            for (client, name), item in self._items.items()
            if client == client_id and name.startswith(of)
        ]
        return sorted(found, key=lambda told: (told["toldAt"], told["predictionId"]))

    def outcomes_reported_on(self, day: str) -> Iterator[Document]:
        told = [one for one in self._items.values() if one.get("toldAt", "").startswith(day)]
        yield from sorted(told, key=lambda one: one["predictionId"])

    def get(self, client_id: str, prediction_id: str) -> Document:
        hidden = prediction_id.startswith(("idempotency#", "outcome#"))
        if (client_id, prediction_id) not in self._items or hidden:
            raise PredictionNotFound
        return self._items[client_id, prediction_id]

    def newest(self, client_id: str, limit: int, before: str | None) -> list[Document]:
        bound = before or "idempotency#"
        found = [key for key in self._items if key[0] == client_id and key[1] < bound]
        return [self._items[key] for key in sorted(found, reverse=True)[:limit]]


class StoringMachine:
    """analisisCredito with one model's opinion: it stores and answers what it was asked."""

    def __init__(self, predictions: PredictionList) -> None:
        self.runs: list[Document] = []
        self._predictions = predictions

    def run(self, request: Document) -> Document:
        self.runs.append(request)
        return self._predictions.add(request | {"decision": "APPROVE"})


class S3:
    """boto3's client, of one bucket that holds these objects."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        self.objects = objects

    def get_paginator(self, name: str) -> "S3":
        return self

    def paginate(self, Bucket: str, Prefix: str) -> list[Document]:
        keys = [key for key in sorted(self.objects) if key.startswith(Prefix)]
        return [{"Contents": [{"Key": key} for key in keys]} if keys else {}]

    def get_object(self, Bucket: str, Key: str) -> Document:
        body = self._body(Key, "GetObject")
        return {"Body": io.BytesIO(body), "ContentLength": len(body)}

    def put_object(self, Bucket: str, Key: str, Body: bytes, IfNoneMatch: str = "") -> None:
        if IfNoneMatch and Key in self.objects:
            raise ClientError({"Error": {"Code": "PreconditionFailed"}}, "PutObject")
        self.objects[Key] = Body

    def copy_object(self, Bucket: str, Key: str, CopySource: dict[str, str]) -> None:
        self.objects[Key] = self._body(CopySource["Key"], "CopyObject")

    def _body(self, key: str, operation: str) -> bytes:
        if key not in self.objects:
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, operation)
        return self.objects[key]


class Topic:
    """What was told, of what."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.details: list[str] = []

    def publish(self, kind: str, what: str, detail: str) -> None:
        self.told.append((kind, what))
        self.details.append(detail)
