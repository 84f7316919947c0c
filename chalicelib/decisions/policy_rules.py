"""The bank's own rules, on one application and what the models answer. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from chalicelib.decisions.application import Value
from chalicelib.profile import Computation, Derivation, Policy, Rule

Document = dict[str, Any]
Inputs = Mapping[str, Value | None]


def inputs(
    policy: Policy,
    application: Mapping[str, Value],
    figures: Inputs,
    models: Mapping[str, Document],
) -> Inputs:
    """Return all that rules can read: features, derived features, and the decision's figures."""
    found: dict[str, Value | None] = {**application}
    for name in policy.derived:
        found[name] = derived(name, policy.derived, application)
    for model, answer in models.items():
        for figure in ("score", "probabilityOfDefault"):
            found[f"models.{model}.{figure}"] = answer.get(figure)
    return {**found, **figures}


def derived(
    name: str, derivations: Mapping[str, Computation | Derivation], application: Mapping[str, Value]
) -> Value | None:
    """Return a feature's value, or None; a ratio or a prefix as training/serving/features.py does.

    A source may be derived, too.
    """
    if name not in derivations:
        return application.get(name)
    derivation = derivations[name]
    values = [derived(source, derivations, application) for source in derivation.sources()]
    if derivation.ratio:
        over, under = values
        return over / under if _is_number(over) and _is_number(under) and under else None
    (code,) = values
    return code[: derivation.length] if isinstance(code, str) else None


def _is_number(value: Value | None) -> TypeGuard[float]:
    return isinstance(value, float | int)


def fired(policy: Policy, given: Inputs) -> list[Document]:
    """Return each rule that fires, in its order, with its effect.

    A rule that lacks an input has the effect REVIEW, and names in `missing` what it lacks.
    """
    found = (_outcome(rule, given) for rule in policy.rules)
    return [one for one in found if one is not None]


def decisive(fired: Sequence[Document]) -> Document | None:
    """Return the rule that decides, of those that fired: the first. An approval gives way to a rule
    that lacks an input.
    """
    first = fired[0] if fired else None
    if first and first["effect"] == "APPROVE":
        return next((one for one in fired if "missing" in one), first)
    return first


def _outcome(rule: Rule, given: Inputs) -> Document | None:
    known = {name: value for name in rule.inputs if (value := given.get(name)) is not None}
    if missing := [name for name in rule.inputs if name not in known]:
        return {"code": rule.code, "effect": "REVIEW", "missing": missing}
    held = all(one.holds(known[one.input]) for one in rule.all) and (
        not rule.any or any(one.holds(known[one.input]) for one in rule.any)
    )
    return {"code": rule.code, "effect": rule.effect} if held else None
