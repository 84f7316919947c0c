"""The route GET /portfolio: what people decided in a period, beside the score, and what came of it.

A low-side override approves below the cut-off; a high-side override declines above it:
https://www.openriskmanual.org/wiki/Overrides
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal, Protocol

import msgspec

from chalicelib.decisions.outcome_rules import REVIEW_ACT, counting_outcome
from chalicelib.governance.reviews.review_acts import ReviewAct, identity
from chalicelib.governance.reviews.review_requests import PeriodRequest

Document = dict[str, Any]
Rules = Sequence[tuple[str, str]]
Fate = Literal["paid", "defaulted", "open"]

MOST = 500  # acts that one answer reads; `next` goes on


class Predictions(Protocol):
    def acts_on(self, day: str, after: str) -> Iterator[Document]: ...
    def outcomes(self, client_id: str, prediction_id: str) -> list[Document]: ...


@dataclass(frozen=True, slots=True)
class Ended:
    """A case that people ended, and what became of the loan if they approved one."""

    act: ReviewAct
    fate: Fate | None

    @property
    def override(self) -> str | None:
        """The kind of override, if the verdict is the contrary of what the score says."""
        if self.act.score_says in ("NEITHER", self.act.final):
            return None
        return "lowSide" if self.act.final == "APPROVE" else "highSide"


def portfolio(period: PeriodRequest, predictions: Predictions, rules: Rules) -> Document:
    """Return the figures of the cases that ended in a period, of at most MOST acts.

    `next` goes on where the answer stops; the counts of the answers of a period add up. `rules` say
    whose outcomes count.
    """
    found = [*islice(_acts(period, predictions), MOST + 1)]
    read, rest = found[:MOST], found[MOST:]
    ended = [_ended(day, one, predictions, rules) for day, one in read if "final" in one]
    following = f"{read[-1][0]}~{read[-1][1]['predictionId']}" if rest else None
    answer = {"from": period.first.isoformat(), "to": period.last.isoformat()}
    return answer | {"next": following} | figures(ended)


def figures(ended: Sequence[Ended]) -> Document:
    """Return the figures of all cases, and of each reviewer, reason and kind of case.

    A reviewer's cases are those whose verdict they proposed; a second person agreed.
    """
    reviewers = {identity(one.act.proposed): one.act.proposed for one in ended}
    by_reviewer = [
        {"reviewer": by} | _figures(one for one in ended if identity(one.act.proposed) == who)
        for who, by in sorted(reviewers.items())
    ]
    reasons = sorted({one.act.reason for one in ended})
    kinds = sorted({str(one.act.case) for one in ended})
    return {
        "all": _figures(ended),
        "byReviewer": by_reviewer,
        "byReason": {
            reason: _figures(one for one in ended if one.act.reason == reason) for reason in reasons
        },
        "byCase": {kind: _figures(one for one in ended if one.act.case == kind) for kind in kinds},
    }


def _figures(cases: Iterable[Ended]) -> Document:
    """Return the counts and rates of cases. A rate of nothing is None.

    The override rate and the agreement are shares of the cases in which the score says something.
    The outcomes are those of overrides that were approved, and of all loans that were.
    """
    ended = [*cases]
    verdicts = Counter(str(one.act.final) for one in ended)
    overrides = Counter(one.override for one in ended if one.override)
    scored = sum(one.act.score_says != "NEITHER" for one in ended)
    turned = overrides.total()
    return {
        "ended": len(ended),
        "approved": verdicts["APPROVE"],
        "declined": verdicts["DECLINE"],
        "bySecondPerson": sum(identity(one.act.by) != identity(one.act.proposed) for one in ended),
        "scored": scored,
        "overrides": {"lowSide": overrides["lowSide"], "highSide": overrides["highSide"]},
        "overrideRate": turned / scored if scored else None,
        "agreementWithScore": 1 - turned / scored if scored else None,
        "outcomes": _outcomes(one.fate for one in ended),
        "outcomesOfOverrides": _outcomes(one.fate for one in ended if one.override),
    }


def _outcomes(fates: Iterable[Fate | None]) -> Document:
    counts = Counter(fate for fate in fates if fate)
    known = counts["paid"] + counts["defaulted"]
    rate = counts["defaulted"] / known if known else None
    return {
        "paid": counts["paid"],
        "defaulted": counts["defaulted"],
        "open": counts["open"],
        "badRate": rate,
    }


def _acts(period: PeriodRequest, predictions: Predictions) -> Iterator[tuple[str, Document]]:
    after = period.after or REVIEW_ACT
    for day in period.days():
        for act in predictions.acts_on(day, after):
            yield day, act
        after = REVIEW_ACT


def _ended(day: str, stored: Document, predictions: Predictions, rules: Rules) -> Ended:
    act = msgspec.convert(stored, ReviewAct)
    if act.final != "APPROVE":
        return Ended(act, None)
    told = predictions.outcomes(stored["clientId"], stored["of"])
    counted: Mapping[str, Any] | None = counting_outcome("APPROVE", told, rules)
    return Ended(act, counted["outcome"] if counted else "open")
