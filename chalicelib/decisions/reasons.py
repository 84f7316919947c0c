"""Reason codes: the features that cost the most points, their directions and texts."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.profile import Policy, Profile, Score
from chalicelib.scoring.branch_results import Direction
from chalicelib.text import Language, Text

Document = dict[str, Any]

SIDES: dict[Direction, Text] = {
    "ABOVE": Text(
        es="{reason}: por encima de lo habitual en préstamos anteriores",
        en="{reason}: above what is usual for past loans",
    ),
    "BELOW": Text(
        es="{reason}: por debajo de lo habitual en préstamos anteriores",
        en="{reason}: below what is usual for past loans",
    ),
    "OTHER": Text(
        es="{reason}: no es lo habitual en préstamos anteriores",
        en="{reason}: not what is usual for past loans",
    ),
    "MISSING": Text(es="{reason}: no se conoce", en="{reason}: not known"),
}


def reasons(
    contributions: Mapping[str, float],
    policy: Policy,
    directions: Mapping[str, Direction] | None = None,
) -> list[Document]:
    """Return the features that cost the most points, the worst first, with rounded points.

    `contributions` are in log-odds of default. A feature that helped is never a reason.
    """
    sides = directions or {}
    factor = points_a_unit(policy.score)
    cost = {name: round(-factor * logit) for name, logit in contributions.items()}
    worst = sorted(cost, key=lambda name: (-contributions[name], name))
    shown = worst[: policy.decision.top_reasons]
    return [
        {
            "feature": name,
            "points": cost[name],
            **({"direction": sides[name]} if name in sides else {}),
        }
        for name in shown
        if cost[name] < 0
    ]


def with_texts(reasons: Iterable[Document], profile: Profile, language: Language) -> None:
    """Add to each reason its text: the feature and the direction in which it departs from the
    usual.
    """
    for reason in reasons:
        text = profile.features[reason["feature"]].reason.said_in(language)
        side = SIDES.get(reason.get("direction"))  # type: ignore[arg-type]
        reason["text"] = side.said_in(language).format(reason=text) if side else text


def with_rule_texts(fired: Iterable[Document], profile: Profile, language: Language) -> None:
    """Add to each rule that fired the text that credit.toml has for it."""
    texts = {rule.code: rule.text.said_in(language) for rule in profile.rules}
    for rule in fired:
        rule["text"] = texts[rule["code"]]


def points_a_unit(scale: Score) -> float:
    """Return the points of one unit of log-odds."""
    return scale.points_to_double_odds / math.log(2)
