"""Loans that were scored, and the cut-offs that a stated target asks for. Pure."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chalicelib.retraining.swap_set import wilson

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.str_]

SHARES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2)  # of the loans, that models may disagree about


class NoCutOff(Exception):
    """The target can't be had."""


@dataclass(frozen=True)
class Loans:
    """Loans with the policy's score and their outcomes."""

    points: Floats
    expected: Floats  # probability of default
    disagreement: Floats
    bad: Floats
    month: Texts | None = None  # of the application
    by_rule: Texts | None = None  # the effect of the rule that decides; empty: the score does
    fired: Sequence[tuple[str, ...]] = ()  # the codes of all rules that fired
    above_offer: Mask | None = None  # whose amount is above what is offered at their score

    def rate(self, chosen: Mask) -> float:
        return float(self.bad[chosen].mean()) if chosen.any() else float("nan")

    def expected_rate(self, chosen: Mask) -> float:
        return float(self.expected[chosen].mean()) if chosen.any() else float("nan")

    def interval(self, chosen: Mask) -> tuple[float, float]:
        """Return the 95 % interval of the chosen loans' bad rate, if later loans are like them."""
        return wilson(float(self.bad[chosen].sum()), int(chosen.sum()))

    def months(self) -> dict[str, Mask]:
        return {
            str(month): self.month == month
            for month in np.unique([] if self.month is None else self.month)
        }

    @property
    def open(self) -> Mask:
        """Return those that no rule decides."""
        return np.ones(len(self.bad), bool) if self.by_rule is None else self.by_rule == ""

    def ruled(self, effect: str) -> Mask:
        none: Mask = np.zeros(len(self.bad), bool)
        return none if self.by_rule is None else self.by_rule == effect

    @property
    def offered(self) -> Mask:
        """Return those whose amount is in the band of their score."""
        return np.ones(len(self.bad), bool) if self.above_offer is None else ~self.above_offer

    def agreed(self, limit: float) -> Mask:
        agreed: Mask = self.disagreement <= limit
        return agreed


@dataclass(frozen=True)
class CutOffs:
    approve_from: float
    decline_below: float
    maximum_disagreement: float

    def approved(self, loans: Loans) -> Mask:
        agreed = loans.agreed(self.maximum_disagreement)
        return self._approvable(loans) & agreed & loans.offered

    def reviewed(self, loans: Loans) -> Mask:
        between = (loans.points >= self.decline_below) & (loans.points < self.approve_from)
        to_a_person = (loans.open & between) | ~loans.agreed(self.maximum_disagreement)
        to_a_person |= self._approvable(loans) & ~loans.offered
        return loans.ruled("REVIEW") | (to_a_person & ~loans.ruled("DECLINE"))

    def _approvable(self, loans: Loans) -> Mask:
        return (loans.open & (loans.points >= self.approve_from)) | loans.ruled("APPROVE")


def limit_for(loans: Loans, share: float) -> float:
    """Return the disagreement in points that at most `share` of the loans exceed."""
    return float(np.quantile(loans.disagreement, 1 - share, method="higher"))


@dataclass(frozen=True)
class Limited:
    """Effect of a limit to the models' disagreement on the loans above a cut-off."""

    limit: float
    beyond: float  # share of all loans
    approved: float
    bad: float  # rate among the approved
    kept_back: float  # rate among those above the cut-off that go to a person
    by_score: float  # rate among as many with the best scores, as a higher cut-off has it


def limited(loans: Loans, approve_from: float) -> Iterator[Limited]:
    above = loans.open & (loans.points >= approve_from)
    for share in SHARES:
        limit = limit_for(loans, share)
        kept = above & loans.agreed(limit)
        best = np.argsort(np.where(loans.open, -loans.points, np.inf), kind="stable")[: kept.sum()]
        yield Limited(
            limit,
            float((~loans.agreed(limit)).mean()),
            float(kept.mean()),
            loans.rate(kept),
            loans.rate(above & ~kept),
            float(loans.bad[best].mean()),
        )


def cut_for_bad_rate(
    loans: Loans, target: float, limit: float, *, confident: bool = False
) -> float:
    """Return the lowest cut-off whose approved loans have at most the target bad rate.

    If `confident`, the upper end of the rate's interval is at most the target, too. Raises
    NoCutOff.
    """
    cuts, bads, approved = _by_cut(loans, limit)
    if confident:
        ends = np.array([wilson(*counts)[1] for counts in zip(bads, approved, strict=True)])
        kept = cuts[ends <= target]
    else:
        kept = cuts[bads <= target * approved]
    if not len(kept):
        surely = "surely " if confident else ""
        raise NoCutOff(
            f"No cut-off {surely}keeps the bad rate of the approved at {target:.1%}: "
            "set a higher target."
        )
    return float(kept.min())


def cut_for_costs(loans: Loans, gain: float, loss: float, limit: float) -> float:
    """Return the cut-off whose approved loans have earned the most. Raises NoCutOff."""
    if not (0 <= gain < math.inf and 0 <= loss < math.inf):
        raise NoCutOff("A gain and a loss are numbers of 0 or more: state both without a sign.")
    cuts, bads, approved = _by_cut(loans, limit)
    earned = gain * (approved - bads) - loss * bads
    if earned.max() <= 0:
        raise NoCutOff("At these costs no cut-off earns anything: every loan would be declined.")
    return float(cuts[earned.argmax()])


def cut_for_reviews(loans: Loans, share: float, approve_from: float, limit: float) -> float:
    """Return the lowest score for review, so that people see at most `share` of the loans."""
    for cut in np.unique(loans.points[loans.points < approve_from]):
        if CutOffs(approve_from, cut, limit).reviewed(loans).mean() <= share:
            return float(cut)
    return approve_from


def _by_cut(loans: Loans, limit: float) -> tuple[Floats, Floats, Floats]:
    """Return each possible cut-off, the bad loans that it approves, and all that it approves."""
    may = loans.agreed(limit) & loans.offered
    by_score, by_rule = (may & one for one in (loans.open, loans.ruled("APPROVE")))
    cuts, places = np.unique(loans.points[by_score], return_inverse=True)
    bads = np.bincount(places, weights=loans.bad[by_score], minlength=len(cuts))
    total = np.bincount(places, minlength=len(cuts)).astype(float)
    return (
        cuts,
        bads[::-1].cumsum()[::-1] + loans.bad[by_rule].sum(),
        total[::-1].cumsum()[::-1] + by_rule.sum(),
    )
