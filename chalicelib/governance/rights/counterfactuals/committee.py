"""The models in service and today's policy, asked about many applications at once."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from chalicelib.decisions.decision import weigh
from chalicelib.decisions.reasons import with_rule_texts
from chalicelib.foundation.errors import AnalysisUnavailable, EndpointFault
from chalicelib.foundation.text import Language, Text
from chalicelib.governance.rights.counterfactuals.candidate_values import Value
from chalicelib.profile import Profile
from chalicelib.profile.answer_codes import ChangeOutcome
from chalicelib.scoring.branch_results import Answer, Scored, Skipped

PATIENCE_SECONDS = 18  # API Gateway waits 29, and the last question may take 9

Document = dict[str, Any]

TOO_LONG = Text(
    es="La búsqueda tardó demasiado. Inténtelo de nuevo en un momento.",
    en="The search took too long. Try again in a moment.",
)
SILENT_MODEL = Text(
    es="El modelo {model} no respondió, y deben responder todos. Inténtelo más tarde.",
    en="The model {model} did not answer, and all must answer. Try again later.",
)


class Scoring(Protocol):
    def score_all(self, model: str, applications: Sequence[dict[str, Value]]) -> list[Scored]: ...


class Committee:
    """The models in service and today's policy, asked about many applications at once.

    `without` has the models that may not be asked, each with the consent that it lacks.
    """

    def __init__(
        self,
        profile: Profile,
        scoring: Scoring,
        clock: Callable[[], float] = time.monotonic,
        *,
        review_only: bool = False,
        without: Mapping[str, str] | None = None,
    ) -> None:
        self.asked = 0
        self._without = without or {}
        self.review_only = review_only
        self.profile = profile
        self._scoring = scoring
        self._clock = clock
        self._ends = clock() + PATIENCE_SECONDS

    def decide(self, applications: Sequence[dict[str, Value]]) -> list[Document]:
        """Decide on each application.

        Raises AnalysisUnavailable if a model is silent or the time is up.
        """
        policy, review_only = self.profile.policy, self.review_only
        return [
            weigh(application, answers, policy, review_only=review_only)
            for application, answers in zip(applications, self.answers(applications), strict=True)
        ]

    def answers(self, applications: Sequence[dict[str, Value]]) -> list[dict[str, Answer]]:
        """Return each model's answer to each application.

        Raises AnalysisUnavailable if a model is silent or the time is up.
        """
        if self._clock() > self._ends:
            raise AnalysisUnavailable(TOO_LONG)
        self.asked += len(applications)
        models = list(self.profile.models)
        said = [self._ask(model, applications) for model in models]
        return [dict(zip(models, each, strict=True)) for each in zip(*said, strict=True)]

    def _ask(self, model: str, applications: Sequence[dict[str, Value]]) -> Sequence[Answer]:
        if model in self._without:
            return [Skipped(self._without[model])] * len(applications)
        try:
            return self._scoring.score_all(model, applications)
        except EndpointFault as fault:
            raise AnalysisUnavailable(SILENT_MODEL.format(model=model)) from fault

    def approves(self, applications: Sequence[dict[str, Value]]) -> list[bool]:
        return [decided["decision"] == "APPROVE" for decided in self.decide(applications)]


def why_a_person(today: Document, profile: Profile) -> ChangeOutcome | None:
    """Return why a person decides whatever is changed; None if a change may be enough."""
    unseen = (profile.features[name] for name in today.get("unseen", ()))
    if today["decisionBasis"] == "REVIEW_ONLY":
        return "REVIEW_ONLY"
    return None if all(one.change for one in unseen) else "UNSEEN_CODE"


def summary(decided: Document, profile: Profile, language: Language) -> Document:
    with_rule_texts(decided.get("rules", ()), profile.policy, profile, language)
    shown = (
        "decision", "decisionBasis", "rules", "unseen", "score", "probabilityOfDefault",
        "disagreement",
    )  # fmt: skip
    versions = {
        name: model["version"] for name, model in decided["models"].items() if "version" in model
    }
    told = {name: decided[name] for name in shown if name in decided}
    return told | {"models": versions}
