"""Contradictions of [offer]: with the features, with the cut-offs, and between its bands."""

from collections.abc import Iterator
from itertools import pairwise

from chalicelib.profile.contradictions.rule_contradictions import CODE, lowest_score
from chalicelib.profile.schema import Profile
from chalicelib.profile.tables.feature_tables import Feature
from chalicelib.profile.tables.offer_tables import Band, Offer

LONGEST_OPEN = 365  # days
HIGHEST_RATE = 1_000  # per cent a year


def of_offer(profile: Profile) -> Iterator[str]:
    offer = profile.offer
    if offer is None:
        return
    feature = profile.asked_for().get(offer.amount)
    if feature is None or not feature.is_number or not feature.required:
        yield f"offer.amount must name a required number of the application, not {offer.amount}"
        return
    if not 1 <= offer.open_days <= LONGEST_OPEN:
        yield f"offer.open_days must be 1 to {LONGEST_OPEN}"
    if not offer.bands:
        yield "offer.bands is empty: nothing would be approved"
        return
    yield from _steps(offer, profile)
    for band in offer.bands:
        yield from _of_band(band, feature)
    yield from _conditions(offer)


def _steps(offer: Offer, profile: Profile) -> Iterator[str]:
    cut = profile.decision.approve_from
    lowest = offer.bands[0].score_from
    if lowest > cut:
        yield (
            f"offer.bands begin at {lowest:g}, above decision.approve_from {cut:g}: "
            "the scores in between would get no offer"
        )
    for rule in profile.rules:
        if rule.effect == "APPROVE" and (points := lowest_score(rule, profile)) < lowest:
            yield (
                f"rules {rule.code} approves from {points:g} points, and offer.bands begin at "
                f"{lowest:g}: begin them there"
            )
    for one, following in pairwise(offer.bands):
        if following.score_from <= one.score_from:
            yield f"offer.bands must rise: {following.score_from:g} comes after {one.score_from:g}"
        if following.maximum_amount < one.maximum_amount:
            yield (
                f"offer.bands: from {following.score_from:g} points the maximum_amount is lower "
                f"than from {one.score_from:g}"
            )


def _of_band(band: Band, feature: Feature) -> Iterator[str]:
    place = f"offer.bands from {band.score_from:g}"
    low, high = feature.minimum or 0, feature.maximum
    if band.maximum_amount <= 0 or band.maximum_amount < low:
        yield f"{place}: maximum_amount must be above 0, and at least the lowest amount, {low:g}"
    if high is not None and band.maximum_amount > high:
        yield f"{place}: maximum_amount is above the highest amount, {high:g}"
    if not 0 <= band.annual_rate <= HIGHEST_RATE:
        yield f"{place}: annual_rate must be 0 to {HIGHEST_RATE} per cent"


def _conditions(offer: Offer) -> Iterator[str]:
    named = {code for band in offer.bands for code in band.conditions}
    for code in sorted(named - offer.conditions.keys()):
        yield f"offer.bands names the condition {code}, which is not in [offer.conditions]"
    for code in sorted(offer.conditions.keys() - named):
        yield f"offer.conditions has {code}, which no band names"
    for code, text in offer.conditions.items():
        if not CODE.fullmatch(code):
            yield f"offer.conditions: {code!r} is no code: capital letters, digits and _"
        if not (text.es and text.en):
            yield f"offer.conditions {code} needs its text in es and en"
