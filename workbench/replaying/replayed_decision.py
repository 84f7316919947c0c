"""A stored decision made again from what it carries and its artifacts: what differs."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from chalicelib.decisions.decision import weigh
from chalicelib.decisions.replay_evidence import changed_features
from chalicelib.governance.evidence.replay_check import TOLERANCE
from chalicelib.profile import Policy
from chalicelib.scoring.branch_results import Answer, Scored, Skipped, Unavailable
from workbench.replaying.artifact_process import NotRecorded, NotScored, evaluate

SHOWN = (
    "decision", "decisionBasis", "probabilityOfDefault", "score", "disagreement", "unseen",
    "rules", "offer", "reasons", "models", "policyVersion",
)  # fmt: skip
SINCE_MINIMUM_WEIGHT = ("cutOffs", "partial", "missing")

Document = dict[str, Any]
PolicyFault = Callable[[Document], str]
ReadArtifact = Callable[[str, str], bytes]  # of a model and version; raises NotRecorded
Found = Scored | Unavailable | Skipped | NotScored | NotRecorded


class Reason(msgspec.Struct):
    feature: str
    points: int
    direction: str | None = None


class Answered(msgspec.Struct, tag_field="status", tag="OK"):
    version: str
    sha256: str
    reasons: list[Reason]


class Silent(msgspec.Struct, tag_field="status", tag="UNAVAILABLE"):
    cause: str


class NotAsked(msgspec.Struct, tag_field="status", tag="SKIPPED_NO_CONSENT"):
    consent: str


class Evidence(msgspec.Struct):
    features: Document
    policy: Document


class Stated(msgspec.Struct):
    code: str


class Terms(msgspec.Struct, rename="camel"):
    maximum_amount: float
    annual_rate: float
    conditions: list[Stated]


class Record(msgspec.Struct, rename="camel"):
    """Fields that a decision needs to be replayed, in their types."""

    application: Document
    models: Document
    policy_version: str
    decision_basis: str
    reasons: list[Reason]
    evidence: Evidence
    rules: list[Document] = []
    offer: Terms | None = None


def replay(
    decisions: Sequence[Document],
    read_artifact: ReadArtifact,
    policy_fault: PolicyFault | None = None,
) -> list[list[str]]:
    """Return the differences of each decision; an empty list if it is identical.

    `policy_fault` says why a decision's policy was not the bank's, or nothing.
    """
    # DynamoDB knows sets and bytes, which no decision has: their text differs from what was stored.
    plain = [json.loads(json.dumps(decision, default=str)) for decision in decisions]
    broken = [list(_broken(decision)) for decision in plain]
    whole = [decision for decision, faults in zip(plain, broken, strict=True) if not faults]
    answers = iter(_answers(whole, read_artifact))
    return [
        faults or [*_of_record(decision, policy_fault), *_differences(decision, next(answers))]
        for decision, faults in zip(plain, broken, strict=True)
    ]


def _broken(decision: Document) -> Iterator[str]:
    """Yield why a record can't be replayed at all."""
    if decision.get("evidence") is None:
        yield "record: it carries no policy, evidence is missing: it was made before decisions did"
        return
    try:
        models = msgspec.convert(decision, Record).models
    except msgspec.ValidationError as fault:
        yield f"record: {fault}"
        return
    for name, model in models.items():
        try:
            msgspec.convert(model, Answered | Silent | NotAsked)
        except msgspec.ValidationError as fault:
            yield f"record: models {name}: {fault}"


def _answers(decisions: Sequence[Document], read_artifact: ReadArtifact) -> list[dict[str, Found]]:
    """Return each model's answer to each decision; every artifact is loaded once."""
    answers: list[dict[str, Found]] = [{} for _ in decisions]
    asked: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for place, decision in enumerate(decisions):
        for name, model in decision["models"].items():
            consent = model.get("consent")
            answers[place][name] = (
                Skipped(consent) if consent else Unavailable({}, model.get("cause", ""))
            )
            if model["status"] == "OK":
                asked[name, model["version"], model["sha256"]].append(place)
    for (name, version, sha256), places in asked.items():
        applications = [decisions[place]["application"] for place in places]
        said: Sequence[Found]
        try:
            said = evaluate(read_artifact(name, version), sha256, applications)
        except NotRecorded as refused:
            said = [refused] * len(places)
        for place, answer in zip(places, said, strict=True):
            answers[place][name] = answer
    return answers


