"""Faults of a draft's cut-offs, which the console shows beside the slider of each. Pure."""

from collections.abc import Collection
from math import inf

import msgspec

from chalicelib.foundation.body_member import BodyMember
from chalicelib.foundation.request_fields import Faults
from chalicelib.foundation.text import Text
from chalicelib.profile import Profile
from chalicelib.profile.contradictions.profile_contradictions import contradictions
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
BANDS = Text(
    es="la oferta debe empezar en {cut} o menos: desde ahí se aprueba",
    en="the offer must begin at {cut} or below: applications are approved from there",
)
RULES = Text(
    es="la regla {code} aprueba desde {points}: bajo {below} se rechaza",
    en="the rule {code} approves from {points}: below {below} is declined",
)
OTHERS = Text(es="{faults}", en="{faults}")


def cut_off_faults(profile: Profile, parts: Collection[str]) -> Faults:
    """Return the faults of the cut-offs with all others, by their place in the body of a draft.

    `parts` are those of the policy that the body has: a fault is at one of them. Without a fault
    of the cut-offs there are none.
    """
    faults = _of_cut_offs(profile, parts)
    if faults and (others := [*contradictions(_with_right_cut_offs(profile))]):
        faults[BodyMember("policy")] = OTHERS.format(faults="; ".join(others))
    return faults


def _of_cut_offs(profile: Profile, parts: Collection[str]) -> Faults:
    cut, below = profile.decision.approve_from, profile.decision.decline_below
    begins, rule = _offer_begins(profile), _first_rule(profile)
    faults: Faults = {}
    if begins > cut and "decision" in parts:
        faults[_member("approve_from")] = OFFER.format(points=f"{begins:g}")
    elif begins > cut:
        faults[BodyMember("policy", "offer", "bands")] = BANDS.format(cut=f"{cut:g}")
    if below > cut:
        faults[_member("decline_below")] = ABOVE.format(cut=f"{cut:g}")
    elif rule and below > rule[0]:
        said = {"points": f"{rule[0]:g}", "code": rule[1]}
        if "decision" in parts:
            faults[_member("decline_below")] = RULE.format(**said)
        else:
            place = BodyMember("policy", "rules" if "rules" in parts else "score")
            faults[place] = RULES.format(**said, below=f"{below:g}")
    return faults


def _with_right_cut_offs(profile: Profile) -> Profile:
    """Return the profile with cut-offs that its offer and its rules admit."""
    rule = _first_rule(profile)
    cut = max(profile.decision.approve_from, _offer_begins(profile))
    below = min(profile.decision.decline_below, cut, rule[0] if rule else cut)
    right = msgspec.structs.replace(profile.decision, approve_from=cut, decline_below=below)
    return msgspec.structs.replace(profile, decision=right)


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
