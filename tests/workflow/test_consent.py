"""Without an applicant's consent the state machine does not ask the model that needs it."""

import pandas as pd
import pytest
from click.testing import CliRunner

from bank.first_run import body_of
from chalicelib import profile
from tests.workflow.test_observability import told
from workbench import replay, score
from workbench.file_scoring import deployed_models

MODEL = "NetworkingAccelerator"
SKIPPED = {"status": "SKIPPED_NO_CONSENT", "cause": "NO_CONSENT", "consent": "network"}


def without(loan):
    return {"clientId": loan["clientId"], "application": loan["application"]}


@pytest.fixture(scope="module")
def skipped(served, loans):
    return [served.post(without(loan)).json() for loan in loans[200:208]]


def where(answer):
    return f"/predictions/{answer['clientId']}/{answer['predictionId']}"


def test_the_models_branch_ends_as_skipped_and_no_function_is_invoked(served, skipped):
    log = served.bank.function_logs.folder / f"appvengers-dev-{MODEL}.jsonl"
    lines = log.read_text() if log.exists() else ""
    save = (served.bank.function_logs.folder / "appvengers-dev-saveResult.jsonl").read_text()

    for answer in skipped:
        assert answer["models"][MODEL] == SKIPPED
        assert (answer["partial"], answer["missing"]) == (True, [MODEL])
        assert {one["status"] for name, one in answer["models"].items() if name != MODEL} == {"OK"}
        assert "consents" not in answer
        assert answer["predictionId"] not in lines
        assert answer["predictionId"] in save
    assert "SCORE" in {answer["decisionBasis"] for answer in skipped}


def test_a_consent_is_kept_with_the_decision_and_another_is_refused(served, loans):
    given = served.predict(loans[200])
    refused = served.post(without(loans[200]) | {"consents": ["bureau"]})

    assert given["consents"] == ["network"]
    assert given["models"][MODEL]["status"] == "OK"
    assert refused.status_code == 400
    assert [one["field"] for one in refused.json()["errors"]] == ["consents"]


def test_the_same_key_with_another_consent_is_a_conflict(served, loans):
    once = {"Idempotency-Key": "with-consent"}
    first = served.post(body_of(loans[201]), **once)
    again = served.post(body_of(loans[201]), **once)
    other = served.post(without(loans[201]), **once)

    assert (first.status_code, other.status_code) == (200, 409)
    assert again.json() == first.json()


def test_a_skipped_model_is_no_model_that_does_not_answer(served, loans):
    answer = served.post(without(loans[209])).json()
    [decided] = told(served, "appvengers-dev-saveResult", "decided", answer["predictionId"])

    assert answer["models"][MODEL] == SKIPPED
    assert decided["unavailable"] == {}


def test_a_decision_without_the_model_is_replayed(skipped):
    for answer in skipped[:2]:
        ids = answer["clientId"], answer["predictionId"]
        done = CliRunner().invoke(replay.main, ids)
        assert done.stdout.splitlines() == [f"identical  {' '.join(ids)}"], done.output


def test_change_offer_and_explanation_do_without_the_model(served, skipped):
    declined = next(one for one in skipped if one["decision"] != "APPROVE")
    change = served.get(f"{where(declined)}/change").json()
    offer = served.get(f"{where(declined)}/offer").json()
    explained = served.get(f"{where(declined)}/explanation").json()

    assert MODEL not in change["today"]["models"]
    assert MODEL not in offer["today"]["models"]
    [model] = [one for one in explained["criteria"]["models"] if one["model"] == MODEL]
    assert (model["score"], model["consentMissing"]) == (None, "network")


def test_a_file_is_scored_by_the_consents_of_its_rows(served, skipped, loans, tmp_path):
    rows = [
        loan["application"] | {"consents": given}
        for loan, given in zip(loans[200:204], (None, "network", None, "bureau"), strict=True)
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "a.csv", index=False)
    artifacts = deployed_models.download("dev", profile.load(), tmp_path)
    with (tmp_path / "out").open("wb") as out:
        assert score.score(tmp_path / "a.csv", artifacts, profile.load(), out) == 1
    scored = pd.read_parquet(tmp_path / "out")
    asked = served.predict(loans[201])

    for place in (0, 2):
        assert scored["score"][place] == skipped[place]["score"]
        assert scored["decisionBasis"][place] == skipped[place]["decisionBasis"]
    assert scored[f"probabilityOfDefault_{MODEL}"].notna().tolist() == [False, True, False, False]
    assert scored["score"][1] == asked["score"]
    assert scored["error"][3] == "consents: no model needs bureau"
