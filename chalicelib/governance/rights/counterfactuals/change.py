"""The route GET …/change: the smallest change that would be approved, verified by all models."""

from collections.abc import Sequence
from typing import Any

from chalicelib.foundation.text import Language, Text
from chalicelib.governance.rights.counterfactuals import candidate_values, search
from chalicelib.governance.rights.counterfactuals.committee import Committee, summary, why_a_person
from chalicelib.governance.rights.counterfactuals.training_loans import Manifests, quantiles
from chalicelib.profile import Profile
from chalicelib.profile.answer_codes import ChangeOutcome

Document = dict[str, Any]

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


def needed(
    prediction: Document,
    language: Language,
    profile: Profile,
    committee: Committee,
    manifests: Manifests,
) -> Document:
    """Return the smallest change that today's models and policy would approve, or why there is
    none.
    """
    application = prediction["application"]
    [today] = committee.decide([application])
    found = search.Found({}, 0)
    person = why_a_person(today, profile)
    if today["decision"] != "APPROVE" and not person:
        values = candidate_values.steps(application, profile, quantiles(today["models"], manifests))
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
        "today": summary(today, profile, language),
        "afterwards": summary(reached, profile, language) if change else None,
        "tried": committee.asked,
        "policyVersion": profile.policy_version(),
        "language": language,
    }


def _titles(names: Sequence[str], profile: Profile, language: Language) -> str:
    return ", ".join(profile.features[name].title.said_in(language) for name in names)


def _outcome(application: Document, change: search.Change | None) -> ChangeOutcome:
    if change is None:
        return "NONE"
    if not change:
        return "NOT_NEEDED"
    return "FILL_IN" if search.filled_in(application, change) else "CHANGE"


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
