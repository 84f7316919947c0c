"""Faults of a draft's cut-offs, which the console shows beside the slider of each. Pure."""

from math import inf

from chalicelib.foundation.body_member import BodyMember
from chalicelib.foundation.request_fields import Faults
from chalicelib.foundation.text import Text
from chalicelib.profile import Profile
from chalicelib.profile.contradictions.rule_contradictions import lowest_score

ABOVE = Text(
    es="no debe estar por encima de la puntuación desde la que se aprueba, {cut}",
    en="must not be above the score from which applications are approved, {cut}",
)
RULE = Text(
    es="no debe estar por encima de {points}: desde ahí aprueba la regla {code}",
    en="must not be above {points}: the rule {code} approves from there",
)
OFFER = Text(
    es="debe ser {points} o más: ahí empieza la oferta",
    en="must be {points} or more: the offer begins there",
)


def cut_off_faults(profile: Profile) -> Faults:
    """Return the faults of the cut-offs, by their place in the body of a draft."""
    cut, below = profile.decision.approve_from, profile.decision.decline_below
    begins, rule = _offer_begins(profile), _first_rule(profile)
    faults: Faults = {}
    if begins > cut:
        faults[_member("approve_from")] = OFFER.format(points=f"{begins:g}")
    if below > cut:
        faults[_member("decline_below")] = ABOVE.format(cut=f"{cut:g}")
    elif rule and below > rule[0]:
        faults[_member("decline_below")] = RULE.format(points=f"{rule[0]:g}", code=rule[1])
    return faults


def _offer_begins(profile: Profile) -> float:
    """Return the score at which the offer begins, the lowest there is without an offer."""
    return profile.offer.bands[0].score_from if profile.offer and profile.offer.bands else -inf


def _first_rule(profile: Profile) -> tuple[float, str] | None:
    """Return the lowest score from which a rule approves, and its code."""
    approving = [one for one in profile.rules if one.effect == "APPROVE"]
    found = [(lowest_score(one, profile), one.code) for one in approving]
    return min((one for one in found if one[0] > -inf), default=None)


def _member(name: str) -> BodyMember:
    return BodyMember("policy", "decision", name)
