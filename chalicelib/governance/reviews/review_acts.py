"""People's acts on a decision, which are only ever added, and what follows from them. Pure.

A verdict that needs no second person ends its case, as does one that another person's standing
verdict agrees with. Two people who disagree go on until two in a row agree.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from chalicelib.foundation.text import Text
from chalicelib.profile.tables.review_tables import Verdict

Document = dict[str, Any]
Kind = Literal["REVIEW", "CONTEST"]

ASKED = Text(
    es="Usted pidió esta decisión: la tiene que revisar otra persona.",
    en="You asked for this decision: another person must review it.",
)
FIRST = Text(
    es="Su veredicto espera a una segunda persona, que no puede ser usted.",
    en="Your verdict waits for a second person, who can't be you.",
)
CONTESTED = Text(
    es="Usted registró esta impugnación: la tiene que resolver otra persona.",
    en="You filed this contest: another person must end it.",
)
DECIDED = Text(
    es="Usted decidió antes sobre esta solicitud: la impugnación la resuelve otra persona.",
    en="You decided on this application before: another person must end the contest.",
)


class ReviewAct(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A verdict of a person, a contest, or an attempt to take the counter-offer. The act that ends
    a case has the `final` decision.

    `at` is in ISO 8601, UTC, with milliseconds. `by` has the `sub` and the user name of a person,
    or the `source` of an API key, which may file a contest or take an offer. The act that ends a
    case also keeps who `proposed` the verdict, and what the models said, for the portfolio.
    """

    act: Literal["VERDICT", "CONTEST", "OFFER"]
    at: str
    by: dict[str, str]
    text: str
    verdict: Verdict | None = None
    reason: str = ""
    final: Verdict | None = None
    case: Kind | None = None
    proposed: dict[str, str] = msgspec.field(default_factory=dict)
    automatic: str = ""  # the decision of the rules and the score
    attempt: int | None = None  # the number of the attempt to take the counter-offer
    score_says: str = ""  # APPROVE, DECLINE, or NEITHER between the cut-offs and without a score

    def is_by(self, person: Mapping[str, str]) -> bool:
        return identity(self.by) == identity(person)

    @property
    def asked(self) -> tuple[object, ...]:
        """Who asks for what, in which words."""
        return self.act, identity(self.by), self.verdict, self.reason, self.text

    def says(self, other: "ReviewAct") -> bool:
        """Return whether two acts are one that was sent twice."""
        return self.asked == other.asked


@dataclass(frozen=True, slots=True)
class CaseState:
    """The state of a decision after its acts.

    `decision` is what was decided at last after the `automatic` one, by the act `ended` if any.
    `case` is what a person has to decide now, if anything. `verdicts` are those of the newest case,
    and `offering` is the newest attempt to take the counter-offer.
    """

    automatic: str
    decision: str
    acts: tuple[ReviewAct, ...]
    verdicts: tuple[ReviewAct, ...]
    case: Kind | None
    ended: ReviewAct | None
    contest: ReviewAct | None
    offering: ReviewAct | None = None
    is_attempt: bool = False
    taken: str | None = None

    @property
    def standing(self) -> ReviewAct | None:
        """The verdict that waits for a second person."""
        return self.verdicts[-1] if self.case and self.verdicts else None

    @property
    def contest_outcome(self) -> Literal["CHANGED", "UPHELD"] | None:
        """The outcome of a contest that a person has ended."""
        if self.contest is None or self.case == "CONTEST":
            return None
        finals = [one.final for one in self.acts[: self.acts.index(self.contest)] if one.final]
        contested = finals[-1] if finals else self.automatic
        return "UPHELD" if self.decision == contested else "CHANGED"


def state_of(
    automatic: str,
    stored: Iterable[Document],
    *,
    is_attempt: bool = False,
    taken: str | None = None,
) -> CaseState:
    """Return the state of a decision by the acts that are stored beside it, the oldest first.

    No person decides on an attempt to take a counter-offer, for the first decision has the case;
    nor on what the prediction `taken` has taken the place of.
    """
    acts = tuple(msgspec.convert(one, ReviewAct) for one in stored)
    contests = [number for number, one in enumerate(acts) if one.act == "CONTEST"]
    newest = acts[contests[-1] + 1 :] if contests else acts
    verdicts = tuple(one for one in newest if one.act == "VERDICT")
    offers = [one for one in acts if one.act == "OFFER"]
    finals = [one for one in acts if one.final]
    is_over = any(one.final for one in verdicts)
    usual: Kind | None = "REVIEW" if automatic == "REVIEW" and not is_attempt else None
    return CaseState(
        automatic=automatic,
        decision=str(finals[-1].final) if finals else automatic,
        acts=acts,
        verdicts=verdicts,
        case=None if is_over or taken else "CONTEST" if contests else usual,
        ended=finals[-1] if finals else None,
        contest=acts[contests[-1]] if contests else None,
        offering=offers[-1] if offers else None,
        is_attempt=is_attempt,
        taken=taken,
    )


def ends(state: CaseState, verdict: Verdict, by: Mapping[str, str], *, two_needed: bool) -> bool:
    """Return whether a person's verdict ends the case."""
    standing = state.standing
    is_second = standing is not None and standing.verdict == verdict and not standing.is_by(by)
    return is_second or not two_needed


def barred(state: CaseState, person: Mapping[str, str], asked_by: Mapping[str, str]) -> Text | None:
    """Return why this person may not decide the case, or None.

    Who made something does not check it: the request, an attempt to take the counter-offer, the
    first verdict, the contest, and all verdicts before the contest.
    """
    asked = (asked_by, *(one.by for one in state.acts if one.act == "OFFER"))
    if any(identity(one) == identity(person) for one in asked):
        return ASKED
    if state.standing and state.standing.is_by(person):
        return FIRST
    if state.contest is None or state.case != "CONTEST":
        return None
    if state.contest.is_by(person):
        return CONTESTED
    earlier = state.acts[: state.acts.index(state.contest)]
    return DECIDED if any(one.is_by(person) for one in earlier) else None


def identity(by: Mapping[str, str]) -> str:
    """Return the id of a person or of a key's source; each has one that nobody else has."""
    return by.get("sub") or by.get("source", "")
