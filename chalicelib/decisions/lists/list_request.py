"""Parser of the query of a list of decisions: checked once, trusted from then on. Pure."""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from chalicelib.decisions.lists.id_window import Window, of_days
from chalicelib.foundation.errors import InvalidRequest
from chalicelib.foundation.request_fields import (
    LIMIT,
    NO_DAY,
    NO_LIMIT,
    NO_PERIOD,
    NOT_ONE_OF,
    Faults,
    day_of,
    naming,
)
from chalicelib.foundation.text import Text

# Names of a decision that a list shows: all but the application, the evidence and who asked.
FIELDS = (
    "predictionId", "clientId", "createdAt", "language", "decision", "decisionBasis",
    "probabilityOfDefault", "score", "cutOffs", "disagreement", "reasons", "models",
    "policyVersion", "consents", "offer", "rules", "unseen", "partial", "missing",
    "counterOfferOf",
)  # fmt: skip
DECISIONS = ("APPROVE", "REVIEW", "DECLINE")
SELECTING = ("from", "to", "decision", "basis", "model", "segment")
NAMES = (*SELECTING, "limit", "cursor", "fields")
MOST_DAYS = 366  # of the bank's list: each day is 25 keys of the index
USUAL_DAYS = 30

BASIS = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,62}")

AFTER_TO = Text(es="no puede ser posterior a to", en="must not be after to")
NO_BASIS = Text(
    es="debe ser un código, como SCORE o MODELS_DISAGREE",
    en="must be a code, such as SCORE or MODELS_DISAGREE",
)
NO_MODEL = Text(
    es="debe ser un modelo ({models}), o modelo:versión",
    en="must be a model ({models}), or model:version",
)
NO_SEGMENT = Text(
    es="debe ser un segmento y un valor suyo, de: {segments}",
    en="must be a segment and a value of it, of: {segments}",
)
NO_FIELDS = Text(
    es="debe ser una lista, separada por comas, de: {names}",
    en="must be a list, separated by commas, of: {names}",
)
UNKNOWN = Text(
    es="no es un parámetro de esta lista: {names}",
    en="is no parameter of this list, which has: {names}",
)


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions on decisions; None: any. `version` is of `model`; without it, any of its own.

    `segment` is a field of the application, which must have this `value`.
    """

    decision: str | None = None
    basis: str | None = None
    model: str | None = None
    version: str | None = None
    segment: str | None = None
    value: str | None = None

    def __bool__(self) -> bool:
        return any((self.decision, self.basis, self.model, self.segment))


@dataclass(frozen=True, slots=True)
class Choices:
    """The models that a filter may name, and the values of each segment."""

    models: Collection[str]
    segments: Mapping[str, Collection[str]]


@dataclass(frozen=True, slots=True)
class ListRequest:
    """A page that a caller asks for. `selection` is what its cursor is bound to, as text."""

    filters: Filters
    window: Window
    selection: str
    limit: int
    cursor: str | None
    fields: tuple[str, ...]


def bank_request(query: Mapping[str, str], choices: Choices, today: date) -> ListRequest:
    """Parse the query of GET /decisions: the last USUAL_DAYS if it names no days.

    Raises InvalidRequest, also for a period of more than MOST_DAYS.
    """
    faults, first, last = _days(query)
    end = last or today
    begin = first or date.fromordinal(max(1, end.toordinal() - USUAL_DAYS + 1))
    if not faults and not 0 <= (end - begin).days < MOST_DAYS:
        faults["from"] = NO_PERIOD.format(most=MOST_DAYS)
    window = of_days(begin, min(end, today))  # no decision is of a day to come
    return _request(query, faults, window, choices, "decisions")


def client_request(
    client_id: str, query: Mapping[str, str], choices: Choices, today: date
) -> ListRequest:
    """Parse the query of GET /predictions/{clientId}: all its days if it names none.

    Raises InvalidRequest.
    """
    faults, first, last = _days(query)
    if first and last and first > last:
        faults["from"] = AFTER_TO
    window = of_days(first, min(last or today, today))
    return _request(query, faults, window, choices, f"client {client_id}")


def wrong(faults: Mapping[str, Text]) -> InvalidRequest:
    """Return the problem of parameters that have faults."""
    return naming(InvalidRequest, faults, outside=True)


def _days(query: Mapping[str, str]) -> tuple[Faults, date | None, date | None]:
    days = {name: day_of(query[name]) for name in ("from", "to") if name in query}
    faults = {name: NO_DAY for name, day in days.items() if day is None}
    return faults, days.get("from"), days.get("to")


def _request(
    query: Mapping[str, str], faults: Faults, window: Window, choices: Choices, of: str
) -> ListRequest:
    model, _, version = query.get("model", "").partition(":")
    segment, _, value = query.get("segment", "").partition(":")
    parts = (model or None, version or None, segment or None, value or None)
    filters = Filters(query.get("decision"), query.get("basis"), *parts)
    fields = tuple(dict.fromkeys(query.get("fields", ",".join(FIELDS)).split(",")))
    faults |= _filter_faults(query, choices) | _page_faults(query, fields)
    if faults:
        raise wrong(faults)
    chosen = {name: query[name] for name in SELECTING if name in query}
    selection = json.dumps([of, chosen], sort_keys=True)
    return ListRequest(
        filters, window, selection, int(query.get("limit", "20")), query.get("cursor"), fields
    )


def _filter_faults(query: Mapping[str, str], choices: Choices) -> Faults:
    faults: Faults = {}
    if query.get("decision", DECISIONS[0]) not in DECISIONS:
        faults["decision"] = NOT_ONE_OF.format(values=", ".join(DECISIONS))
    if "basis" in query and not BASIS.fullmatch(query["basis"]):
        faults["basis"] = NO_BASIS
    name, has_version, version = query.get("model", "").partition(":")
    unversioned = has_version and not VERSION.fullmatch(version)
    if "model" in query and (name not in choices.models or unversioned):
        faults["model"] = NO_MODEL.format(models=", ".join(choices.models))
    known = [f"{one}:{value}" for one, values in choices.segments.items() for value in values]
    if "segment" in query and query["segment"] not in known:
        faults["segment"] = NO_SEGMENT.format(segments=", ".join(known))
    return faults


def _page_faults(query: Mapping[str, str], fields: Collection[str]) -> Faults:
    faults: Faults = {}
    if not LIMIT.fullmatch(query.get("limit", "20")):
        faults["limit"] = NO_LIMIT
    if not {*fields} <= {*FIELDS}:
        faults["fields"] = NO_FIELDS.format(names=", ".join(FIELDS))
    unknown = UNKNOWN.format(names=", ".join(NAMES))
    return faults | dict.fromkeys(sorted(query.keys() - {*NAMES}), unknown)
