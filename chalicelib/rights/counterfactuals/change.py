"""The route GET …/change: the smallest change that would be approved, verified by all models."""

import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec

from chalicelib.decisions.decision import weigh
from chalicelib.decisions.reasons import with_rule_texts
from chalicelib.foundation.errors import AnalysisUnavailable, EndpointFault
from chalicelib.foundation.text import Language, Text
from chalicelib.profile import Profile
from chalicelib.profile.answer_codes import ChangeOutcome
from chalicelib.rights.counterfactuals import candidate_values, search
from chalicelib.rights.counterfactuals.candidate_values import Value
from chalicelib.scoring.branch_results import Scored

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

STATEMENTS: dict[ChangeOutcome, Text] = {
    "CHANGE": Text(
        es="Con estos cambios, y con todo lo demás igual, la solicitud se aprobaría.",
        en="With these changes, and all else the same, the application would be approved.",
    ),
    "FILL_IN": Text(
        es="Se dejó en blanco: {blanks}. Ningún cambio que se probó de lo que sí se dijo bastaría; "
        "si lo que aquí se indica es cierto, y con todo lo demás igual, se aprobaría.",
        en="Left blank: {blanks}. No change that was tried of what was told would be enough; "
        "if what is shown here is true, and all else is the same, it would be approved.",
    ),
    "NONE": Text(
        es="Ninguna de las {tried} solicitudes que se probaron se aprobaría, cambiando hasta "
        "{fields} datos a la vez. Los valores intermedios no se probaron.",
        en="None of the {tried} applications that were tried would be approved, with up to "
        "{fields} changes at once. The values in between were not tried.",
    ),
    "REVIEW_ONLY": Text(
        es="Hoy una persona decide sobre cada solicitud: ningún cambio haría que se aprobara sin "
        "ella. No se buscó ninguno.",
        en="Today a person decides on every application: no change would have it approved without "
        "one. None was looked for.",
    ),
    "UNSEEN_CODE": Text(
        es="Una persona decide sobre esta solicitud: los modelos, o uno de ellos, apenas conocen "
        "préstamos recientes con lo mismo en {unseen}. Si está bien escrito, ningún cambio haría "
        "que se aprobara sin ella. No se buscó ninguno.",
        en="A person decides on this application: the models, or one of them, know hardly any "
        "recent loans with the same in {unseen}. If it is spelt right, no change would have it "
        "approved without one. None was looked for.",
    ),
    "NOT_NEEDED": Text(
        es="La solicitud, tal como está, se aprobaría hoy.",
        en="The application as it is would be approved today.",
    ),
}


class Scoring(Protocol):
    def score_all(self, model: str, applications: Sequence[dict[str, Value]]) -> list[Scored]: ...


class Manifests(Protocol):
    def manifest(self, model: str, version: str) -> bytes | None: ...


class Committee:
    """The models in service and today's policy, asked about many applications at once."""

    def __init__(
        self,
        profile: Profile,
        scoring: Scoring,
        clock: Callable[[], float],
        *,
        review_only: bool = False,
    ) -> None:
        self.asked = 0
        self._review_only = review_only
        self._profile = profile
        self._scoring = scoring
        self._clock = clock
        self._ends = clock() + PATIENCE_SECONDS

    def decide(self, applications: Sequence[dict[str, Value]]) -> list[Document]:
        """Decide on each application.

        Raises AnalysisUnavailable if a model is silent or the time is up.
        """
        if self._clock() > self._ends:
            raise AnalysisUnavailable(TOO_LONG)
        self.asked += len(applications)
        policy, models = self._profile.policy, list(self._profile.models)
        said = [self._ask(model, applications) for model in models]
        return [
            weigh(
                application,
                dict(zip(models, answers, strict=True)),
                policy,
                review_only=self._review_only,
            )
            for application, *answers in zip(applications, *said, strict=True)
        ]

    def _ask(self, model: str, applications: Sequence[dict[str, Value]]) -> list[Scored]:
        try:
            return self._scoring.score_all(model, applications)
        except EndpointFault as fault:
            raise AnalysisUnavailable(SILENT_MODEL.format(model=model)) from fault

    def approves(self, applications: Sequence[dict[str, Value]]) -> list[bool]:
        return [decided["decision"] == "APPROVE" for decided in self.decide(applications)]


