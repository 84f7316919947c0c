"""Examples of the API's description: none is missing, and each is what its schema says."""

import json
from functools import cache

import msgspec
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from chalicelib.foundation.errors import InternalError
from chalicelib.http.openapi import recorded_examples
from chalicelib.http.openapi.document import document
from chalicelib.http.openapi.operations import OPERATIONS
from chalicelib.http.response_headers import limits
from chalicelib.profile import load
from infrastructure.project import ROOT

PROFILE = load()
DOCUMENT = document(PROFILE)
DESCRIBED = [(path, method, one) for path, by in DOCUMENT["paths"].items()
             for method, one in by.items()]  # fmt: skip
RECORDED = json.loads(recorded_examples.PLACE.read_text(encoding="utf-8"))


@cache
def contents():
    """Each content of a request or an answer, by operation, place and type."""
    found = {}
    for path, method, one in DESCRIBED:
        places = {"request": one["requestBody"]} if "requestBody" in one else {}
        for place, has in (places | one["responses"]).items():
            for kind, content in has["content"].items():
                found[f"{method} {path} {place} {kind}"] = content
    return found


def value(example):
    """The value of an example, or of the component that it names."""
    if "$ref" in example:
        example = DOCUMENT["components"]["examples"][example["$ref"].rpartition("/")[2]]
    return example["value"]


def faults(schema, example):
    whole = schema | {"components": DOCUMENT["components"]}
    return [one.message for one in Draft202012Validator(whole).iter_errors(value(example))]


def test_no_body_and_no_answer_is_without_an_example():
    assert [name for name, one in contents().items() if not one.get("examples")] == []


@pytest.mark.parametrize("name", contents())
def test_each_example_is_what_the_schema_of_its_operation_says(name):
    content = contents()[name]
    found = {key: faults(content["schema"], one) for key, one in content["examples"].items()}

    assert {key: bad for key, bad in found.items() if bad} == {}, "make api-examples"


def test_a_problem_is_an_example_of_its_own_kind():
    wrong = [
        (name, key)
        for name, content in contents().items()
        if "problem+json" in name
        for key, one in content["examples"].items()
        if value(one)["type"] != DOCUMENT["components"]["examples"][key]["value"]["type"]
        or str(value(one)["status"]) not in name.split()
    ]

    assert wrong == []


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_an_answer_has_no_field_that_its_type_has_not(operation):
    answer = RECORDED["operations"][operation.name]["answer"]

    assert msgspec.to_builtins(msgspec.convert(answer, operation.answer)) == answer


def test_no_operation_is_recorded_that_is_not_described():
    assert RECORDED["operations"].keys() == {"getHealth", *(one.name for one in OPERATIONS)}


def test_an_example_that_is_named_is_there():
    text = json.dumps(DOCUMENT)
    named = {ref.split('"')[0] for ref in text.split("#/components/examples/")[1:]}

    assert len(named) > len(OPERATIONS)
    assert named - DOCUMENT["components"]["examples"].keys() == set()


def test_what_was_recorded_opens_nothing():
    text = (ROOT / "docs" / "openapi.json").read_text(encoding="utf-8")
    examples = json.dumps(RECORDED, ensure_ascii=False)

    for sign in ("127.0.0.1", "localhost", "X-Amz-Credential", "eyJ", "the-key-of"):
        assert sign not in examples
        assert sign not in text
    addresses = examples.split("X-Amz-Signature=")[1:]
    assert len(addresses) > 0
    assert {one[0] for one in addresses} == {"…"}


def test_lists_are_short():
    def lists(one):
        parts = one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        yield from ([one] if isinstance(one, list) else [])
        for part in parts:
            yield from lists(part)

    answers = {name: one["answer"] for name, one in RECORDED["operations"].items()}
    assert max(len(one) for one in lists(answers)) == 2


def test_a_profile_whose_models_read_other_features_shows_no_recorded_example():
    first = next(iter(PROFILE.models))
    model = msgspec.structs.replace(
        PROFILE.models[first], features=PROFILE.models[first].features[1:]
    )
    other = msgspec.structs.replace(PROFILE, models=dict(PROFILE.models) | {first: model})
    shown = document(other)

    validate(shown)
    assert [name for name in shown["components"]["examples"] if "." in name] == []
    assert shown["components"]["examples"]["InternalError"] == {
        "value": InternalError().to_payload(lambda text: text.en)
    }


def test_the_examples_of_limits_are_the_profiles():
    examples = DOCUMENT["components"]["headers"]["RateLimitPolicy"]["examples"]

    assert {stage: one["value"] for stage, one in examples.items()} == {
        stage: limits(one, keyed=True)["RateLimit-Policy"]
        for stage, one in PROFILE.api.limits.items()
    }
    assert examples["dev"]["value"] == '"key";q=10;w=1, "route";q=15;w=1'
