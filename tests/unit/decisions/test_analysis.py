import pytest

from chalicelib.decisions.application import CreditApplication
from chalicelib.decisions.intake import analysis
from chalicelib.decisions.intake.analysis import Analyses, new_request
from chalicelib.decisions.intake.analysis_machine import NOT_DECIDED
from chalicelib.foundation.errors import PredictionNotFound, TableUnavailable
from tests.fakes import PredictionList, StoringMachine

ANA = CreditApplication("ana", {"amount": 5000.0})


def served():
    return True


@pytest.fixture
def predictions():
    return PredictionList()


@pytest.fixture
def machine(predictions):
    return StoringMachine(predictions)


def test_the_answer_is_what_was_stored_but_for_the_application(machine, predictions):
    analyses = Analyses(machine, predictions, served)
    answered = analyses.analyse(new_request(ANA, "es"), None).decision
    stored = predictions.get("ana", answered["predictionId"])

    assert answered == {name: value for name, value in stored.items() if name != "application"}
    assert stored["application"] == ANA.values


def test_ids_sort_by_time():
    ids = [new_request(ANA, "es")["predictionId"] for _ in range(3)]
    times = [one[:12] for one in ids]

    assert times == sorted(times)
    assert len(set(ids)) == 3


SILENT = {"status": "UNAVAILABLE", "error": {"Error": "EndpointUnavailable", "Cause": ""}}
SPOKE = {
    "status": "OK", "version": "1", "sha256": "a", "probabilityOfDefault": 0.1, "baseline": -2.0,
    "contributions": {},
}  # fmt: skip


def recorded(predictions, sba, served: list[bool], opened=None, **answers):
    opened = [] if opened is None else opened
    event = {
        "predictionId": "0a", "clientId": "ana", "createdAt": "2026-11-28T10:00:00.000Z",
        "language": "es", "application": {}, "models": dict.fromkeys(sba.models, SILENT) | answers,
    }  # fmt: skip
    return analysis.record(event, sba, predictions, served.pop, open_case=opened.append)


def test_nothing_is_stored_before_any_model_was_in_service(predictions, sba):
    """saveResult raises nothing: its faults ring alarms, and a caller that is early is none."""
    assert recorded(predictions, sba, [False]) == NOT_DECIDED
    with pytest.raises(PredictionNotFound):
        predictions.get("ana", "0a")


def test_models_that_served_and_are_all_silent_leave_it_to_a_person(predictions, sba):
    assert recorded(predictions, sba, [True])["decision"] == "REVIEW"
    assert predictions.get("ana", "0a")["missing"] == sorted(sba.models)


def test_nobody_asks_whether_models_served_if_one_answers(predictions, sba):
    assert recorded(predictions, sba, [], Tradicional=SPOKE)["partial"]


def test_a_case_is_opened_before_its_decision_is_stored(predictions, sba):
    opened: list = []

    class Full(PredictionList):
        def add(self, prediction):
            assert opened
            raise TableUnavailable

    with pytest.raises(TableUnavailable):
        recorded(Full(), sba, [True], opened)
    assert [case["predictionId"] for case in opened] == ["0a"]


def test_a_run_that_comes_second_opens_no_case_of_its_own(predictions, sba):
    """Two executions of one request may find other models silent; the first decision is stored."""
    opened: list = []
    first = predictions.add({"clientId": "ana", "predictionId": "0a", "decision": "APPROVE"})

    assert recorded(predictions, sba, [True], opened) == first
    assert opened == []
