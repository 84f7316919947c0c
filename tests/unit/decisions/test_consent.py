"""A model whose consent is missing is not asked, and what only it reads is not kept."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.decisions.application import CreditApplication
from chalicelib.decisions.decision import weigh
from chalicelib.decisions.policy_rules import fired, inputs
from chalicelib.foundation.errors import InvalidApplication
from chalicelib.foundation.observability import decided
from chalicelib.governance.policies.policy_documents import read, with_policy, written
from chalicelib.governance.rights.counterfactuals.committee import Committee, summary
from chalicelib.models.drift import Histogram, Reference, Seen, compared
from chalicelib.profile import Condition, Profile, Rule, load
from chalicelib.profile.contradictions.profile_contradictions import contradictions
from chalicelib.retraining.swap_set import ModelAnswer, answer_of
from chalicelib.scoring import consents
from chalicelib.scoring.branch_results import Answer, Scored, Skipped, Unavailable
from stepfunctions.consent_states import with_consents
from tests.unit.decisions.test_application import LOAN

PROFILE = load()
NETWORK = "NetworkingAccelerator"
OTHERS = [name for name in PROFILE.models if name != NETWORK]
GOOD = Scored("v1", "ab" * 32, 0.02, -3.9, {})


def changed(profile: Profile, **models: dict[str, Any]) -> Profile:
    replaced = {
        name: msgspec.structs.replace(model, **models.get(name, {}))
        for name, model in profile.models.items()
    }
    return msgspec.structs.replace(profile, models=replaced)


# Only NetworkingAccelerator reads the franchise: the trees do without it, and it is required.
FRANCHISE = changed(
    msgspec.structs.replace(
        PROFILE,
        features=PROFILE.features
        | {"franchise": msgspec.structs.replace(PROFILE.features["franchise"], required=True)},
    ),
    AppVengersAccelerator={
        "features": tuple(
            name
            for name in PROFILE.models["AppVengersAccelerator"].features
            if name != "franchisePeers"
        )
    },
)


def parsed(profile: Profile, **body: Any) -> CreditApplication:
    return CreditApplication.from_payload({"clientId": "ana", "application": LOAN} | body, profile)


def errors_of(profile: Profile, **body: Any) -> dict[str, str]:
    with pytest.raises(InvalidApplication) as refused:
        parsed(profile, **body)
    return {name: text.en for name, text in refused.value.errors.items()}


def test_the_demos_profile_names_one_consent_and_withholds_nothing_without_it():
    assert PROFILE.consents() == {NETWORK: "network"}
    assert PROFILE.withheld(()) == set()  # AppVengersAccelerator reads the same features


def test_an_application_keeps_the_consents_in_order():
    assert parsed(PROFILE).consents == ()
    assert parsed(PROFILE, consents=["network"]).consents == ("network",)


@pytest.mark.parametrize(
    "wrong",
    ["network", {"network": True}, ["Network"], ["network", "network"], [1], [["network"]], None],
)
def test_a_consent_that_no_model_needs_is_refused_by_name(wrong):
    assert errors_of(PROFILE, consents=wrong) == {
        "consents": "must be a list of consents, each once: network"
    }


def test_a_product_whose_models_need_none_says_so():
    free = changed(PROFILE, **{NETWORK: {"consent": None}})

    assert errors_of(free, consents=["network"]) == {
        "consents": "no model of this product needs a consent"
    }


def test_what_only_a_skipped_model_reads_is_neither_asked_for_nor_kept():
    sent = LOAN | {"franchise": "123"}
    without = parsed(FRANCHISE, application=sent)

    assert FRANCHISE.withheld(()) == {"franchise", "franchisePeers"}
    assert "franchise" not in without.values
    assert parsed(FRANCHISE).values == without.values == parsed(PROFILE).values
    assert parsed(FRANCHISE, application=sent, consents=["network"]).values["franchise"] == "123"
    assert errors_of(FRANCHISE, consents=["network"]) == {"application.franchise": "is required"}


def test_what_a_rule_reads_is_kept():
    rule = Rule(
        code="FRANCHISED", effect="REVIEW", text=PROFILE.rules[0].text,
        all=(Condition(input="franchise", one_of=("9",)),),
    )  # fmt: skip
    ruled = msgspec.structs.replace(FRANCHISE, rules=(rule,))

    assert ruled.withheld(()) == {"franchisePeers"}


@given(st.lists(st.sampled_from(["network", "bureau", "other"]), unique=True))
def test_the_more_is_consented_to_the_less_is_withheld(names):
    two = changed(FRANCHISE, Tradicional={"consent": "bureau"})

    assert two.withheld(names) <= two.withheld(())
    assert two.withheld(["network", "bureau"]) == set()
    for model in two.models.keys() - two.without_consent(names).keys():
        assert not two.sources_of(two.models[model].features) & two.withheld(names)


def test_a_skipped_model_has_its_own_code_and_the_others_decide():
    answers = dict.fromkeys(OTHERS, GOOD) | {NETWORK: Skipped("network")}
    made = weigh(LOAN, answers, PROFILE.policy)

    assert made["models"][NETWORK] == {
        "status": "SKIPPED_NO_CONSENT", "cause": "NO_CONSENT", "consent": "network",
    }  # fmt: skip
    assert (made["partial"], made["missing"]) == (True, [NETWORK])
    assert made["decisionBasis"] == "SCORE"


def test_without_the_consent_of_a_mandatory_model_a_person_decides():
    answers = dict.fromkeys(PROFILE.models, GOOD) | {"Tradicional": Skipped("bureau")}
    made = weigh(LOAN, answers, PROFILE.policy)

    assert (made["decision"], made["decisionBasis"]) == (
        "REVIEW",
        "MANDATORY_MODEL_UNAVAILABLE",
    )


def test_a_rule_on_a_skipped_model_asks_a_person():
    place = f"models.{NETWORK}.score"
    rule = Rule(
        code="PEERS", effect="APPROVE", text=PROFILE.rules[0].text,
        all=(Condition(input=place, at_least=1),),
    )  # fmt: skip
    policy = msgspec.structs.replace(PROFILE.policy, rules=(rule,))
    given = inputs(policy, LOAN, {}, {NETWORK: {"status": "SKIPPED_NO_CONSENT"}})

    assert fired(policy, given) == [{"code": "PEERS", "effect": "REVIEW", "missing": [place]}]


def test_a_consent_counts_in_the_policys_version_and_survives_its_document():
    free = changed(PROFILE, **{NETWORK: {"consent": None}})
    policy = read(written(PROFILE.policy), PROFILE.policy_version())

    assert free.policy_version() != PROFILE.policy_version()
    assert with_policy(free, policy).policy_version() == PROFILE.policy_version()
    assert with_policy(PROFILE, free.policy).consents() == {}


@pytest.mark.parametrize(
    ("name", "fits"),
    [("a", True), ("a" * 32, True), ("a" * 33, False), ("", False), ("a b", False), ("A", False)],
)
def test_a_consents_name_is_short_and_plain(name, fits):
    found = [
        fault
        for fault in contradictions(changed(PROFILE, **{NETWORK: {"consent": name}}))
        if "consent" in fault
    ]

    assert bool(found) is not fits


def test_the_machine_gets_consents_as_fields_and_the_record_as_a_list():
    request = {"consents": ["network"], "application": {}}
    event = consents.asked(request)

    assert event["consents"] == {"network": True}
    assert consents.recorded(consents.given(event)) == {"consents": ["network"]}
    assert consents.asked({"application": {}})["consents"] == {}
    assert consents.recorded(consents.given({"consents": {"network": False}})) == {}


def test_another_consent_is_another_request_and_none_is_as_before():
    plain = {"application": {"amount": 1}}

    assert consents.hash_of(plain) == consents.hash_of(plain | {"consents": []})
    assert consents.hash_of(plain) != consents.hash_of(plain | {"consents": ["network"]})


def test_a_choice_stands_before_a_model_with_a_consent_and_before_no_other():
    definition = {
        "States": {
            "All": {
                "Branches": [{"StartAt": name, "States": {name: {}}} for name in PROFILE.models]
            }
        }
    }
    before = json.dumps(definition)
    branches = with_consents(definition, {NETWORK: "network"})["States"]["All"]["Branches"]

    assert json.dumps(definition) == before
    assert [one["StartAt"] for one in branches] == [
        "Tradicional", "NetworkingAcceleratorConsent", "AppVengersAccelerator",
    ]  # fmt: skip
    choice = branches[1]["States"]["NetworkingAcceleratorConsent"]
    assert choice["Default"] == "NetworkingAcceleratorSkipped"
    with pytest.raises(KeyError):
        with_consents(definition, {"Another": "network"})


class Scoring:
    def __init__(self) -> None:
        self.asked: list[str] = []

    def score_all(self, model: str, applications: Any) -> list[Scored]:
        self.asked.append(model)
        return [GOOD] * len(applications)


def test_a_change_is_looked_for_without_the_model():
    scoring = Scoring()
    committee = Committee(PROFILE, scoring, without=PROFILE.without_consent(()))
    [made] = committee.decide([LOAN])

    assert scoring.asked == OTHERS
    assert summary(made, PROFILE, "en")["models"].keys() == {*OTHERS}


def test_a_swap_set_keeps_a_skipped_model_skipped():
    recorded = weigh(
        LOAN, {NETWORK: Skipped("network")} | dict.fromkeys(OTHERS, GOOD), PROFILE.policy
    )
    answer = msgspec.convert(recorded["models"][NETWORK], ModelAnswer)

    assert answer_of(answer, seen=True) == Skipped("network")


def test_drift_leaves_out_the_applications_on_which_the_model_was_not_asked():
    limits = msgspec.structs.replace(PROFILE.drift, fewest=2)
    reference = Reference("v1", {"amount": Histogram((1.0,), 0.0, edges=())})
    seen = [Seen({"amount": 1}, {}), Seen({"amount": 1}, {}), Seen({}, {}, skipped=(NETWORK,))]
    found = compared(seen, dict.fromkeys((NETWORK, *OTHERS), reference), ["amount"], limits)

    assert found[NETWORK]["features"]["amount"]["decisions"] == 2
    assert found[OTHERS[0]]["features"]["amount"]["decisions"] == 3


@pytest.mark.parametrize(
    ("silent", "counted"), [(Skipped("network"), 0), (Unavailable({"Error": "OutOfTime"}), 1)]
)
def test_no_alarm_counts_a_skipped_model(caplog, silent, counted):
    answers: dict[str, Answer] = dict.fromkeys(OTHERS, GOOD) | {NETWORK: silent}
    with caplog.at_level("INFO", "credit.metrics"):
        decided(weigh(LOAN, answers, PROFILE.policy), {})
    lines = [one for one in caplog.messages if '"ModelsUnavailable"' in one]

    assert len(lines) == counted
