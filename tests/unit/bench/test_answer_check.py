"""An answer counts only if it is the one that was computed outside the server."""

import json

from bench.load.answer_check import fault

EXPECTED = {
    "decision": "APPROVE",
    "probabilityOfDefault": 0.25,
    "models": {"A": {"probabilityOfDefault": 0.2}},
}


def body(**other):
    return json.dumps(EXPECTED | {"predictionId": "p", "createdAt": "now"} | other).encode()


def test_the_expected_answer_has_no_fault():
    assert fault(200, body(), EXPECTED) == ""


def test_the_last_digits_are_the_processors():
    assert fault(200, body(probabilityOfDefault=0.25 + 9e-10), EXPECTED) == ""
    assert fault(200, body(probabilityOfDefault=0.25 + 1.1e-9), EXPECTED).startswith("prob")


def test_another_decision_is_named():
    found = fault(200, body(decision="DECLINE"), EXPECTED)

    assert found == "decision is 'DECLINE' instead of 'APPROVE'"


def test_a_model_that_is_silent_or_missing_is_a_fault():
    silent = {"A": {"status": "UNAVAILABLE"}}

    assert fault(200, body(models=silent), EXPECTED) == (
        "probabilityOfDefault is None instead of 0.2"
    )
    assert fault(200, body(models={}), EXPECTED) == "probabilityOfDefault is None instead of 0.2"


def test_a_refusal_is_shown_with_its_status():
    assert fault(503, b"busy", EXPECTED) == "503: busy"
    assert fault(200, b"<html>", EXPECTED) == "no JSON: b'<html>'"


def test_a_list_of_one_prediction_is_unwrapped():
    listed = json.dumps({"predictions": [EXPECTED]}).encode()

    assert fault(200, listed, EXPECTED) == ""
