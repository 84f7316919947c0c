"""Outcomes of decided loans: POST …/outcome, and a decision with its outcomes.

Nothing is overwritten, and each outcome carries its source. training/snapshots/counting.py decides
which of them count.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any, Protocol

from chalicelib.decisions.outcome_id import outcome_id
from chalicelib.decisions.outcome_rules import (
    DECLINED,
    NOT_GRANTED,
    final_decision,
    kind,
    loan_fault,
    recorded_source,
)
from chalicelib.foundation.errors import InvalidOutcome, NotALoan, TooManyOutcomes
from chalicelib.foundation.request_fields import NO_DAY, NOT_ONE_OF, day_of, naming
from chalicelib.foundation.text import Text

OUTCOMES = ("paid", "defaulted")
MOST = 20  # outcomes of a loan from one source: corrections are few, and each is stored for good
FIELDS = ("outcome", "when", "granted")  # granted: the day on which a person granted the loan

NOT_AN_OUTCOME = Text(
    es='debe ser un objeto con "outcome" y "when"', en='must be an object with "outcome" and "when"'
)
UNKNOWN_FIELD = Text(es="no es un campo de un resultado", en="is not a field of an outcome")
IN_THE_FUTURE = Text(es="no debe estar en el futuro", en="must not be in the future")
BEFORE_THE_DECISION = Text(
    es="debe ser {day}, el día de la decisión, o posterior",
    en="must be {day}, the day of the decision, or later",
)
AFTER_THE_END = Text(es="no debe ser posterior a when", en="must not be after when")
NO_LOAN = {
    DECLINED: Text(
        es="La solicitud se rechazó: no hay préstamo del que informar.",
        en="The application was declined: there is no loan to report on.",
    ),
    NOT_GRANTED: Text(
        es="La decisión quedó en manos de una persona: diga en granted qué día se concedió.",
        en="The decision was left to a person: say in granted on which day the loan was granted.",
    ),
}

NOT_TAKEN = Text(
    es="El monto menor no se aprobó: informe del préstamo de la primera predicción, si lo hay.",
    en="The lower amount was not approved: report on the first prediction's loan, if there is one.",
)
SAID_OFTEN = Text(
    es="Se guardan {most} resultados de un préstamo y una clave, y ya los hay. "
    "Envíe la corrección en un archivo, en credit/newData/.",
    en="A loan keeps {most} outcomes of one key, and it has them. "
    "Send the correction in a file, under credit/newData/.",
)

Document = dict[str, Any]


class Predictions(Protocol):
    def get(self, client_id: str, prediction_id: str) -> Document: ...
    def outcomes(self, client_id: str, prediction_id: str) -> list[Document]: ...
    def acts(self, client_id: str, prediction_id: str) -> list[Document]: ...
    def add_outcome(
        self, client_id: str, outcome_id: str, outcome: Document, acts: int | None
    ) -> Document | None: ...


def report(
    client_id: str,
    prediction_id: str,
    payload: Any,
    source: str,
    predictions: Predictions,
    now: datetime,
    require_a_loan: Callable[[Document, list[Document]], None] = lambda *_: None,
) -> Document:
    """Store an outcome and return it as stored. A repeat from the same `source` changes nothing.

    `require_a_loan` raises a Problem by the decision and the acts on it. Where a person or a
    counter-offer acts at the same time, all is looked at again.

    Raises InvalidOutcome; NotALoan if the application was declined or not granted; and
    TooManyOutcomes if the source has stored MOST outcomes of this loan.
    """
    decision = predictions.get(client_id, prediction_id)
    decided_at = decision["createdAt"]
    acts = predictions.acts(client_id, prediction_id)
    require_a_loan(decision, acts)
    if errors := dict(_wrong_fields(payload, decided_at[:10], now.astimezone(UTC).date())):
        raise naming(InvalidOutcome, errors)
    decided = final_decision(decision["decision"], acts)
    if "counterOfferOf" in decision and decided != "APPROVE":
        raise NotALoan(NOT_TAKEN)
    if fault := loan_fault(decided, payload.get("granted")):
        raise NotALoan(NO_LOAN[fault])
    earlier = predictions.outcomes(client_id, prediction_id)
    own = [one for one in earlier if recorded_source(one) == source]
    if own and all(own[-1].get(name) == payload.get(name) for name in FIELDS):
        return _answer(own[-1])
    if len(own) >= MOST:
        raise TooManyOutcomes(SAID_OFTEN.format(most=MOST))
    replaces = earlier[-1]["predictionId"].rpartition("#")[2] if earlier else ""
    told_at = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    told = payload | {"of": prediction_id, "decidedAt": decided_at, "toldAt": told_at}
    name = outcome_id(prediction_id, payload["outcome"], payload["when"], replaces, source)
    stored = predictions.add_outcome(client_id, name, told | {"source": source}, len(acts))
    if stored is None:
        again = (payload, source, predictions, now, require_a_loan)
        return report(client_id, prediction_id, *again)
    return _answer(stored)


def with_outcomes(client_id: str, prediction_id: str, predictions: Predictions) -> Document:
    """Return a decision as stored, with its outcomes, the newest first."""
    stored = predictions.get(client_id, prediction_id)
    told = predictions.outcomes(client_id, prediction_id)
    return stored | {"outcomes": [_shown(one) for one in told[::-1]]}


def _answer(told: Document) -> Document:
    return {"predictionId": told["of"], "clientId": told["clientId"]} | _shown(told)


def _shown(told: Document) -> Document:
    """Return the outcome with its source's kind. A key's id and a file's name stay internal."""
    shown = {name: told[name] for name in (*FIELDS, "toldAt") if name in told}
    return shown | {"source": kind(recorded_source(told))}


def _wrong_fields(payload: Any, decided_on: str, today: date) -> Iterator[tuple[str, Text]]:
    if not isinstance(payload, dict):
        yield "body", NOT_AN_OUTCOME
        return
    if payload.get("outcome") not in OUTCOMES:
        yield "outcome", NOT_ONE_OF.format(values=", ".join(OUTCOMES))
    if when_fault := _day_fault(payload.get("when"), decided_on, today):
        yield "when", when_fault
    if "granted" in payload and (fault := _day_fault(payload["granted"], decided_on, today)):
        yield "granted", fault
    elif "granted" in payload and not when_fault and payload["granted"] > payload["when"]:
        yield "granted", AFTER_THE_END
    for name in payload.keys() - {*FIELDS}:
        yield name, UNKNOWN_FIELD


def _day_fault(when: Any, decided_on: str, today: date) -> Text | None:
    day = day_of(when)
    if day is None:
        return NO_DAY
    if day > today:
        return IN_THE_FUTURE
    return BEFORE_THE_DECISION.format(day=decided_on) if when < decided_on else None
