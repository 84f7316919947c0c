"""Tables of each cut-off, each month and each limit on the holdout."""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from rich.table import Table

from chalicelib.profile import Offer, Policy
from workbench.policy_search.cut_offs import CutOffs, Loans, cut_for_reviews, limited

CUTS = 25  # rows of the trade-off


def trade_off(loans: Loans, limit: float, review: float) -> Table:
    table = Table(title=f"{len(loans.bad):,} loans of the holdout, {loans.bad.mean():.2%} bad")
    for title in (
        "Approve from", "Decline below", "Approved", "Bad: expected", "observed", "Reviewed",
        "Declined",
    ):  # fmt: skip
        table.add_column(title, justify="right")
    for cut in np.unique(np.quantile(loans.points, np.linspace(0.02, 0.98, CUTS)).round()):
        cuts = CutOffs(cut, cut_for_reviews(loans, review, cut, limit), limit)
        approved, reviewed = cuts.approved(loans), cuts.reviewed(loans)
        table.add_row(
            f"{cuts.approve_from:.0f}",
            f"{cuts.decline_below:.0f}",
            *_shares(approved.mean(), loans.expected_rate(approved), loans.rate(approved)),
            *_shares(reviewed.mean(), (~approved & ~reviewed).mean()),
        )
    return table


def by_month(loans: Loans, cuts: CutOffs) -> Table:
    """Tabulate the approved of each month: a cut-off that holds on average may fail in a month."""
    table = Table(title=f"By month of application, approving from {cuts.approve_from:.0f} points")
    for title in ("Month", "Loans", "Approved", "Bad: expected", "observed", "95 %: from", "to"):
        table.add_column(title, justify="right")
    approved = cuts.approved(loans)
    for month, asked in loans.months().items():
        chosen = asked & approved
        rates = (approved[asked].mean(), loans.expected_rate(chosen), loans.rate(chosen))
        table.add_row(month, f"{asked.sum():,}", *_shares(*rates, *loans.interval(chosen)))
    return table


def what_disagreement_buys(loans: Loans, approve_from: float) -> Table:
    """Tabulate each limit beside the higher cut-off that approves as many."""
    table = Table(title=f"Disagreement, approving from {approve_from:.0f} points")
    for title in (
        "Limit", "Beyond it", "Approved", "Bad of them", "Bad of the kept back",
        "Bad if the score kept back as many",
    ):  # fmt: skip
        table.add_column(title, justify="right")
    for found in limited(loans, approve_from):
        table.add_row(
            f"{found.limit:.0f}",
            *_shares(found.beyond, found.approved, found.bad, found.kept_back, found.by_score),
        )
    return table


def what_rules_and_bands_do(loans: Loans, policy: Policy) -> Iterator[Table]:
    """Yield what today's rules, and the bands of its offer, take from the score's verdict."""
    cuts = CutOffs(policy.decision.approve_from, policy.decision.decline_below, math.inf)
    if policy.rules:
        yield _what_rules_do(loans, policy, cuts)
    if policy.offer:
        yield _what_bands_do(loans, policy.offer, cuts)


def _what_rules_do(loans: Loans, policy: Policy, cuts: CutOffs) -> Table:
    """Show how often each rule decides, and which loans it takes from the score's verdict."""
    score = replace(loans, by_rule=None, above_offer=None)
    approved, reviewed = cuts.approved(score), cuts.reviewed(score)
    table = Table(title="Loans that a rule takes from the score's verdict, and bad of those")
    table.add_column("Rule", min_width=max(len(rule.code) for rule in policy.rules))
    for title in ("Decides", "Approved", "Bad", "Reviewed", "Bad", "Declined"):
        table.add_column(title, justify="right")
    for rule in policy.rules:
        decides = np.array([codes[:1] == (rule.code,) for codes in loans.fired])
        declined = decides & ~approved & ~reviewed
        taken = (decides & by_score for by_score in (approved, reviewed))
        rates = (rate for some in taken for rate in (some.mean(), loans.rate(some)))
        table.add_row(rule.code, *_shares(decides.mean(), *rates, declined.mean()))
    return table


def _what_bands_do(loans: Loans, offer: Offer, cuts: CutOffs) -> Table:
    """Show what each band approves, and the loans that it sends to a person for their amount."""
    would = cuts.approved(replace(loans, above_offer=None))
    table = Table(title="Approvals by the bands of the offer; above their amount, a person decides")
    for title in ("From", "Largest amount", "Rate", "Approved", "Bad", "To a person", "Bad"):
        table.add_column(title, justify="right")
    ends = [band.score_from for band in offer.bands[1:]] + [math.inf]
    for band, end in zip(offer.bands, ends, strict=True):
        within = would & (loans.points >= band.score_from) & (loans.points < end)
        kept, sent = within & loans.offered, within & ~loans.offered
        rates = _shares(kept.mean(), loans.rate(kept), sent.mean(), loans.rate(sent))
        terms = (f"{band.score_from:g}", f"{band.maximum_amount:,.0f}", f"{band.annual_rate:g} %")
        table.add_row(*terms, *rates)
    return table


def _shares(*shares: float) -> Iterator[str]:
    return ("-" if np.isnan(share) else f"{share:.2%}" for share in shares)
