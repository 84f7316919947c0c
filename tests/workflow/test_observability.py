"""What is logged and measured of a real analysis, and what never is."""

import json
import re
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from bank.first_run import body_of
from chalicelib.foundation.observability import logger
from tests.workflow.conftest import scheduled

# A person's values as no id, time or metric looks.
PERSON = {
    "clientId": "cedula-1712345678",
    "application": {
        "amount": 87654.25, "guaranteeShare": 0.8125, "employees": 7919, "jobsCreated": 6113,
        "jobsRetained": 5227, "earlierDefaults": 431,
        "state": "GU", "zip": "90573", "naics": "722511", "lender": "COOPERATIVA DE LOS ANDES",
        "earlierLoans": 617,
    },
}  # fmt: skip


def lines(served):
    """Every line of every function, by function."""
    files = served.bank.function_logs.folder.glob("*.jsonl")
    return {file.stem: file.read_text(encoding="utf-8").splitlines() for file in files}


def text(served):
    return "\n".join(line for found in lines(served).values() for line in found)


def leaked(logged, body):
    values = [body["clientId"], *body["application"].values()]
    written = {str(value) for value in values} | {json.dumps(value) for value in values}
    return [
        value
        for value in written
        if len(value.strip('"')) > 3 and value.strip('"').isascii()
        if re.search(rf"(?<![\w.]){re.escape(value)}(?![\w.])", logged)
        if value not in ("true", "false", "null", "existing", "urban", "rural")
    ]


def told(served, function, message, prediction_id):
    found = [json.loads(line) for line in lines(served)[function]]
    return [
        line
        for line in found
        if line.get("message") == message and line.get("correlation_id") == prediction_id
    ]


def total(name, **dimensions):
    """The sum of a metric so far, and the number of its values."""
    now = datetime.now(UTC)
    dimensions = {"service": "dev-appvengers", **dimensions}
    metric = {
        "Namespace": "AppVengers",
        "MetricName": name,
        "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
    }
    found = boto3.client("cloudwatch").get_metric_data(
        MetricDataQueries=[
            {"Id": stat.lower(), "MetricStat": {"Metric": metric, "Period": 7200, "Stat": stat}}
            for stat in ("Sum", "SampleCount")
        ],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
    )["MetricDataResults"]
    return tuple(sum(result["Values"]) for result in found)


def test_no_line_holds_what_an_applicant_sent(served, loans):
    bodies = [PERSON, *(body_of(loan) for loan in loans[20:80:6])]
    for number, body in enumerate(bodies):
        answer = served.post(body, **{"Idempotency-Key": f"logged-{number}"}).json()
        served.get(f"/predictions/{body['clientId']}/{answer['predictionId']}")
        served.get(f"/predictions/{body['clientId']}/absent")
        served.get(f"/predictions/{body['clientId']}?limit=wrong")
        wrong = {"application": body["application"] | {"employees": body["clientId"]}}
        assert served.post(body | wrong).status_code == 400

    logged = text(served)
    assert len(logged.splitlines()) > 12 * len(bodies)
    assert [leaked(logged, body) for body in bodies] == [[]] * len(bodies)


def test_a_line_that_holds_it_is_found(served):
    logger.warning("a drill", application=PERSON["application"], sent_by=PERSON["clientId"])
    drilled, path = text(served), served.bank.function_logs.folder / "api.jsonl"
    path.write_text(re.sub(".*a drill.*\n", "", path.read_text(encoding="utf-8")))

    assert set(leaked(drilled, PERSON)) >= {"cedula-1712345678", "87654.25", "7919", '"90573"'}


def test_the_lines_of_an_analysis_carry_its_id(served, loans):
    answer = served.predict(loans[23])
    (decided,) = told(served, "appvengers-dev-saveResult", "decided", answer["predictionId"])
    (answered,) = told(served, "api", "answered", answer["predictionId"])

    assert (decided["decision"], decided["policy"]) == (answer["decision"], answer["policyVersion"])
    assert (answered["operation"], answered["status"]) == ("predict", 200)


def test_one_analysis_does_not_carry_the_id_of_another(served, loans):
    answer = served.predict(loans[23])
    served.get("/models")
    (line,) = [json.loads(line) for line in lines(served)["api"] if '"models"' in line][-1:]

    assert line.get("correlation_id") != answer["predictionId"]


def test_decisions_and_times_are_measured(served, loans):
    served.bank.function_logs.flush_metrics()
    before = total("Decisions")[0], total("Latency", operation="predict")[1]
    models = {name: total("ModelLatency", model=name)[1] for name in served_models(served)}
    answers = [served.predict(loan) for loan in loans[20:25]]
    served.bank.function_logs.flush_metrics()

    assert total("Decisions")[0] == before[0] + 5
    assert total("Decisions", decision=answers[0]["decision"])[0] > 0
    assert total("Latency", operation="predict")[1] == before[1] + 5
    assert models == {name: total("ModelLatency", model=name)[1] - 5 for name in models}


def served_models(served):
    return served.get("/models").json()["models"]


def test_a_notice_is_measured_by_its_kind(served):
    before = total("Notices", kind="rejected")[0]
    served.upload("appvengers/Tradicional/20200101T000000/model.tar.gz", b"no archive")
    served.bank.function_logs.flush_metrics()

    assert total("Notices", kind="rejected")[0] == before + 1


def test_nothing_is_written_to_the_console(served, loans, capfd):
    served.predict(loans[20])

    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["watchTraining"])
def test_the_last_training_is_measured_every_day(served, name):
    rules = boto3.client("lambda").invoke(
        FunctionName=f"appvengers-dev-{name}", Payload=json.dumps(scheduled(days=0))
    )
    served.bank.function_logs.flush_metrics()

    assert "FunctionError" not in rules
    assert 0 <= total("DaysSinceTraining")[0] < 1
