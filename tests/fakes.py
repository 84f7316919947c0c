"""What stands for AWS in unit tests; tests/unit/test_predictions.py holds the table to the same."""

from typing import Any

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

    def get(self, client_id: str, prediction_id: str) -> Document:
        if (client_id, prediction_id) not in self._items or prediction_id.startswith("idem"):
            raise PredictionNotFound(f"{client_id} has no prediction {prediction_id}.")
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
