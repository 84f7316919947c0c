"""The route GET …/replay: a stored decision made again, by the models in service.

It checks the record, asks each model that is still in service, and decides by the policy that the
decision carries. A model that is not in service any more is replayed at the desk from its artifact:
`workbench.replay`.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Literal, Protocol

import msgspec

from chalicelib.decisions.decision import weigh
from chalicelib.decisions.replay_evidence import changed_features
from chalicelib.foundation.errors import EndpointFault
from chalicelib.profile import Policy
from chalicelib.scoring.branch_results import Answer, Scored, Skipped, Unavailable

Document = dict[str, Any]
Outcome = Literal["SAME", "DIFFERENT", "NOT_IN_SERVICE"]

TOLERANCE = 1e-9  # of a probability: the last digits are the processor's
COMPARED = ("decision", "decisionBasis", "score", "disagreement")


class Scoring(Protocol):
    def score_all(self, model: str, applications: Sequence[Document]) -> list[Scored]: ...


def replayed(stored: Document, scoring: Scoring) -> Document:
    """Return the checks of a stored decision, each with what is stored and what was found."""
    policy = _policy(stored)
    answers = {name: _answer(name, one, stored, scoring) for name, one in stored["models"].items()}
    checks = [*_of_record(stored, policy), *_of_models(stored["models"], answers)]
    again = _again(stored, answers, policy)
    checks += [*_of_decision(stored, again)] if again else []
    return {
        "clientId": stored["clientId"],
        "predictionId": stored["predictionId"],
        "outcome": _outcome(checks, is_whole=again is not None),
        "checks": checks,
    }


def _policy(stored: Document) -> Policy | None:
    """Return the policy that the decision carries; None if it carries none that can be read."""
    try:
        return msgspec.convert((stored.get("evidence") or {}).get("policy"), Policy)
    except msgspec.ValidationError:
        return None


def _answer(name: str, kept: Document, stored: Document, scoring: Scoring) -> Answer | None:
    """Return the model's answer again; None if what answered then is not in service."""
    if kept["status"] != "OK":
        consent = kept.get("consent")
        return Skipped(consent) if consent else Unavailable({}, kept.get("cause", ""))
    try:
        [answer] = scoring.score_all(name, [stored["application"]])
    except EndpointFault:
        return None
    return answer if answer.sha256 == kept["sha256"] else None


def _of_record(stored: Document, policy: Policy | None) -> Iterator[Document]:
    version = policy.version() if policy else None
    yield _check("POLICY", "", stored["policyVersion"], version)
    marks = (stored.get("evidence") or {}).get("features", {})
    changed = changed_features(stored["application"], marks)
    yield _check("DATA", "", "", ", ".join(changed))


def _of_models(kept: Document, answers: dict[str, Answer | None]) -> Iterator[Document]:
    for name, answer in answers.items():
        if kept[name]["status"] != "OK":
            continue
        known = kept[name]["probabilityOfDefault"]
        found = answer.probability_of_default if isinstance(answer, Scored) else None
        yield _check("MODEL", name, known, found)


def _again(
    stored: Document, answers: dict[str, Answer | None], policy: Policy | None
) -> Document | None:
    """Return the decision made again; None if its policy or a model of it is not there."""
    known = {name: one for name, one in answers.items() if one is not None}
    if policy is None or known.keys() != answers.keys():
        return None
    if known.keys() != policy.decision.weights.keys():
        return None
    review_only = stored["decisionBasis"] == "REVIEW_ONLY"  # was switched on, not decided
    return weigh(stored["application"], known, policy, review_only=review_only)


def _of_decision(stored: Document, again: Document) -> Iterator[Document]:
    for name in COMPARED:
        yield _check("DECISION", name, stored[name], again[name])
    name = "probabilityOfDefault"
    yield _check("DECISION", name, stored[name], again[name])


def _check(kind: str, name: str, kept: Any, found: Any) -> Document:
    return {"check": kind, "name": name, "stored": kept, "found": found, "same": _same(kept, found)}


def _same(kept: Any, found: Any) -> bool:
    if isinstance(kept, float) and isinstance(found, float):
        return abs(kept - found) <= TOLERANCE
    return bool(kept == found)


def _outcome(checks: Sequence[Document], *, is_whole: bool) -> Outcome:
    gone = [one for one in checks if one["check"] == "MODEL" and one["found"] is None]
    if any(not one["same"] for one in checks if one not in gone):
        return "DIFFERENT"
    return "SAME" if is_whole else "NOT_IN_SERVICE"
