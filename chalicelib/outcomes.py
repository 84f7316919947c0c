"""POST …/outcome: what became of a decided loan. Nothing is overwritten; the newest told counts."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any, Protocol

from chalicelib.application import CORRECT, NOT_ONE_OF
from chalicelib.errors import InvalidOutcome
from chalicelib.outcome_id import outcome_id
from chalicelib.text import Text

OUTCOMES = ("paid", "defaulted")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

NOT_AN_OUTCOME = Text(
    es='debe ser un objeto con "outcome" y "when"', en='must be an object with "outcome" and "when"'
)
UNKNOWN_FIELD = Text(es="no es un campo de un resultado", en="is not a field of an outcome")
NO_DAY = Text(es="debe ser un día, como 2026-05-31", en="must be a day, such as 2026-05-31")
IN_THE_FUTURE = Text(es="no debe estar en el futuro", en="must not be in the future")
BEFORE_THE_DECISION = Text(
    es="debe ser {day}, el día de la decisión, o posterior",
    en="must be {day}, the day of the decision, or later",
)

Document = dict[str, Any]


class Predictions(Protocol):
    def get(self, client_id: str, prediction_id: str) -> Document: ...
    def outcomes(self, client_id: str, prediction_id: str) -> list[Document]: ...
    def tell(self, client_id: str, outcome_id: str, outcome: Document) -> Document: ...


def tell(
    client_id: str, prediction_id: str, payload: Any, predictions: Predictions, now: datetime
) -> Document:
    """The outcome as stored; the same again is the same. Raises InvalidOutcome."""
    decided_at = predictions.get(client_id, prediction_id)["createdAt"]
    if errors := dict(_wrong_fields(payload, decided_at[:10], now.astimezone(UTC).date())):
        raise InvalidOutcome(CORRECT.format(count=len(errors), fields=", ".join(errors)), errors)
    earlier = predictions.outcomes(client_id, prediction_id)[-1:]
    if earlier and all(earlier[0][name] == payload[name] for name in ("outcome", "when")):
        return _answer(earlier[0])
    replaces = earlier[0]["predictionId"].rpartition("#")[2] if earlier else ""
    told_at = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    told = payload | {"of": prediction_id, "decidedAt": decided_at, "toldAt": told_at}
    name = outcome_id(prediction_id, payload["outcome"], payload["when"], replaces)
    return _answer(predictions.tell(client_id, name, told))


def with_outcomes(client_id: str, prediction_id: str, predictions: Predictions) -> Document:
    """A decision as stored, and what was told of it, the newest first."""
    stored = predictions.get(client_id, prediction_id)
    told = predictions.outcomes(client_id, prediction_id)
    shown = ("outcome", "when", "toldAt")
    return stored | {"outcomes": [{name: one[name] for name in shown} for one in told[::-1]]}


def _answer(told: Document) -> Document:
    shown = ("clientId", "outcome", "when", "toldAt")
    return {"predictionId": told["of"]} | {name: told[name] for name in shown}


def _wrong_fields(payload: Any, decided_on: str, today: date) -> Iterator[tuple[str, Text]]:
    if not isinstance(payload, dict):
        yield "body", NOT_AN_OUTCOME
        return
    if payload.get("outcome") not in OUTCOMES:
        yield "outcome", NOT_ONE_OF.format(values=", ".join(OUTCOMES))
    if fault := _day_fault(payload.get("when"), decided_on, today):
        yield "when", fault
    for name in payload.keys() - {"outcome", "when"}:
        yield name, UNKNOWN_FIELD


def _day_fault(when: Any, decided_on: str, today: date) -> Text | None:
    try:
        day = date.fromisoformat(when) if DAY.fullmatch(when) else None
    except (ValueError, TypeError):
        day = None
    if day is None:
        return NO_DAY
    if day > today:
        return IN_THE_FUTURE
    return BEFORE_THE_DECISION.format(day=decided_on) if when < decided_on else None
