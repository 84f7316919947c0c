"""Rules that can't be right, each refused in a sentence when the profile is read."""

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.foundation.errors import InvalidProfile
from chalicelib.foundation.text import Text
from chalicelib.profile import PROFILE_FILE, Condition, Rule, load
from chalicelib.profile.contradictions.rule_contradictions import of_rules

PROFILE = load()
ROOT = PROFILE_FILE.parents[1]
TEXT = Text(es="texto", en="text")


def rule(code: str, effect: str, *conditions: dict, **parts) -> Rule:
    written = {"code": code, "effect": effect, "text": {"es": "texto", "en": "text"}}
    return msgspec.convert(written | {"all": conditions} | parts, Rule)


def refusals(*rules: Rule) -> list[str]:
    return [*of_rules(msgspec.structs.replace(PROFILE, rules=rules))]


def large(at: float, code: str = "LARGE", effect: str = "REVIEW") -> Rule:
    return rule(code, effect, {"input": "amount", "above": at})


def small(at: float, code: str = "SMALL", effect: str = "REVIEW") -> Rule:
    return rule(code, effect, {"input": "amount", "at_most": at})


def test_the_demos_rules_are_right():
    assert len(PROFILE.rules) == 4
    assert refusals(*PROFILE.rules) == []


@pytest.mark.parametrize(
    ("written", "refusal"),
    [
        (large(1e5, "large"), "'large' is no code"),
        (large(1e5, "UNSEEN_CODE"), "a word of the API's own"),
        (rule("EMPTY", "REVIEW"), "EMPTY has no condition"),
        (rule("A_RULE", "REVIEW", {"input": "amount"}), "neither bounds nor values"),
        (rule("A_RULE", "REVIEW", {"input": "amnt", "above": 1}), "amnt is no feature"),
        (rule("A_RULE", "REVIEW", {"input": "models.X.score", "above": 1}), "is no feature"),
        (rule("A_RULE", "REVIEW", {"input": "state", "above": 1}), "a code, without above"),
        (rule("A_RULE", "REVIEW", {"input": "amount", "one_of": ["1"]}), "without one_of"),
        (rule("A_RULE", "REVIEW", {"input": "state", "one_of": ["ca"]}), "not the pattern"),
        (rule("A_RULE", "REVIEW", {"input": "location", "one_of": ["sea"]}), "none of the values"),
        (rule("A_RULE", "REVIEW", {"input": "lenderPeers", "above": 1}), "of peers"),
        (rule("A_RULE", "APPROVE", {"input": "amount", "at_most": 9e3}), "without a score"),
        (
            rule("A_RULE", "APPROVE", {"input": "score", "at_most": 500}),
            "approves without a score",
        ),
        (rule("A_RULE", "REVIEW", {"input": "sector", "one_of": ["453"]}), "longer than sector"),
        (rule("A_RULE", "REVIEW", {"input": "amountPerEmployee", "above": 5e6}), "never fire"),
        (
            rule("A_RULE", "REVIEW", {"input": "amountPerEmployee", "at_least": 0}),
            "fires for every application",
        ),
        (rule("A_RULE", "APPROVE", {"input": "score", "at_least": 542}), "without a score"),
        (
            rule("A_RULE", "APPROVE", {"input": "probabilityOfDefault", "at_most": 1}),
            "without a score",
        ),
        (
            rule(
                "A_RULE",
                "REVIEW",
                any=[{"input": "amount", "above": 1e5}, {"input": "score", "above": 5, "below": 6}],
            ),
            "a condition in any that can never hold",
        ),
        (large(5_000_000), "can never fire"),
        (
            rule("A_RULE", "REVIEW", {"input": "employees", "above": 3, "below": 4}),
            "can never fire",
        ),
        (
            rule(
                "A_RULE",
                "REVIEW",
                {"input": "location", "one_of": ["urban"]},
                {"input": "location", "one_of": ["rural"]},
            ),
            "can never fire",
        ),
        (rule("A_RULE", "REVIEW", {"input": "disagreement", "below": 0}), "can never fire"),
        (
            rule("A_RULE", "REVIEW", {"input": "amount", "at_least": 100}),
            "fires for every application",
        ),
        (
            rule("A_RULE", "REVIEW", {"input": "location", "one_of": ["rural", "urban"]}),
            "fires for every application",
        ),
    ],
)
def test_a_rule_that_is_wrong_by_itself_is_refused(written, refusal):
    (found,) = refusals(written)

    assert refusal in found