def needed(
    prediction: Document,
    language: Language,
    profile: Profile,
    scoring: Scoring,
    manifests: Manifests,
    clock: Callable[[], float] = time.monotonic,
    *,
    review_only: bool = False,
) -> Document:
    """Return the smallest change that today's models and policy would approve, or why there is
    none.
    """
    application = prediction["application"]
    committee = Committee(profile, scoring, clock, review_only=review_only)
    [today] = committee.decide([application])
    found = search.Found({}, 0)
    person = _why_a_person(today, profile)
    if today["decision"] != "APPROVE" and not person:
        values = candidate_values.steps(
            application, profile, _quantiles(today["models"], manifests)
        )
        found = search.smallest_change(application, values, profile, committee.approves)
    change = found.change or {}
    [reached] = committee.decide([application | change]) if change else [today]
    changes = _told(application, change, profile, language)
    outcome = person or _outcome(application, found.change)
    blanks = search.filled_in(application, change)
    return {
        "clientId": prediction["clientId"],
        "predictionId": prediction["predictionId"],
        "outcome": outcome,
        "text": STATEMENTS[outcome]
        .said_in(language)
        .format(
            blanks=_titles(blanks, profile, language),
            unseen=_titles(today.get("unseen", []), profile, language),
            tried=committee.asked,
            fields=found.fields,
        ),
        "changes": changes,
        "today": _summary(today, profile, language),
        "afterwards": _summary(reached, profile, language) if change else None,
        "tried": committee.asked,
        "policyVersion": profile.policy_version(),
        "language": language,
    }


def _why_a_person(today: Document, profile: Profile) -> ChangeOutcome | None:
    """Return why a person decides whatever is changed; None if a change may be enough."""
    unseen = (profile.features[name] for name in today.get("unseen", ()))
    if today["decisionBasis"] == "REVIEW_ONLY":
        return "REVIEW_ONLY"
    return None if all(one.change for one in unseen) else "UNSEEN_CODE"


def _titles(names: Sequence[str], profile: Profile, language: Language) -> str:
    return ", ".join(profile.features[name].title.said_in(language) for name in names)


def _outcome(application: Document, change: search.Change | None) -> ChangeOutcome:
    if change is None:
        return "NONE"
    if not change:
        return "NOT_NEEDED"
    return "FILL_IN" if search.filled_in(application, change) else "CHANGE"


def _quantiles(models: Document, manifests: Manifests) -> dict[str, list[float]]:
    """Return the quantiles of each feature in the models' training loans."""
    found: dict[str, list[float]] = {}
    for name, model in models.items():
        body = manifests.manifest(name, model["version"])
        reference = msgspec.json.decode(body).get("reference", {}) if body else {}
        for feature, histogram in reference.items():
            found.setdefault(feature, histogram.get("edges", []))
    return found


def _told(
    application: Document, change: search.Change, profile: Profile, language: Language
) -> list[Document]:
    return [
        {
            "feature": name,
            "title": profile.features[name].title.said_in(language),
            "from": application.get(name),
            "to": value,
        }
        for name, value in change.items()
    ]


def _summary(decided: Document, profile: Profile, language: Language) -> Document:
    with_rule_texts(decided.get("rules", ()), profile.policy, profile, language)
    shown = (
        "decision", "decisionBasis", "rules", "unseen", "score", "probabilityOfDefault",
        "disagreement",
    )  # fmt: skip
    versions = {name: model["version"] for name, model in decided["models"].items()}
    told = {name: decided[name] for name in shown if name in decided}
    return told | {"models": versions}
