"""One dead model never kills an analysis."""


def test_a_stopped_endpoint_is_unavailable_with_its_cause_in_what_is_stored(served, loans, stopped):
    answer = served.predict(loans[0])
    path = f"/predictions/{answer['clientId']}/{answer['predictionId']}"
    model = served.get(path).json()["models"][stopped]

    assert model["status"] == "UNAVAILABLE"
    assert model["cause"].startswith("EndpointUnavailable: dev-appvengers-")


def test_the_partial_answer_policy_decides(served, loans, stopped, sba):
    answers = [served.predict(loan) for loan in loans[:40:4]]
    mandatory = stopped in sba.decision.mandatory

    assert all((a["decisionBasis"] == "SCORE") != mandatory for a in answers)
    assert not mandatory or {a["decision"] for a in answers} == {"REVIEW"}


def test_a_model_that_is_not_deployed_is_told(served, stopped):
    told = served.get("/models").json()["models"][stopped]

    assert told == {"status": "NOT_DEPLOYED", "challenger": None}