def test_a_protected_feature_decides_nothing_by_any_way():
    amount = msgspec.structs.replace(PROFILE.features["amount"], protected=True)
    profile = msgspec.structs.replace(PROFILE, features=PROFILE.features | {"amount": amount})
    by_ratio = rule("A_RULE", "REVIEW", {"input": "amountPerEmployee", "above": 1})
    found = [*of_rules(msgspec.structs.replace(profile, rules=(large(9), by_ratio)))]

    assert [one.split(":")[0] for one in found] == ["rules LARGE", "rules A_RULE"]


def test_two_rules_of_one_code_are_refused():
    assert "2 rules have the code LARGE" in refusals(large(10), large(20))[0]


@pytest.mark.parametrize(
    ("rules", "refusal"),
    [
        ((large(1e5), large(2e5, "LARGER")), "LARGER fires in vain: LARGE fires first"),
        ((large(2e5), large(1e5, "LARGER")), ""),
        ((large(1e5), large(1e5, "EQUAL")), "EQUAL fires in vain"),
        (
            (large(1e5), small(1e5), rule("CA", "DECLINE", {"input": "state", "one_of": ["CA"]})),
            "CA fires in vain: LARGE, SMALL fires first",
        ),
        (
            (
                large(1e5),
                small(math.nextafter(1e5, 0)),
                rule("CA", "DECLINE", {"input": "state", "one_of": ["CA"]}),
            ),
            "",
        ),
        (
            (
                rule("NOT_CA", "REVIEW", {"input": "state", "none_of": ["CA"]}),
                rule("TX_OR_NY", "DECLINE", {"input": "state", "one_of": ["TX", "NY"]}),
            ),
            "TX_OR_NY fires in vain",
        ),
        (
            (
                rule("NOT_CA", "REVIEW", {"input": "state", "none_of": ["CA"]}),
                rule(
                    "TX_OR_CA",
                    "DECLINE",
                    {"input": "state", "one_of": ["TX", "CA"]},
                    {"input": "employees", "at_least": 5},
                ),
            ),
            "",
        ),
        (
            (
                rule("SCORE_LOW", "DECLINE", {"input": "score", "below": 500}),
                rule("SCORE_LOWER", "REVIEW", {"input": "score", "at_most": 499}),
            ),
            "SCORE_LOWER fires in vain",  # scores are whole numbers
        ),
        (
            (
                rule("GOOD", "APPROVE", {"input": "score", "at_least": 543}),
                large(1e5, effect="DECLINE"),
            ),
            "GOOD and LARGE can fire together",
        ),
        (
            (
                rule("GOOD", "APPROVE", {"input": "score", "at_least": 600}),
                rule("BAD", "DECLINE", {"input": "probabilityOfDefault", "at_least": 0.2}),
            ),
            "",  # no score of 600 has such a probability
        ),
        (
            (
                rule(
                    "TINY",
                    "APPROVE",
                    {"input": "score", "at_least": 550},
                    {"input": "amount", "below": 1000},
                ),
                rule("DEAR", "DECLINE", {"input": "amountPerEmployee", "above": 350_000}),
            ),
            "",  # 1,000 USD are never 350,000 an employee
        ),
        (
            (large(1e5), small(1e5, effect="DECLINE")),
            "one or another fires for every application",
        ),
        (
            (
                rule(
                    "GOOD",
                    "APPROVE",
                    {"input": "score", "at_least": 600},
                    {"input": "amount", "at_most": 1e5},
                ),
                large(1e5, effect="DECLINE"),
            ),
            "",
        ),
        (
            (
                rule(
                    "EITHER",
                    "REVIEW",
                    any=[{"input": "amount", "above": 1e5}, {"input": "employees", "at_least": 5}],
                ),
                rule("MANY", "DECLINE", {"input": "employees", "at_least": 5}),
            ),
            "MANY fires in vain: EITHER fires first",
        ),
    ],
)
def test_rules_are_held_against_one_another(rules, refusal):
    found = refusals(*rules)

    assert bool(found) == bool(refusal)
    assert refusal in "".join(found)


