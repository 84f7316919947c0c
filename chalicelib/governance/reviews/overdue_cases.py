"""The watch over the queue: counts what is overdue, and closes cases that are over."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any, Protocol, get_args

from chalicelib.foundation import observability
from chalicelib.foundation.errors import PredictionNotFound
from chalicelib.governance.policies.times import written_at
from chalicelib.governance.reviews.review_acts import Kind, state_of
from chalicelib.governance.reviews.review_desk import OfferOf

Document = dict[str, Any]

MOST = 1_000  # cases that are looked at; the alarm rings for far fewer


class Predictions(Protocol):
    def get(self, client_id: str, prediction_id: str) -> Document: ...
    def acts(self, client_id: str, prediction_id: str) -> list[Document]: ...


class Queue(Protocol):
    def due_before(self, now: str) -> Iterator[Document]: ...
    def close(self, case: Mapping[str, Any], at: str) -> None: ...


def watch(
    now: datetime, queue: Queue, predictions: Predictions, offer_of: OfferOf
) -> dict[str, int]:
    """Emit how many cases of each kind are overdue, and return it.

    A case is over if its decision was never stored or is final, or if its counter-offer was taken:
    saveResult opens a case before it stores the decision, and an act is stored before its case is
    closed.
    """
    at = written_at(now)
    overdue = Counter(dict.fromkeys(get_args(Kind), 0))
    for case in islice(queue.due_before(at), MOST):
        if _is_open(case, predictions, offer_of):
            overdue[case["kind"]] += 1
        else:
            queue.close(case, at)
    observability.reviews_overdue(overdue)
    return dict(overdue)


def _is_open(case: Document, predictions: Predictions, offer_of: OfferOf) -> bool:
    key = (case["clientId"], case["predictionId"])
    try:
        stored = predictions.get(*key)
    except PredictionNotFound:
        return False
    is_attempt = "counterOfferOf" in stored
    state = state_of(stored["decision"], predictions.acts(*key), is_attempt=is_attempt)
    return state.case == case["kind"] and not offer_of(stored, state.acts).taken
