"""History of one model: what people asked for, and what became of each version. Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec

from chalicelib.foundation.text import Language
from chalicelib.governance.model_acts.model_act_bucket import ModelAct
from chalicelib.governance.policies.times import written_at
from chalicelib.models.challengers import SignOff, Waiting
from chalicelib.models.model_bucket import Arrival, Ending, Refusal

Document = dict[str, Any]

MOST_EVENTS = 100
ENDED = {"in-service": "IN_SERVICE", "failed": "FAILED"}


def newest_first(*events: Iterable[Document]) -> list[Document]:
    """Return the newest events of all kinds, the newest first."""
    found = sorted((one for each in events for one in each), key=lambda one: one["at"])
    return found[: -MOST_EVENTS - 1 : -1]


def of_acts(acts: Iterable[ModelAct]) -> Iterator[Document]:
    for act in acts:
        named = msgspec.to_builtins(act)
        yield {name: named[name] for name in named if name not in ("id", "model")}


def of_refusals(refusals: Iterable[Refusal], language: Language) -> Iterator[Document]:
    for one in refusals:
        yield {"kind": "REFUSED", **shown_refusal(one, language)}


def shown_refusal(one: Refusal, language: Language) -> Document:
    """Return a refusal as people see it, in their language."""
    return {"version": one.version, "at": one.at, "reason": one.said_in(language)}


def of_arrivals(arrivals: Iterable[Arrival]) -> Iterator[Document]:
    for one in arrivals:
        yield {"kind": "VERIFIED", "version": one.version, "at": one.at}


def of_endings(endings: Iterable[Ending]) -> Iterator[Document]:
    for one in endings:
        yield {"kind": ENDED[one.how], "version": one.version, "at": _written(one.since)}


def of_verdicts(judged: Iterable[tuple[datetime, Document]]) -> Iterator[Document]:
    """Yield the gate's verdicts, each with its reasons."""
    for at, report in judged:
        kind = "PASSED" if report["verdict"] == "passed" else "REJECTED"
        told = {"kind": kind, "version": report["version"], "at": written_at(at)}
        yield told | {"reasons": report["reasons"]}


def of_sign_offs(listed: Iterable[tuple[Waiting, SignOff | None]]) -> Iterator[Document]:
    """Yield people's verdicts on challengers."""
    for waiting, signed in listed:
        if signed:
            kind = "SIGNED_OFF" if signed.verdict == "APPROVE" else "SIGN_OFF_REFUSED"
            told = {"kind": kind, "version": waiting.challenger.version, "at": _written(signed.at)}
            yield told | {"by": msgspec.to_builtins(signed.by), "reason": signed.reason}


def _written(at: str) -> str:
    return written_at(datetime.fromisoformat(at))
