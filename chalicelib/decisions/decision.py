"""The decision: an application, answers of models and a policy in, a decision out. Pure."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chalicelib.decisions.application import Value
from chalicelib.decisions.policy_rules import decisive, fired, inputs
from chalicelib.decisions.reasons import reasons, with_condition_texts, with_rule_texts, with_texts
from chalicelib.decisions.replay_evidence import evidence
from chalicelib.foundation.text import Language
from chalicelib.profile import Decision, Policy, Profile
from chalicelib.profile.answer_codes import Basis
from chalicelib.scoring import consents
from chalicelib.scoring.branch_results import Answer, Direction, Scored, Skipped, Unavailable

Document = dict[str, Any]

SKIPPED, NO_CONSENT = "SKIPPED_NO_CONSENT", "NO_CONSENT"
REQUESTED_BY = "requestedBy"
RECORDED = (
    "predictionId", "clientId", "createdAt", "language", "application", "counterOfferOf",
    REQUESTED_BY, "batch",
)  # fmt: skip
ROUNDED = 1e-9  # tolerance of a share of the weights: 0.1 + 0.2 is not 0.3 in binary


@dataclass(frozen=True, slots=True)
class Blend:
    """The weighted mean of the models.

    `baseline` and contributions, in log-odds of default, sum to the decision's logit. A feature has
    the direction that its largest contributor gives.
    """

    baseline: float
    contributions: dict[str, float]
    directions: dict[str, Direction] = field(default_factory=dict)

    @property
    def logit(self) -> float:
        return math.fsum((self.baseline, *self.contributions.values()))


def decide(
    application: Mapping[str, Value],
    answers: Mapping[str, Answer],
    profile: Profile,
    language: Language,
    *,
    review_only: bool = False,
) -> Document:
    """Return the decision with its reasons in words. `answers` has each model of the profile."""
    policy = profile.policy
    decided = weigh(application, answers, policy, review_only=review_only)
    with_rule_texts(decided.get("rules", ()), policy, profile, language)
    with_condition_texts(decided, policy, language)
    for part in (decided, *decided["models"].values()):
        with_texts(part.get("reasons", ()), profile, language)
    return decided


def decision_record(
    request: Document,
    answers: Mapping[str, Answer],
    profile: Profile,
    *,
    review_only: bool = False,
) -> Document:
    """Return the record of a decision, as PrediccionesCredito keeps it. `request` has what is
    RECORDED, and the consents as the state machine's input has them.
    """
    application = request["application"]
    decided = decide(application, answers, profile, request["language"], review_only=review_only)
    kept = {name: request[name] for name in RECORDED if name in request}
    proof = {"evidence": evidence(application, profile.policy)}
    return kept | consents.recorded(consents.given(request)) | decided | proof


def weigh(
    application: Mapping[str, Value],
    answers: Mapping[str, Answer],
    policy: Policy,
    *,
    review_only: bool = False,
) -> Document:
    """Return the decision without texts: all that the application, the policy and the models'
    answers determine.

    `disagreement` is the highest shown score of a model less the lowest, in points; its limit is
    `maximum_disagreement`. `unseen` are the features of `review_unseen` whose code is new to at
    least one model. `rules` are those that fired, in their order. `offer` has an
    approval's terms. `partial` and `missing` are there
    only if a model is silent, or was not asked for want of a consent.
    """
    models = {name: _model(answer, policy) for name, answer in answers.items()}
    scored = {name: answer for name, answer in answers.items() if isinstance(answer, Scored)}
    mixed = blend(scored, policy.decision)
    figures = _figures(mixed, [models[name]["score"] for name in scored], policy)
    unseen = _unseen(scored, policy.decision)
    missing = sorted(answers.keys() - scored.keys())
    known = figures if len(scored) > 1 else figures | {"disagreement": None}  # one has no other
    rules = fired(policy, inputs(policy, application, known, models))
    by_models = _basis(scored, unseen, figures["disagreement"], policy.decision)
    decision, basis = _verdict(figures["score"], by_models, rules, policy)
    if review_only:
        decision, basis = "REVIEW", "REVIEW_ONLY"
    offer = _offer(application, figures["score"], policy) if decision == "APPROVE" else {}
    if offer is None:
        decision, basis = "REVIEW", "ABOVE_OFFER"
    stated = {"unseen": unseen, "partial": bool(missing), "missing": missing, "rules": rules}
    return {
        "decision": decision,
        "decisionBasis": basis,
        "probabilityOfDefault": figures["probabilityOfDefault"],
        "score": figures["score"],
        "cutOffs": {
            "approveFrom": policy.decision.approve_from,
            "declineBelow": policy.decision.decline_below,
        },
        "disagreement": figures["disagreement"],
        **{name: value for name, value in (stated | {"offer": offer}).items() if value},
        "reasons": reasons(mixed.contributions, policy, mixed.directions) if mixed else [],
        "models": models,
        "policyVersion": policy.version(),
    }


def _figures(mixed: Blend | None, scores: Sequence[int], policy: Policy) -> Document:
    """Return the probability, the score and the disagreement; None where no model answered."""
    return {
        "probabilityOfDefault": 1 / (1 + math.exp(-mixed.logit)) if mixed else None,
        "score": policy.score.points(mixed.logit) if mixed else None,
        "disagreement": max(scores) - min(scores) if scores else None,
    }


def blend(scored: Mapping[str, Scored], decision: Decision) -> Blend | None:
    """Return the weighted mean of the answers; None if their weights sum to 0."""
    weights = {name: decision.weights[name] for name in scored}
    total = math.fsum(weights.values())
    if not total:
        return None
    parts: dict[str, dict[str, float]] = {}
    baselines = [decision.intercept]
    for name, answer in scored.items():
        share = decision.slope * weights[name] / total
        baselines.append(share * answer.baseline)
        for feature, value in answer.contributions.items():
            parts.setdefault(feature, {})[name] = share * value
    contributions = {feature: math.fsum(values.values()) for feature, values in parts.items()}
    return Blend(math.fsum(baselines), contributions, _directions(parts, scored))


def may_decide(models: Collection[str], decision: Decision) -> Basis:
    """Return SCORE if these models are enough for an automatic decision, else why they are not."""
    if not {*decision.mandatory} <= {*models}:
        return "MANDATORY_MODEL_UNAVAILABLE"
    if len(models) < decision.minimum_models:
        return "TOO_FEW_MODELS"
    heard = math.fsum(decision.weights[name] for name in models)
    if heard / math.fsum(decision.weights.values()) < decision.minimum_weight - ROUNDED:
        return "TOO_LITTLE_WEIGHT"
    return "SCORE"


def _directions(
    parts: Mapping[str, Mapping[str, float]], scored: Mapping[str, Scored]
) -> dict[str, Direction]:
    found: dict[str, Direction] = {}
    for feature, shares in parts.items():
        heaviest = max(shares, key=lambda name: (shares[name], name))
        if side := scored[heaviest].directions.get(feature):
            found[feature] = side
    return found


def _unseen(scored: Mapping[str, Scored], decision: Decision) -> list[str]:
    found = {name for answer in scored.values() for name in answer.unseen}
    return sorted(found & {*decision.review_unseen})


def _basis(
    scored: Mapping[str, Scored], unseen: list[str], apart: int | None, decision: Decision
) -> Basis:
    """Return SCORE if the score may decide, else the reason why a person must."""
    enough = may_decide(scored, decision)
    if enough != "SCORE":
        return enough
    if unseen:
        return "UNSEEN_CODE"
    limit = decision.maximum_disagreement
    if limit is not None and apart is not None and apart > limit:
        return "MODELS_DISAGREE"
    return "SCORE"


def _verdict(
    points: int | None, by_models: Basis, rules: Sequence[Document], policy: Policy
) -> tuple[str, str]:
    """Return the decision and its basis: the decisive rule, else the score.

    A rule declines or reviews without a score. It approves only where the score might.
    """
    rule = decisive(rules)
    if rule and rule["effect"] != "APPROVE" and "missing" not in rule:
        return rule["effect"], rule["code"]
    if points is None or by_models != "SCORE":
        return "REVIEW", by_models
    return (rule["effect"], rule["code"]) if rule else (_cut(points, policy), "SCORE")


def _offer(application: Mapping[str, Value], points: int | None, policy: Policy) -> Document | None:
    """Return the terms of an approval, empty without an offer; None if the amount is above it."""
    return policy.offer.terms(application, points) if policy.offer else {}


def _cut(points: int, policy: Policy) -> str:
    if points >= policy.decision.approve_from:
        return "APPROVE"
    return "DECLINE" if points < policy.decision.decline_below else "REVIEW"


def _model(answer: Answer, policy: Policy) -> Document:
    if isinstance(answer, Unavailable):
        return {"status": "UNAVAILABLE", "cause": answer.code()}
    if isinstance(answer, Skipped):
        return {"status": SKIPPED, "cause": NO_CONSENT, "consent": answer.consent}
    logit = answer.baseline + math.fsum(answer.contributions.values())
    return {
        "status": "OK",
        "version": answer.version,
        "sha256": answer.sha256,
        "probabilityOfDefault": answer.probability_of_default,
        "score": policy.score.points(logit),
        "reasons": reasons(answer.contributions, policy, answer.directions),
        **({"unseen": [*answer.unseen]} if answer.unseen else {}),
    }
