"""Reason codes: the features that cost the most points, their directions and texts."""

from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.foundation.text import Language, Text
from chalicelib.profile import Policy, Profile
from chalicelib.scoring.branch_results import Direction

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

LACKING = Text(
    es="Falta un dato que una regla del banco necesita, y decide una persona: {inputs}.",
    en="An input that a rule of the bank needs is missing, and a person decides: {inputs}.",
)


def reasons(
    contributions: Mapping[str, float],
    policy: Policy,
    directions: Mapping[str, Direction] | None = None,
) -> list[Document]:
    """Return the features that cost the most points, the worst first, with rounded points.

    `contributions` are in log-odds of default. A feature that helped is never a reason.
    """
    sides = directions or {}
    factor = policy.score.points_a_unit
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


def with_rule_texts(
    fired: Iterable[Document], policy: Policy, profile: Profile, language: Language
) -> None:
    """Add to each rule that fired its text; to one that lacks an input, what it lacks."""
    texts = {rule.code: rule.text for rule in policy.rules}
    for rule in fired:
        named = [_title(name, profile) for name in rule.get("missing", ())]
        said = [title.said_in(language) for title in named]
        text = LACKING.format(inputs=", ".join(said)) if said else texts[rule["code"]]
        rule["text"] = text.said_in(language)


def with_condition_texts(decided: Document, policy: Policy, language: Language) -> None:
    """Add to each condition of a decision's offer its text."""
    for condition in decided.get("offer", {}).get("conditions", ()):
        if policy.offer:
            condition["text"] = policy.offer.conditions[condition["code"]].said_in(language)


def _title(name: str, profile: Profile) -> Text:
    """Return an input's title; a figure of the models keeps its name in the API."""
    feature = profile.features.get(name)
    return feature.title if feature else Text(es=name, en=name)