INPUTS = ("amount", "employees", "score", "location", "state")
SAMPLES = {
    "amount": [100.0, 999.5, 1000.0, 1000.5, 4e6],
    "employees": [0, 1, 5, 6, 7],
    "score": [499, 500, 501, 560, 620],
    "location": ["urban", "rural"],
    "state": ["CA", "TX", "NY"],
}


@st.composite
def conditions(draw):
    name = draw(st.sampled_from(INPUTS))
    if isinstance(SAMPLES[name][0], str):
        values = tuple(draw(st.lists(st.sampled_from(SAMPLES[name]), min_size=1, unique=True)))
        return Condition(name, **{draw(st.sampled_from(["one_of", "none_of"])): values})
    bounds = draw(
        st.dictionaries(
            st.sampled_from(["at_least", "above", "at_most", "below"]),
            st.sampled_from(SAMPLES[name]).map(float),
            min_size=1,
        )
    )
    return Condition(name, **bounds)


@st.composite
def some_rules(draw):
    some = st.lists(conditions(), min_size=1, max_size=2).map(tuple)
    count = draw(st.integers(1, 4))
    return [
        Rule(f"RULE_{n}", "REVIEW", TEXT, draw(some), draw(st.just(()) | some))
        for n in range(count)
    ]


@given(some_rules(), st.fixed_dictionaries({k: st.sampled_from(v) for k, v in SAMPLES.items()}))
def test_a_rule_that_decides_somewhere_is_never_called_idle(rules, given_inputs):
    """The first rule that fires on any application can neither be covered nor impossible."""
    first = next((one for one in rules if _fires(one, given_inputs)), None)
    found = refusals(*rules)

    if first:
        assert not any(f"rules {first.code} fires in vain" in one for one in found)
        assert not any(f"rules {first.code} can never fire" in one for one in found)
    for rule_ in rules:
        if not _fires(rule_, given_inputs):
            assert not any(f"rules {rule_.code} fires for every" in one for one in found)


def _fires(written: Rule, inputs: dict) -> bool:
    held = [one.holds(inputs[one.input]) for one in written.all]
    return all(held) and (
        not written.any or any(one.holds(inputs[one.input]) for one in written.any)
    )


def test_a_misspelt_key_names_its_rule(tmp_path):
    text = PROFILE_FILE.read_text(encoding="utf-8")
    path = tmp_path / "credit.toml"
    path.write_text(text.replace("above = 1_000_000", "over = 1_000_000", 1), encoding="utf-8")

    with pytest.raises(InvalidProfile, match=r"rules LARGE_LOAN: .*over"):
        load(path)


def test_the_handbooks_example_can_be_added_to_the_demos_rules(tmp_path):
    page = (ROOT / "docs" / "product.md").read_text(encoding="utf-8")
    (example,) = [part for part in page.split("```") if part.startswith("toml\n[[rules]]")]
    path = tmp_path / "credit.toml"
    text = PROFILE_FILE.read_text(encoding="utf-8")
    path.write_text(text + example.removeprefix("toml"), encoding="utf-8")

    assert load(path).rules[-1].code == "SMALL_RENEWAL"
