import json
import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.decisions.application import LARGEST_NUMBER, MOST_ERRORS, CreditApplication, fault
from chalicelib.foundation.errors import InvalidApplication
from chalicelib.profile import Feature, load

LOAN: dict[str, Any] = {  # a real one: 1359925008 of the register
    "amount": 10000.0,
    "guaranteeShare": 0.5,
    "employees": 2,
    "newBusiness": "existing",
    "jobsCreated": 0,
    "jobsRetained": 0,
    "state": "NJ",
    "zip": "07066",
    "naics": "453310",
    "lender": "BANK OF AMERICA NATL ASSOC",
    "earlierLoans": 0,
    "earlierDefaults": 0,
}
PROFILE = load()

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=8,
)
applications = st.dictionaries(st.sampled_from([*PROFILE.features, "misspelt"]), anything)


BODY: dict[str, Any] = {"clientId": "ana", "application": LOAN}


def refused(payload: Any) -> dict[str, str]:
    with pytest.raises(InvalidApplication) as told:
        CreditApplication.from_payload(payload, PROFILE)
    return {name: text.en for name, text in told.value.errors.items()}


def errors_of(**changes: Any) -> dict[str, str]:
    return refused(BODY | {"application": LOAN | changes})


def test_a_real_loan_is_a_valid_application():
    application = CreditApplication.from_payload({"clientId": "ana", "application": LOAN}, PROFILE)

    assert application == CreditApplication("ana", LOAN)


def test_all_wrong_fields_are_named_at_once():
    errors = errors_of(amount=-5, employees=2.5, newBusiness="old", zip="7066")

    assert errors == {
        "application.amount": "must be 100 or more",
        "application.employees": "must be a whole number",
        "application.newBusiness": "must be one of new, existing",
        "application.zip": "must have five digits, such as 07066",
    }


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("amount", None, "is required"),
        ("amount", "10000", "must be a number"),
        ("amount", True, "must be a number"),
        ("amount", float("inf"), "must be a number"),
        ("amount", 10**400, "must be a number"),
        ("amount", 5_000_001, "must be 5,000,000 or less"),
        ("state", 7, "must be a text"),
        ("lender", "\0CAPITAL", "must have 1 to 80 characters on one line"),
        ("amountPerEmployee", 5000, "is computed, not given"),
        ("income", 5000, "is not a feature"),
    ],
)
def test_a_wrong_value_is_told_why(field, value, message):
    assert errors_of(**{field: value}) == {f"application.{field}": message}


@pytest.mark.parametrize("value", ["\0", "A\x1f", "A\x7f", "A\x9fB"])
def test_a_text_of_any_form_has_no_control_characters(value):
    anything = msgspec.structs.replace(PROFILE.features["lender"], pattern=None, format=None)

    assert fault(value, anything).en == "must have no control characters"
    assert fault("A B\xa0Ü", anything) is None


@pytest.mark.parametrize("client_id", [None, 7, "", "a b", "ñandú", "x" * 65, "-ana"])
def test_a_client_id_is_a_plain_name(client_id):
    assert [*refused(BODY | {"clientId": client_id})] == ["clientId"]


def test_what_is_not_given_is_left_out():
    application = CreditApplication.from_payload(
        {"clientId": "ana", "application": LOAN | {"newBusiness": None, "employees": 2.0}}, PROFILE
    )

    assert "newBusiness" not in application.values
    assert repr(application.values["employees"]) == "2"


@pytest.mark.parametrize(
    ("given", "kept"),
    [("25000", "25000"), ("25000.0", "25000"), ("2.5e4", "25000"), ("25000.5", "25000.5")],
)
def test_a_number_is_the_same_however_it_is_written(given, kept):
    payload = {"clientId": "ana", "application": LOAN | {"amount": json.loads(given)}}
    values = CreditApplication.from_payload(payload, PROFILE).values
    assert repr(values["amount"]) == kept


def test_there_is_one_zero():
    payload = {"clientId": "ana", "application": LOAN | {"guaranteeShare": -0.0}}
    assert repr(CreditApplication.from_payload(payload, PROFILE).values["guaranteeShare"]) == "0"


def test_no_message_shows_a_regular_expression():
    for name, feature in PROFILE.asked_for().items():
        if feature.pattern:
            [message] = errors_of(**{name: "\n"}).values()
            assert feature.pattern not in message
            assert feature.format
            assert feature.format.en in message


@given(anything | st.fixed_dictionaries({"clientId": anything, "application": applications}))
def test_whatever_comes_it_is_an_application_or_a_refusal_that_names_fields(payload):
    try:
        application = CreditApplication.from_payload(payload, PROFILE)
    except InvalidApplication as refusal:
        assert refusal.errors
    else:
        assert application.values.keys() <= PROFILE.asked_for().keys()


def fault_of(value: Any, **feature: Any) -> str | None:
    """The English fault of a value of a feature without other rules."""
    free = {"required": False, "minimum": None, "maximum": None, "values": (), "pattern": None}
    found = fault(value, msgspec.structs.replace(PROFILE.features["amount"], **free | feature))
    return found.en if found else None


limits = st.floats(-1e12, 1e12)


