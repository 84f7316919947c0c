import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.decisions.application import CreditApplication, fault
from chalicelib.foundation.errors import InvalidApplication
from chalicelib.profile import load

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


def errors_of(**changes: Any) -> dict[str, str]:
    with pytest.raises(InvalidApplication) as refused:
        CreditApplication.from_payload({"clientId": "ana", "application": LOAN | changes}, PROFILE)
    return {name: text.en for name, text in refused.value.errors.items()}


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
    with pytest.raises(InvalidApplication) as refused:
        CreditApplication.from_payload({"clientId": client_id, "application": LOAN}, PROFILE)

    assert list(refused.value.errors) == ["clientId"]


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
