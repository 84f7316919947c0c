"""An explanation says what was decided, by what, with which data, and how to contest it."""

import math
from html.parser import HTMLParser

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.decisions.decision import decide
from chalicelib.decisions.evidence import evidence
from chalicelib.profile import load
from chalicelib.rights.explanation import explanation
from chalicelib.rights.explanation_page import page
from chalicelib.scoring.branch_results import Scored

PROFILE = load()
APPLICATION = {
    "amount": 50_000, "employees": 5, "earlierDefaults": 0, "lender": "BANCO <ANDINO>",
    "naics": "722110",
}  # fmt: skip
PARTS = {"amount": 0.4, "lenderPeers": 0.3, "sector": -0.2}


def stored(logit=-4.5, language="es", profile=PROFILE, **changes):
    application = APPLICATION | changes
    one = Scored(
        "v1", "ab" * 32, 1 / (1 + math.exp(-logit)), logit - math.fsum(PARTS.values()), PARTS
    )
    decided = decide(application, dict.fromkeys(PROFILE.models, one), profile, language)
    return decided | {
        "clientId": "ana", "predictionId": "0a", "createdAt": "2026-11-28T10:00:00.000Z",
        "language": language, "application": application,
        "evidence": evidence(application, profile.policy),
    }  # fmt: skip


def test_each_datum_has_its_source_and_only_what_was_used_is_there():
    data = {one["feature"]: one for one in explanation(stored(), PROFILE, "en")["data"]}

    assert (data["amount"]["value"], data["amount"]["unit"]) == (50_000, "USD")
    assert data["amount"]["sourceText"] == "you stated it when you applied"
    assert (data["sector"]["value"], data["sector"]["source"]) == ("72", "COMPUTED")
    assert (data["lenderPeers"]["value"], data["lenderPeers"]["source"]) == (None, "OTHER_LOANS")
    assert "naics" not in data  # the sector is what is read of it


@pytest.mark.parametrize(
    ("logit", "changes", "decision", "automated"),
    [
        (-4.5, {}, "APPROVE", True),
        (0.0, {}, "DECLINE", True),
        (-4.5, {"amount": 2e6}, "REVIEW", False),
    ],
)
def test_it_says_how_automated_the_decision_was(logit, changes, decision, automated):
    explained = explanation(stored(logit, **changes), PROFILE, "es")

    assert (explained["decision"], explained["automated"]) == (decision, automated)


def test_the_rule_that_decided_is_the_first_reason_and_others_are_none():
    decided = stored(0.0, earlierDefaults=3, amount=2_000_000)
    reasons = explanation(decided, PROFILE, "en")["reasons"]

    assert [one["code"] for one in decided["rules"]][:2] == ["REPEATED_DEFAULTS", "LARGE_LOAN"]
    assert reasons[0]["text"] == "The applicant defaulted on three or more earlier loans."
    assert [one.get("rule") for one in reasons] == ["REPEATED_DEFAULTS", None, None]


def test_what_was_approved_has_no_reasons_against_it_and_no_change_to_ask_for():
    explained = explanation(stored(), PROFILE, "en")

    assert (explained["reasons"], explained["change"]) == ([], None)


@pytest.mark.parametrize(("days", "until"), [(30, "2026-12-28"), (3, "2026-12-01")])
def test_the_last_day_to_contest_is_counted_from_the_decision(days, until):
    rights = msgspec.structs.replace(PROFILE.rights, contest_days=days)
    profile = msgspec.structs.replace(PROFILE, rights=rights)

    assert explanation(stored(), profile, "es")["contest"]["until"] == until


def test_it_speaks_another_language_than_the_decision_did():
    spanish = stored(0.0, "es")
    by_rule, by_score, *_ = explanation(spanish, PROFILE, "en")["reasons"]

    assert by_rule["text"] == PROFILE.rules[-1].text.en
    assert by_score["text"] == PROFILE.features["amount"].reason.en
    assert spanish["reasons"][0]["text"] == PROFILE.features["amount"].reason.es


def test_a_feature_or_a_rule_that_the_profile_lost_keeps_the_words_of_its_day():
    decided = stored(0.0, earlierDefaults=3)
    features = {name: one for name, one in PROFILE.features.items() if name != "amount"}
    later = msgspec.structs.replace(PROFILE, features=features, rules=())
    texts = [one["text"] for one in explanation(decided, later, "en")["reasons"]]

    assert texts[:2] == [decided["rules"][0]["text"], decided["reasons"][0]["text"]]


def test_the_criteria_are_those_of_the_day():
    decision = msgspec.structs.replace(PROFILE.decision, approve_from=700, decline_below=600)
    later = msgspec.structs.replace(PROFILE, decision=decision)
    criteria = explanation(stored(), later, "en")["criteria"]

    assert (criteria["approveFrom"], criteria["declineBelow"]) == (561, 543)
    assert criteria["text"].startswith("Approved from 561 points and declined below 543.")


class Page(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_page_has_all_of_it_and_loads_nothing(language):
    explained = explanation(stored(0.0), PROFILE, language)
    shown = Page(page(explained))

    assert ("html", {"lang": language}) in shown.tags
    assert not {tag for tag, _ in shown.tags} & {"script", "img", "link", "iframe", "a"}
    for part in ("text", "automation"):
        assert explained[part] in shown.text
    for one in (*explained["reasons"], *explained["notices"], explained["contest"]):
        assert one["text"] in shown.text
    for one in explained["data"]:
        assert one["title"] in shown.text
    assert "BANCO <ANDINO>" not in page(explained)  # the lender is read through its peers


@given(st.text(max_size=40))
def test_what_an_applicant_writes_is_text_and_never_markup(text):
    profile = msgspec.structs.replace(PROFILE, models=PROFILE.models | {
        "Tradicional": msgspec.structs.replace(
            PROFILE.models["Tradicional"], features=("lender",)
        ),
    })  # fmt: skip
    markup = f"<script>{text}</script><b onclick='x'>"
    shown = Page(page(explanation(stored(lender=markup), profile, "es")))

    assert not {tag for tag, _ in shown.tags} & {"script", "b"}