@given(limits, st.sampled_from(["number", "integer"]))
def test_a_number_may_be_its_limit_and_not_beyond(limit, kind):
    limit = limit if kind == "number" else float(round(limit))
    less, more = (
        (math.nextafter(limit, to) for to in (-math.inf, math.inf))
        if kind == "number"
        else (limit - 1, limit + 1)
    )

    assert fault_of(limit, type=kind, minimum=limit) is None
    assert fault_of(limit, type=kind, maximum=limit) is None
    assert fault_of(more, type=kind, minimum=limit) is None
    assert fault_of(less, type=kind, maximum=limit) is None
    assert fault_of(less, type=kind, minimum=limit) == f"must be {limit:,.10g} or more"
    assert fault_of(more, type=kind, maximum=limit) == f"must be {limit:,.10g} or less"


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("kind", ["number", "integer"])
def test_a_number_is_smaller_than_a_float_tells_whole_numbers_apart(sign, kind):
    assert LARGEST_NUMBER == 1e15
    assert fault_of(sign * (10**15 - 1), type=kind) is None
    assert fault_of(sign * 10**15, type=kind) == "must be a number"
    assert fault_of(sign * 1e15, type=kind) == "must be a number"
    assert fault_of(sign * math.inf, type=kind) == "must be a number"
    assert fault_of(math.nan, type=kind) == "must be a number"


def test_a_limit_is_written_as_each_language_writes_thousands():
    amount = PROFILE.features["amount"]
    too_high = fault(5_000_001, amount)

    assert (too_high.es, too_high.en) == (
        "debe ser 5 000 000 o menos",
        "must be 5,000,000 or less",
    )


@given(st.floats(-1e9, 1e9).filter(lambda number: not number.is_integer()))
def test_an_integer_is_whole_and_a_number_need_not_be(fraction):
    assert fault_of(fraction, type="integer") == "must be a whole number"
    assert fault_of(fraction, type="number") is None
    assert fault_of(math.floor(fraction), type="integer") is None
    assert fault_of(float(math.floor(fraction)), type="integer") is None


@pytest.mark.parametrize("required", [True, False])
def test_what_is_not_given_is_a_fault_only_if_it_is_required(required):
    for kind in ("number", "integer", "category", "code"):
        assert fault_of(None, type=kind, required=required) == ("is required" if required else None)


@pytest.mark.parametrize("kind", ["category", "code"])
@pytest.mark.parametrize("value", [7, True, ["a"], {"a": "b"}, 7.5])
def test_a_category_or_a_code_is_a_text(kind, value):
    assert fault_of(value, type=kind) == "must be a text"


def test_a_text_is_one_of_the_values_and_has_the_pattern_whole():
    values: Any = {"type": "category", "values": ("new", "existing")}
    shaped: Any = {"type": "code", "pattern": "[0-9]{2}", "format": None}

    assert fault_of("new", **values) is None
    assert fault_of("ne", **values) == "must be one of new, existing"
    assert fault_of("07", **shaped) is None
    for text in ("7", "070", "x07", "07\n"):
        assert fault_of(text, **shaped) == "does not have the expected format"


@pytest.mark.parametrize("payload", [None, [], "ana", 7, [BODY]])
def test_a_request_is_an_object(payload):
    assert refused(payload) == {"body": 'must be an object with "clientId" and "application"'}


@pytest.mark.parametrize("application", [None, [], "x", 7])
def test_an_application_is_an_object_and_the_other_fields_are_named_with_it(application):
    assert refused({"application": application, "more": 1, "consents": 3}) == {
        "clientId": "must be 1 to 64 letters, digits, and . _ : - after the first",
        "more": "is not a field of a request",
        "consents": "must be a list of consents, each once: network",
        "application": "must be an object with the application's features",
    }


def test_each_field_that_a_request_does_not_have_is_named():
    assert refused(BODY | {"one": 1, "two": None}) == dict.fromkeys(
        ("one", "two"), "is not a field of a request"
    )


@pytest.mark.parametrize("client_id", ["a", "Z" * 64, "7._:-b"])
def test_a_client_id_has_up_to_64_characters(client_id):
    application = CreditApplication.from_payload(BODY | {"clientId": client_id}, PROFILE)

    assert application.client_id == client_id


@pytest.mark.parametrize("count", [MOST_ERRORS - 1, MOST_ERRORS, MOST_ERRORS + 1])
def test_the_first_hundred_errors_are_named(count):
    strange = {f"x{number}": 1 for number in range(count)}

    assert MOST_ERRORS == 100
    assert len(errors_of(**strange)) == min(count, 100)


@given(st.integers(-(10**14), 10**14))
def test_a_whole_number_is_kept_as_an_integer(number):
    assert type(kept(float(number))) is int
    assert kept(float(number)) == kept(number) == number


@given(st.floats(-1e9, 1e9).filter(lambda number: not number.is_integer()))
def test_a_fraction_is_kept_as_it_is(number):
    assert kept(number) == number


def kept(number: float) -> Any:
    """A number of an application as it is kept."""
    free = msgspec.structs.replace(PROFILE.features["amount"], minimum=None, maximum=None)
    features: dict[str, Feature] = PROFILE.features | {"amount": free}
    profile = msgspec.structs.replace(PROFILE, features=features)
    payload = {"clientId": "ana", "application": LOAN | {"amount": number}}
    return CreditApplication.from_payload(payload, profile).values["amount"]
