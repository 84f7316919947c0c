"""One dead model never kills an analysis."""

import json


def test_a_stopped_endpoint_is_unavailable_with_a_public_code_and_a_cause_in_the_log(
    served, loans, stopped
):
    answer = served.predict(loans[0])
    stored = served.get(f"/predictions/{answer['clientId']}/{answer['predictionId']}")
    log = (served.bank.function_logs.folder / "appvengers-dev-saveResult.jsonl").read_text()

    for decision in (answer, stored.json()):
        assert decision["models"][stopped] == {"status": "UNAVAILABLE", "cause": "UNREACHABLE"}
        assert (decision["partial"], decision["missing"]) == (True, [stopped])
    assert "dev-appvengers" not in stored.text
    last = [json.loads(line) for line in log.splitlines() if answer["predictionId"] in line]
    [decided] = [line for line in last if line["message"] == "decided"]
    assert decided["unavailable"][stopped].startswith("EndpointUnavailable: dev-appvengers-")


def test_the_partial_answer_policy_decides(served, loans, stopped, sba):
    answers = [served.predict(loan) for loan in loans[:40:4]]
    basis = {
        "Tradicional": "MANDATORY_MODEL_UNAVAILABLE",
        "AppVengersAccelerator": "TOO_LITTLE_WEIGHT",
    }

    assert {a["decisionBasis"] for a in answers} == {basis[stopped]}
    assert {a["decision"] for a in answers} == {"REVIEW"}
    assert {a["cutOffs"]["approveFrom"] for a in answers} == {sba.decision.approve_from}


def test_a_model_that_is_not_deployed_is_told(served, stopped):
    told = served.get("/models").json()["models"][stopped]

    assert told.keys() <= {"status", "challenger", "inventory"}
    assert told["status"] == "NOT_DEPLOYED"
