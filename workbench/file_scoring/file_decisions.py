"""Decisions on many applications at once: as `weigh` makes one, without reasons.

A model of the policy that has no logits was not asked, of any of the applications. A test compares
both on real applications.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pandas as pd

from chalicelib.decisions.decision import may_decide
from chalicelib.profile import Condition, Decision, Policy, Rule
from training.fitting.calibration import probability
from training.serving.features import derive_columns
from training.training_profile import Scale

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Texts = npt.NDArray[Any]


@dataclass(frozen=True)
class Outcome:
    """A rule on many applications: those for which it holds, and those that lack an input."""

    rule: Rule
    holds: Mask
    lacks: Mask

    @property
    def fires(self) -> Mask:
        return self.holds | self.lacks

    @property
    def effect(self) -> Texts:
        return np.where(self.lacks, "REVIEW", self.rule.effect)


def decisions(
    applications: pd.DataFrame,
    logits: Mapping[str, Floats],
    unseen: Sequence[Sequence[str]],
    policy: Policy,
) -> pd.DataFrame:
    """Return a row an application: its score, decision and basis, and the rules that fired."""
    logit = blended(logits, policy.decision)
    scale = Scale(**msgspec.structs.asdict(policy.score), approve_from=policy.decision.approve_from)
    shown = {name: scale.points(one) for name, one in logits.items()}
    figures = pd.DataFrame(
        {
            "probabilityOfDefault": probability(logit),
            "score": scale.points(logit),
            "disagreement": np.max([*shown.values()], axis=0) - np.min([*shown.values()], axis=0),
        }
    )
    known = figures if len(logits) > 1 else figures.assign(disagreement=np.nan)
    inputs = _inputs(applications, known, logits, shown, policy)
    outcomes = [_outcome(rule, inputs) for rule in policy.rules]
    decision, basis = _verdicts(
        figures, _by_models(figures, logits, unseen, policy), outcomes, policy
    )
    above = (decision == "APPROVE") & ~_is_offered(applications, figures, policy)
    decision, basis = np.where(above, "REVIEW", decision), np.where(above, "ABOVE_OFFER", basis)
    return figures.assign(
        decision=decision, decisionBasis=basis, rules=_codes(outcomes, len(figures))
    )


def blended(logits: Mapping[str, Floats], decision: Decision) -> Floats:
    """Return the decision's logit of each application, from each model's."""
    weights = {name: decision.weights[name] for name in logits}
    total = math.fsum(weights.values()) or math.nan  # models without a weight have no say
    mean = sum(weights[name] / total * one for name, one in logits.items())
    blend: Floats = decision.intercept + decision.slope * np.asarray(mean)
    return blend


def _inputs(
    applications: pd.DataFrame,
    figures: pd.DataFrame,
    logits: Mapping[str, Floats],
    shown: Mapping[str, Floats],
    policy: Policy,
) -> pd.DataFrame:
    """Return all that rules can read; a feature that no application has is missing everywhere."""
    rules = {name: msgspec.to_builtins(one) for name, one in policy.derived.items()}
    read = {name for rule in policy.rules for name in rule.inputs}
    sources = {name for one in policy.derived.values() for name in one.sources()}
    brought = applications.reindex(
        columns=[*dict.fromkeys([*applications.columns, *sorted((read | sources) - rules.keys())])]
    )
    given = {**dict(derive_columns(brought, rules).items()), **dict(figures.items())}
    nothing = np.full(len(figures), np.nan)
    for name in policy.decision.weights:
        given[f"models.{name}.score"] = shown.get(name, nothing)
        known = name in logits
        given[f"models.{name}.probabilityOfDefault"] = (
            probability(logits[name]) if known else nothing
        )
    return pd.DataFrame({name: given[name] for name in sorted(read)}, index=figures.index)


def _outcome(rule: Rule, inputs: pd.DataFrame) -> Outcome:
    lacks = inputs[rule.inputs].isna().any(axis=1).to_numpy()
    holds = ~lacks
    for one in rule.all:
        holds = holds & _holds(one, inputs[one.input])
    if rule.any:
        holds = holds & np.any([_holds(one, inputs[one.input]) for one in rule.any], axis=0)
    return Outcome(rule, holds, lacks)


def _holds(one: Condition, values: pd.Series) -> Mask:
    if one.one_of or one.none_of:
        listed = values.isin(one.one_of) if one.one_of else values.notna()
        return np.asarray(listed & ~values.isin(one.none_of), bool)
    numbers, held = values.to_numpy(float), np.ones(len(values), bool)
    for bound, compares in (
        (one.at_least, np.greater_equal),
        (one.above, np.greater),
        (one.at_most, np.less_equal),
        (one.below, np.less),
    ):
        held &= True if bound is None else compares(numbers, bound)
    return held


def _by_models(
    figures: pd.DataFrame, asked: Collection[str], unseen: Sequence[Sequence[str]], policy: Policy
) -> Texts:
    """Return SCORE where the score may decide, else why a person must."""
    decision = policy.decision
    if (enough := may_decide(asked, decision)) != "SCORE":
        return np.full(len(figures), enough, dtype=object)
    new = np.array([not set(decision.review_unseen).isdisjoint(names) for names in unseen], bool)
    limit = math.inf if decision.maximum_disagreement is None else decision.maximum_disagreement
    apart = figures["disagreement"].to_numpy() > limit
    return np.select([new, apart], ["UNSEEN_CODE", "MODELS_DISAGREE"], "SCORE")


def _verdicts(
    figures: pd.DataFrame, by_models: Texts, outcomes: Sequence[Outcome], policy: Policy
) -> tuple[Texts, Texts]:
    score, cuts = figures["score"].to_numpy(), policy.decision
    by_score = np.select(
        [score >= cuts.approve_from, score < cuts.decline_below], ["APPROVE", "DECLINE"], "REVIEW"
    )
    effect, code, lacks = _decisive(outcomes, len(score))
    at_once = (effect != "") & (effect != "APPROVE") & ~lacks
    person = ~at_once & (by_models != "SCORE")
    ruled = effect != ""
    decision = np.select([at_once, person, ruled], [effect, "REVIEW", effect], by_score)
    return decision, np.select([at_once, person, ruled], [code, by_models, code], "SCORE")


def _is_offered(applications: pd.DataFrame, figures: pd.DataFrame, policy: Policy) -> Mask:
    """Return whether the amount is in the band of the score."""
    if policy.offer is None:
        return np.ones(len(figures), bool)
    highest = np.zeros(len(figures))
    for band in policy.offer.bands:
        highest[figures["score"].to_numpy() >= band.score_from] = band.maximum_amount
    amounts = applications[policy.offer.amount].to_numpy(float)
    return np.asarray(amounts <= highest, bool)


def _decisive(outcomes: Sequence[Outcome], rows: int) -> tuple[Texts, Texts, Mask]:
    """Return the effect and code of the rule that decides, empty without one; where it lacks an
    input.
    """
    effect, code = (np.full(rows, "", dtype=object) for _ in range(2))
    lacks = np.zeros(rows, bool)
    for one in outcomes:
        # An approval gives way to a rule that lacks an input.
        first = one.fires & ((effect == "") | ((effect == "APPROVE") & one.lacks))
        effect[first], code[first], lacks[first] = (
            one.effect[first],
            one.rule.code,
            one.lacks[first],
        )
    return effect, code, lacks


def _codes(outcomes: Sequence[Outcome], rows: int) -> list[str | None]:
    fired: list[list[str]] = [[] for _ in range(rows)]
    for one in outcomes:
        for row in np.flatnonzero(one.fires):
            fired[row].append(one.rule.code)
    return [", ".join(codes) or None for codes in fired]
