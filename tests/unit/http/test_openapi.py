"""The API's description: valid OpenAPI 3.1, whole, and the one that is committed."""

import json

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from app import app
from chalicelib.decisions.application import CreditApplication
from chalicelib.foundation.errors import InvalidApplication
from chalicelib.http.openapi.document import description, document
from chalicelib.http.openapi.operations import OPERATIONS
from chalicelib.people.access import ACCESS
from chalicelib.profile import load
from infrastructure.project import ROOT

PROFILE = load()
DOCUMENT = document(PROFILE)
PREDICT = DOCUMENT["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]
EXAMPLES = {name: one["value"] for name, one in PREDICT["examples"].items()}
SMALL = EXAMPLES["small"]["application"]
NUMBERS = {name: one for name, one in PROFILE.asked_for().items() if one.is_number}


def is_by_schema(body) -> bool:
    schema = PREDICT["schema"] | {"components": DOCUMENT["components"]}
    return Draft202012Validator(schema).is_valid(body)


def is_by_parser(body) -> bool:
    try:
        CreditApplication.from_payload(body, PROFILE)
    except InvalidApplication:
        return False
    return True


def with_value(name, value):
    return EXAMPLES["small"] | {"application": SMALL | {name: value}}


def test_it_is_valid():
    validate(DOCUMENT)


def test_the_committed_copy_is_the_one_that_is_served():
    committed = (ROOT / "docs" / "openapi.json").read_text(encoding="utf-8")

    assert committed == description(PROFILE), "make openapi writes docs/openapi.json"


def test_every_route_is_described_and_none_that_is_not_there():
    pages = ("/docs", "/console")
    programs = {
        path: by for path, by in app.routes.items() if path != "/" and not path.startswith(pages)
    }
    routes = {(path, method.lower()) for path, by in programs.items() for method in by}
    described = {(path, method) for path, by in DOCUMENT["paths"].items() for method in by}

    undescribed = {(path, method) for path, _ in routes for method in ("head", "options")}
    assert routes - undescribed == described
    assert [(o.method, o.path) for o in OPERATIONS if not o.summary] == []
    assert {(o.method, o.path) for o in OPERATIONS} == {(r.method, r.path) for r in ACCESS}


@pytest.mark.parametrize("body", EXAMPLES.values(), ids=EXAMPLES)
def test_the_examples_are_valid_by_the_schema_and_by_the_parser(body):
    assert is_by_schema(body)
    assert is_by_parser(body)


@pytest.mark.parametrize("name", PROFILE.asked_for())
@pytest.mark.parametrize("value", [None, "", "x", -1, 0, 0.5, 1e15, -1e15, True, [], "unknown"])
def test_the_schema_takes_a_value_if_and_only_if_the_parser_does(name, value):
    body = with_value(name, value)

    assert is_by_schema(body) == is_by_parser(body)


@pytest.mark.parametrize("name", NUMBERS)
def test_bounds_are_the_parsers_at_equality(name):
    feature = NUMBERS[name]
    for bound in (feature.minimum, feature.maximum):
        if bound is not None:
            assert is_by_schema(with_value(name, bound))
            assert is_by_schema(with_value(name, bound + 1)) == is_by_parser(
                with_value(name, bound + 1)
            )


@pytest.mark.parametrize("name", [None, "clientId", "application", "consents", "more"])
def test_fields_of_a_request_are_the_parsers(name):
    for changed in (
        {key: value for key, value in EXAMPLES["small"].items() if key != name},
        EXAMPLES["small"] | {str(name): 1},
    ):
        assert is_by_schema(changed) == is_by_parser(changed)


def test_problems_and_schemas_are_all_named():
    text = json.dumps(DOCUMENT)
    names = {ref.split('"')[0] for ref in text.split("#/components/schemas/")[1:]}

    assert names <= DOCUMENT["components"]["schemas"].keys()
    assert DOCUMENT["components"]["schemas"].keys() - names == set()
