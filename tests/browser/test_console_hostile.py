"""Harmful texts in every place that an applicant, a person or an artifact can fill."""

import json
from typing import Any

import pytest

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>\u202egnirts\u202c " + "x" * 10_000
# Codes, times and ids that the API itself makes; all other texts are somebody's.
OWN = {
    "predictionId", "createdAt", "decision", "decisionBasis", "status", "verdict", "kind", "at",
    "awaits", "priority", "openedAt", "dueAt", "claimedUntil", "since", "from", "to", "window",
    "decidedBy", "state", "id", "next", "before", "after", "nextReview", "method", "effectiveFrom",
    "policy", "inForce", "deployed", "effect", "act", "mayCall", "language", "fields", "scale",
}  # fmt: skip
CHALLENGER = {
    "version": "20260101T000000", "snapshot": "s", "verdict": "rejected", "reasons": ["AUC", "KS"],
    "report": "credit/reports/1/report.html",
    "facts": {
        "rows": 5, "bads": 1, "holdout": None, "championVersion": "20250101T000000",
        "challenger": {"auc": 0.7, "ks": 0.3}, "champion": {"auc": 0.6, "ks": 0.4},
        "aucDifference": {"low": 0.05, "value": 0.1, "high": 0.15}, "ksDifference": None,
        "scorePsi": 0.01,
    },
    "swapSet": {
        "decisions": 3, "moves": [{"before": "APPROVE", "after": "DECLINE", "count": 1}],
        "yesToNo": {"count": 1, "expected": None}, "noToYes": {"count": 0, "expected": None},
    },
}  # fmt: skip
WAITING = {
    "id": "1-a", "model": "Tradicional", "version": "v", "job": "j", "sha256": "ab", "report": "r",
    "champion": "c", "since": "2026-11-29T12:00:00Z", "promoted": False, "signOff": None,
}  # fmt: skip


def spoilt(value: Any, name: str = "") -> Any:
    if name in OWN:
        return value
    if isinstance(value, dict):
        return {key: spoilt(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return [spoilt(each, name) for each in value]
    return HOSTILE if isinstance(value, str) else value


def completed(path: str, body: dict[str, Any]) -> dict[str, Any]:
    """What a young bank has none of: reviews, a contest, challengers, claims."""
    if path.endswith("/models"):
        models = {name: one | {"challenger": CHALLENGER} for name, one in body["models"].items()}
        return body | {"models": models}
    if path.endswith("/challengers"):
        return {"models": {"Tradicional": [WAITING]}}
    if path.endswith("/portfolio"):
        return body | {"byReviewer": [body["all"] | {"reviewer": {"username": "a"}}]}
    if path.endswith("/reviews"):
        claims = {"claimedBy": {"username": "eva"}, "claimedUntil": "2026-11-29T12:00:00Z"}
        return body | {"reviews": [one | claims for one in body["reviews"]]}
    if "reviews" in body and "application" in body:
        at = body["createdAt"]
        act = {"verdict": "APPROVE", "reason": "a", "at": at, "text": "b", "by": {"username": "c"}}
        contest = {"state": "OPEN", "at": at, "text": "no", "by": {"username": "d"}}
        claim = {"claimedBy": {"username": "eva"}, "claimedUntil": at}
        case = {"case": body["case"] | claim} if "case" in body else {}
        return body | {"reviews": [act], "contest": contest} | case
    return body


def answer(route: Any) -> None:
    taken, path = route.fetch(), route.request.url.partition("?")[0]
    if route.request.method == "GET" and "json" in taken.headers.get("content-type", ""):
        body = spoilt(completed(path, taken.json()))
        route.fulfill(response=taken, body=json.dumps(body))
    else:
        route.fulfill(response=taken)


def spoil(one: Any) -> None:
    one.page.on("dialog", lambda dialog: one.faults.append(dialog.message))
    one.page.route("**/people/**", answer)


def is_shown_as_text(one: Any, least: int) -> None:
    one.settled()

    assert one.page.locator("main img, main script").count() == 0
    assert one.page.get_by_text("<script>alert(2)</script>").count() >= least
    assert one.overflow() <= 0
    assert one.barriers() == []


@pytest.mark.parametrize("person", ["analyst", "reviewer", "risk"])
def test_a_decision_of_harmful_texts_is_shown_as_text(visit, site, person):
    analyst = visit("analyst", "en")
    analyst.analyse(site.loans[11])
    place = analyst.page.get_by_role("link", name=analyst.t("openDecision")).get_attribute("href")
    one = analyst if person == "analyst" else visit(person, "en")
    spoil(one)
    one.open(*place.removeprefix("#/").split("/"))
    one.heading("page.decision").wait_for()

    is_shown_as_text(one, 10)


@pytest.mark.parametrize(
    ("person", "page", "least"),
    [
        ("reviewer", "queue", 2),
        ("reviewer", "decisions", 1),
        ("risk", "portfolio", 1),
        ("risk", "models", 10),
        ("risk", "policy", 1),
    ],
)
@pytest.mark.parametrize("width", [360, 1280])
def test_a_page_of_harmful_texts_is_shown_as_text(visit, site, person, page, least, width):
    loan = site.loans[19]
    unseen = loan | {"application": loan["application"] | {"lender": f"NEW LENDER {width}"}}
    visit("analyst", "en").analyse(unseen)
    one = visit(person, "en", width)
    spoil(one)
    one.open("batches")  # so that the page asks anew
    one.heading("page.batches").wait_for()
    one.open(page)
    one.heading(f"page.{page}").wait_for()

    is_shown_as_text(one, least)
