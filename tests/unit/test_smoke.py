"""The prediction that a deployment ends with."""

import io
import json

import msgspec
import pytest

from chalicelib import profile
from chalicelib.application import CreditApplication
from infrastructure import smoke
from infrastructure.project import ROOT


class Answering:
    """Lambda, as far as invoke goes."""

    def __init__(self, **answer):
        self.answer = answer

    def invoke(self, FunctionName, Payload):
        self.asked = json.loads(Payload)
        given = {key: value for key, value in self.answer.items() if key == "FunctionError"}
        return {"Payload": io.BytesIO(json.dumps(self.answer).encode()), **given}


@pytest.fixture
def embedded(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")


@pytest.mark.parametrize("path", ["chalicelib/credit.toml", "tests/data/german.toml"])
def test_its_application_is_valid_for_any_product(path):
    product = profile.load(ROOT / path)

    sent = smoke.body(product)
    assert CreditApplication.from_payload(sent, product).client_id == "smoke-test"


def test_a_code_that_nobody_can_make_up_is_asked_for(sba):
    code = next(one for one in sba.features.values() if one.type == "code")
    features = sba.features | {
        "reference": msgspec.structs.replace(code, required=True, pattern=None)
    }

    with pytest.raises(smoke.SmokeFailed, match=r"reference is required.*SMOKE=application\.json"):
        smoke.body(msgspec.structs.replace(sba, features=features))


def test_the_function_is_asked_what_the_gateway_would_ask(embedded):
    models = {"Tradicional": {"status": "OK"}, "Other": {"status": "UNAVAILABLE"}}
    body = json.dumps({"decision": "REVIEW", "models": models})
    function = Answering(statusCode=200, body=body)

    said = smoke.predict("", "", "appvengers-dev", {"clientId": "a"}, function)
    assert said.startswith("REVIEW")
    assert said.endswith("models that spoke: Tradicional")
    assert json.loads(function.asked["body"]) == {"clientId": "a"}


@pytest.mark.parametrize(
    "answer",
    [
        {"statusCode": 500, "body": json.dumps({"title": "broken"})},
        {"FunctionError": "Unhandled", "errorType": "ImportError"},
    ],
)
def test_what_is_no_decision_fails_the_deployment(embedded, answer):
    with pytest.raises(smoke.SmokeFailed, match=r"broken|ImportError"):
        smoke.predict("", "", "appvengers-dev", {}, Answering(**answer))