def _of_record(decision: Document, policy_fault: PolicyFault | None) -> Iterator[str]:
    if policy_fault and (fault := policy_fault(decision)):
        yield f"policy {decision['policyVersion']}: {fault}"


def _differences(decision: Document, replayed: dict[str, Found]) -> Iterator[str]:
    """Yield changes of the record first, then differences of the replay."""
    for feature in changed_features(decision["application"], decision["evidence"]["features"]):
        yield f"feature {feature}: not the value that was scored"
    answers: dict[str, Answer] = {}
    for name, answer in replayed.items():
        label = f"model {name} {decision['models'][name].get('version', '')}"
        if isinstance(answer, NotRecorded):
            yield f"{label}: refused, {answer}"
        elif isinstance(answer, NotScored):
            yield f"{label}: can't score this application, {answer}"
        else:
            answers[name] = answer
    policy = _policy(decision)
    if policy is None:
        yield f"policy {decision['policyVersion']}: not the one that was in force"
        return
    for name in sorted(policy.decision.weights.keys() ^ replayed.keys()):
        yield f"models {name}: not in both the record and its policy"
    if answers.keys() == policy.decision.weights.keys():
        yield from _otherwise(decision, answers, policy)


def _policy(decision: Document) -> Policy | None:
    try:
        policy = msgspec.convert(decision["evidence"]["policy"], Policy)
    except msgspec.ValidationError:
        return None
    return policy if policy.version() == decision["policyVersion"] else None


def _otherwise(decision: Document, answers: dict[str, Answer], policy: Policy) -> Iterator[str]:
    review_only = decision["decisionBasis"] == "REVIEW_ONLY"  # was switched on, not decided
    try:
        again = weigh(decision["application"], answers, policy, review_only=review_only)
    except (ArithmeticError, ValueError) as fault:
        yield f"policy {decision['policyVersion']}: nothing can be decided by it, {fault}"
        return
    dated = policy.decision.minimum_weight or decision.keys() & {*SINCE_MINIMUM_WEIGHT}
    parts = (*SHOWN, *SINCE_MINIMUM_WEIGHT) if dated else SHOWN
    yield from _unlike(_shown(decision, parts), _shown(again, parts), "")


def _shown(decided: Document, parts: tuple[str, ...]) -> Document:
    """Return the decision's fields that models and policy determine, without texts."""
    shown = {name: decided.get(name) for name in parts}
    models = {name: _without_texts(model) for name, model in decided["models"].items()}
    rules = [{k: v for k, v in one.items() if k != "text"} for one in decided.get("rules", ())]
    offer = {**(decided.get("offer") or {})}
    codes = [condition["code"] for condition in offer.pop("conditions", ())]
    stated = {"models": models, "rules": rules, "offer": offer | {"conditions": codes}}
    return _without_texts(shown) | stated


def _without_texts(part: Document) -> Document:
    if "reasons" not in part:
        return part
    reasons = {f"{reason['feature']} costs": reason["points"] for reason in part["reasons"]}
    sides = {one["feature"]: one["direction"] for one in part["reasons"] if one.get("direction")}
    order = {"order of the reasons": " ".join(reasons)}
    return part | {"reasons": reasons, "directions of the reasons": sides} | order


def _unlike(stored: Any, again: Any, where: str) -> Iterator[str]:
    if isinstance(stored, dict) and isinstance(again, dict):
        for name in sorted({*stored, *again}):
            yield from _unlike(stored.get(name), again.get(name), f"{where} {name}".strip())
    elif isinstance(stored, float) and isinstance(again, float):
        if abs(stored - again) > TOLERANCE:
            yield f"{where}: {stored!r} is stored, {again!r} comes out"
    elif stored != again:
        yield f"{where}: {stored!r} is stored, {again!r} comes out"
