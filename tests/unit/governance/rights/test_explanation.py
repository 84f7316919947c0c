"""An explanation says what was decided, by what, with which data, and how to contest it."""

import math
from html.parser import HTMLParser

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.decisions.decision import decide
from chalicelib.decisions.replay_evidence import evidence
from chalicelib.foundation.text import Text
from chalicelib.governance.rights.explanation import BASIS_TEXTS, explanation
from chalicelib.governance.rights.explanation_page import page
from chalicelib.profile import load
from chalicelib.profile.answer_codes import BASES
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
    data = {one["feature"]: one for one in explanation(stored(), (), PROFILE, "en")["data"]}

    assert (data["amount"]["value"], data["amount"]["unit"]) == (50_000, "USD")
    assert data["amount"]["sourceText"] == "you stated it when you applied"
    assert (data["sector"]["value"], data["sector"]["source"]) == ("72", "COMPUTED")
    assert (data["lenderPeers"]["value"], data["lenderPeers"]["source"]) == (None, "OTHER_LOANS")
    assert data["lender"]["value"] == "BANCO <ANDINO>"  # read through its peers
    assert data.keys() == PROFILE.sources_of(tuple(PROFILE.read_by_models()))


@pytest.mark.parametrize(
    ("logit", "changes", "decision", "automated"),
    [
        (-4.5, {}, "APPROVE", True),
        (0.0, {}, "DECLINE", True),
        (-4.5, {"amount": 2e6}, "REVIEW", False),
    ],
)
def test_it_says_how_automated_the_decision_was(logit, changes, decision, automated):
    explained = explanation(stored(logit, **changes), (), PROFILE, "es")

    assert (explained["decision"], explained["automated"]) == (decision, automated)


def test_a_rule_that_decided_is_the_reason_and_nothing_else_is():
    decided = stored(0.0, earlierDefaults=3, amount=2_000_000)
    reasons = explanation(decided, (), PROFILE, "en")["reasons"]

    assert [one["code"] for one in decided["rules"]][:2] == ["REPEATED_DEFAULTS", "LARGE_LOAN"]
    text = "The applicant defaulted on three or more earlier loans."
    assert reasons == [{"rule": "REPEATED_DEFAULTS", "text": text}]


def test_a_rule_that_lacks_an_input_says_so_and_not_what_it_would_say_if_it_held():
    reasons = explanation(stored(employees=0), (), PROFILE, "en")["reasons"]

    assert [one["rule"] for one in reasons] == ["AMOUNT_PER_EMPLOYEE"]
    assert "missing, and a person decides: Amount per employee." in reasons[0]["text"]


def test_a_new_code_is_the_reason_why_a_person_decides():
    decided = stored() | {
        "decision": "REVIEW",
        "decisionBasis": "UNSEEN_CODE",
        "unseen": ["lender"],
    }
    explained = explanation(decided, (), PROFILE, "es")

    assert [one["text"] for one in explained["reasons"]] == [
        "Los modelos apenas conocen préstamos recientes con lo mismo en: Entidad que presta."
    ]
    assert explained["contest"] is None  # nobody has decided yet


def test_what_was_approved_has_no_reasons_against_it_and_no_change_to_ask_for():
    explained = explanation(stored(), (), PROFILE, "en")

    assert (explained["reasons"], explained["change"]) == ([], None)


@pytest.mark.parametrize(("days", "until"), [(30, "2026-12-28"), (3, "2026-12-01")])
def test_the_last_day_to_contest_is_counted_from_the_decision(days, until):
    rights = msgspec.structs.replace(PROFILE.rights, contest_days=days)
    profile = msgspec.structs.replace(PROFILE, rights=rights)

    assert explanation(stored(), (), profile, "es")["contest"]["until"] == until


def test_it_speaks_another_language_than_the_decision_did():
    profile = msgspec.structs.replace(PROFILE, rules=())
    spanish = stored(0.0, "es", profile)
    reason = explanation(spanish, (), profile, "en")["reasons"][0]["text"]

    assert reason == PROFILE.features["amount"].reason.en
    assert spanish["reasons"][0]["text"] == PROFILE.features["amount"].reason.es


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_words_of_a_rule_are_those_of_the_day_in_both_languages(language):
    decided = stored(0.0, earlierDefaults=3)
    other = msgspec.structs.replace(PROFILE.rules[0], text=Text(es="otro", en="other"))
    for rules in ((other, *PROFILE.rules[1:]), ()):
        later = msgspec.structs.replace(PROFILE, rules=rules)
        (reason,) = explanation(decided, (), later, language)["reasons"]
        assert reason["text"] == PROFILE.rules[0].text.said_in(language)


def test_a_feature_that_the_profile_lost_keeps_the_words_of_its_day():
    profile = msgspec.structs.replace(PROFILE, rules=())
    decided = stored(0.0, profile=profile)
    features = {name: one for name, one in PROFILE.features.items() if name != "lenderPeers"}
    models = {
        name: msgspec.structs.replace(model, features=("amount",))
        for name, model in PROFILE.models.items()
    }
    later = msgspec.structs.replace(profile, features=features, models=models)
    texts = [one["text"] for one in explanation(decided, (), later, "en")["reasons"]]

    assert texts[1] == decided["reasons"][1]["text"]


def test_the_criteria_are_those_of_the_day():
    decision = msgspec.structs.replace(PROFILE.decision, approve_from=700, decline_below=600)
    later = msgspec.structs.replace(PROFILE, decision=decision)
    criteria = explanation(stored(), (), later, "en")["criteria"]

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
    explained = explanation(stored(0.0), (), PROFILE, language)
    shown = Page(page(explained))

    assert ("html", {"lang": language}) in shown.tags
    assert not {tag for tag, _ in shown.tags} & {"script", "img", "link", "iframe", "a"}
    for part in ("text", "automation"):
        assert explained[part] in shown.text
    for one in (
        *explained["reasons"], *explained["notices"], explained["contest"], explained["change"],
    ):  # fmt: skip
        assert one["text"] in shown.text
    for one in explained["data"]:
        assert one["title"] in shown.text
    assert "BANCO &lt;ANDINO&gt;" in page(explained)
    assert ("50 000 USD" in shown.text) == (language == "es")


@given(st.text(max_size=40))
def test_what_an_applicant_writes_is_text_and_never_markup(text):
    markup = f"<script>{text}</script><b onclick='x'>"
    shown = Page(page(explanation(stored(lender=markup), (), PROFILE, "es")))

    assert not {tag for tag, _ in shown.tags} & {"script", "b"}


def test_each_basis_without_a_score_has_a_text_of_its_own():
    assert BASIS_TEXTS.keys() == {*BASES} - {"SCORE"}
