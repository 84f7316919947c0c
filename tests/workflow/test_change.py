"""What would have to change: asked over HTTP of three real models, verified by asking again."""

import pytest

from bank.first_run import body_of


def change_of(served, answer, **headers) -> dict:
    path = f"/predictions/{answer['clientId']}/{answer['predictionId']}/change"
    response = served.get(path, **headers)
    assert response.status_code == 200, response.text
    return response.json()


@pytest.fixture(scope="module")
def told(served, loans):
    """Real loans that were not approved, with what they would have to change."""
    answered = [(loan, served.predict(loan)) for loan in loans[200:440:2]]
    turned_down = [(loan, a) for loan, a in answered if a["decision"] != "APPROVE"][:30]
    assert turned_down
    return [(loan, answer, change_of(served, answer)) for loan, answer in turned_down]


def test_a_change_that_is_promised_is_approved_when_it_is_made(served, told):
    promised = [(loan, said) for loan, _, said in told if said["changes"]]
    assert promised
    for loan, said in promised:
        changes = {change["feature"]: change["to"] for change in said["changes"]}
        changed = body_of(loan) | {"application": loan["application"] | changes}
        answer = served.post(changed).json()

        assert answer["decision"] == "APPROVE"
        assert {name: answer[name] for name in ("score", "probabilityOfDefault")} == {
            name: said["afterwards"][name] for name in ("score", "probabilityOfDefault")
        }
        assert all(model["status"] == "OK" for model in answer["models"].values())


def test_only_features_in_the_applicants_hands_are_named(told, sba):
    for loan, _, said in told:
        for change in said["changes"]:
            assert sba.features[change["feature"]].change
            assert change["from"] == loan["application"].get(change["feature"])


def test_today_is_the_stored_decision_while_models_and_policy_are_the_same(told):
    for _, answer, said in told:
        assert said["outcome"] in ("CHANGE", "FILL_IN", "NONE", "UNSEEN_CODE")
        assert (said["today"]["decision"], said["today"]["score"]) == (
            answer["decision"],
            answer["score"],
        )


def test_nothing_is_stored_by_asking(served, told):
    _, answer, _ = told[0]
    before = served.stored()
    change_of(served, answer)

    assert served.stored() == before


def test_an_approved_loan_needs_no_change_and_says_so_in_english(served, loans):
    answers = (served.predict(loan) for loan in loans[400:])
    approved = next(answer for answer in answers if answer["decision"] == "APPROVE")
    said = change_of(served, approved, **{"Accept-Language": "en"})

    assert (said["outcome"], said["changes"]) == ("NOT_NEEDED", [])
    assert said["text"] == "The application as it is would be approved today."


def test_who_has_no_key_and_what_is_not_there(served):
    path = "/predictions/nobody/0a/change"

    assert served.get(path, **{"x-api-key": ""}).status_code == 403
    assert served.get(path).status_code == 404
    assert served.get(path).headers["content-type"] == "application/problem+json"
