"""updateData: what counts as news, and that the same news is started once."""

import hashlib
import json
from datetime import UTC, date, datetime, timedelta

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.foundation.settings import SNAPSHOT_PREFIX
from chalicelib.profile import PROFILE_FILE
from chalicelib.retraining.data_bucket import DataBucket
from chalicelib.retraining.weekly_update import (
    Execution,
    News,
    RetrainingMachine,
    months_later,
    scheduled_at,
    update,
)
from tests.fakes import S3, PredictionList, Runs, Topic

AT = datetime(2026, 11, 24, 10, tzinfo=UTC)  # in the 48th week
BEFORE = "2026-11-17T10:00:00.000Z"
FILE = ("credit/newData/november.csv", b"november")
CHAMPION = {"version": "20261101T000000", "url": "s3://models/verified/…"}


def bucket(files=(), snapshots=None):
    """Return the data bucket with these files of outcomes and these manifests of snapshots."""
    objects = dict(files)
    for name, manifest in (snapshots or {}).items():
        objects |= snapshot(name, manifest)
    return DataBucket(S3(objects), "data")


def snapshot(name, manifest):
    return {f"{SNAPSHOT_PREFIX}{name}/manifest.json": json.dumps(manifest).encode()}


def collected(as_of=BEFORE, sources=(), matures=None):
    files = [
        {"key": key, "etag": hashlib.md5(body, usedforsecurity=False).hexdigest()}
        for key, body in sources
    ]
    return {"asOf": as_of, "sources": files, "nextMatures": matures}


def told(
    predictions, told_at, decided_at="2023-11-24T09:00:00.000Z", source="file:credit/newData/a"
):
    item = {"toldAt": told_at, "decidedAt": decided_at, "outcome": "paid", "when": told_at[:10]}
    predictions.add_outcome("ana", "0a#1", item | {"source": source})
    return predictions


@pytest.fixture
def run(sba):
    def run(data, machine, at=AT, predictions=None):
        topic = Topic()
        champions = dict.fromkeys(sba.models, CHAMPION)
        predictions = predictions or PredictionList()
        done = update(at, sba, data, predictions, machine, champions, topic)
        run.done, run.details = done, topic.details
        return done["done"], [kind for kind, _ in topic.notices]

    return run


def test_without_news_it_says_so_and_starts_nothing(run):
    for snapshots in ({}, {"20261117T100000": collected(sources=[FILE])}):
        machine = Runs()

        assert run(bucket([FILE] if snapshots else [], snapshots), machine) == (
            "nothing new",
            ["nothing new"],
        )
        assert machine.requests == []


def test_a_new_file_starts_a_retraining_that_knows_its_past_and_its_champions(run, sba):
    machine = Runs()
    data = bucket([FILE], {"20261117T100000": collected()})

    assert run(data, machine) == ("started", ["started"])
    [request] = machine.requests
    assert request == {
        "version": "20261124T100000",
        "at": "2026-11-24T10:00:00+00:00",
        "snapshot": "20261124T100000",
        "previous": "20261117T100000",
        "profilePrefix": data.keep_profile(PROFILE_FILE),
        "news": {"outcomes": 0, "files": [FILE[0]]},
        "models": [
            {"model": model, "schema": sba.schema(model), "champion": CHAMPION}
            for model in sba.models
        ],
    }
    assert machine.executions[0].name.startswith("2026-W48-")


def test_a_file_written_anew_is_new(run):
    data = bucket([(FILE[0], b"written anew")], {"20261117T100000": collected(sources=[FILE])})

    assert run(data, Runs())[0] == "started"


@pytest.mark.parametrize(
    ("told_at", "decided_at", "done"),
    [
        ("2026-11-20T10:00:00.000Z", "2023-11-24T23:00:00.000Z", "started"),
        ("2026-11-20T10:00:00.000Z", "2020-02-29T23:00:00.000Z", "started"),
        ("2026-11-20T10:00:00.000Z", "2023-11-25T00:00:00.000Z", "nothing new"),  # not matured
        (BEFORE, "2023-11-24T09:00:00.000Z", "nothing new"),  # is in the snapshot
        ("2026-11-17T10:00:00.001Z", "2023-11-24T09:00:00.000Z", "started"),
        ("2026-11-18T00:00:00.000Z", "2023-11-24T09:00:00.000Z", "started"),
        ("2026-11-24T10:00:00.000Z", "2023-11-24T09:00:00.000Z", "started"),
        ("2026-11-24T10:00:01.000Z", "2023-11-24T09:00:00.000Z", "nothing new"),  # the next time
    ],
)
def test_an_outcome_is_news_if_it_came_since_and_has_matured(run, told_at, decided_at, done):
    data = bucket(snapshots={"20261117T100000": collected()})
    predictions = told(PredictionList(), told_at, decided_at)

    assert run(data, Runs(), predictions=predictions)[0] == done


def test_what_an_untrusted_source_said_is_no_news(run):
    data = bucket(snapshots={"20261117T100000": collected()})
    predictions = told(PredictionList(), "2026-11-20T10:00:00.000Z", source="apiKey:a1b2c3d4e5")

    assert run(data, Runs(), predictions=predictions)[0] == "nothing new"


@pytest.mark.parametrize(
    ("day", "done"),
    [("2026-11-20", "started"), ("2026-11-24", "started"), ("2026-11-25", "nothing new")],
)
def test_what_was_told_earlier_is_news_on_the_day_it_matures(run, day, done):
    assert run(bucket(snapshots={"20261117T100000": collected(matures=day)}), Runs())[0] == done


def test_the_same_event_again_starts_nothing_and_says_nothing(run):
    machine, data = Runs(), bucket([FILE], {"20261117T100000": collected()})
    run(data, machine)

    assert run(data, machine) == ("already started", [])
    assert len(machine.requests) == 1


def test_the_same_news_later_in_the_week_starts_nothing(run):
    machine, data = Runs(), bucket([FILE], {"20261117T100000": collected()})
    run(data, machine)

    assert run(data, machine, AT + timedelta(days=3)) == ("already started", [])


def test_other_news_wait_while_one_runs(run):
    machine, data = Runs(), bucket([FILE], {"20261117T100000": collected()})
    run(data, machine)
    data._s3.objects["credit/newData/more.csv"] = b"more"

    assert run(data, machine, AT + timedelta(hours=1)) == ("busy", ["busy"])
    data._s3.objects |= snapshot("20261124T100000", collected("2026-11-24T10:00:00.000Z", [FILE]))
    machine.end("SUCCEEDED")
    assert run(data, machine, AT + timedelta(days=7))[0] == "started"
    assert machine.requests[-1]["previous"] == "20261124T100000"
    assert machine.requests[-1]["news"]["files"] == ["credit/newData/more.csv"]


@pytest.mark.parametrize(
    "end",
    [["FAILED"], ["TIMED_OUT"], ["ABORTED"], ["SUCCEEDED", "promoted", "failed", "rejected"]],
)
def test_what_a_failed_run_or_one_model_of_it_had_is_news_again_from_where_it_began(run, end):
    machine, data = Runs(), bucket([FILE], {"20261117T100000": collected()})
    run(data, machine)
    data._s3.objects |= snapshot("20261124T100000", collected("2026-11-24T10:00:00.000Z", [FILE]))
    machine.end(*end)

    for later in (1, 2):  # and if it fails again
        assert run(data, machine, AT + timedelta(hours=later)) == ("started", ["started"])
        assert machine.requests[-1]["previous"] == "20261117T100000"
        assert machine.requests[-1]["news"]["files"] == [FILE[0]]
        machine.end(*end)
    machine.end("SUCCEEDED", "promoted", "promoted", "rejected")
    assert run(data, machine, AT + timedelta(hours=3)) == ("nothing new", ["nothing new"])


@pytest.mark.parametrize("end", [["FAILED"], ["SUCCEEDED", "promoted", "failed"]])
def test_the_event_of_a_failed_run_again_is_told_and_another_time_starts_it_anew(run, end):
    machine, data = Runs(), bucket([FILE], {"20261117T100000": collected()})
    run(data, machine)
    machine.end(*end)

    assert run(data, machine) == ("already failed", ["already failed"])
    assert len(machine.requests) == 1
    assert run(data, machine, AT + timedelta(seconds=1)) == ("started", ["started"])


def test_a_failed_run_whose_beginning_was_deleted_gives_way_to_the_newest(run):
    machine, data = Runs(), bucket([FILE], {"20261110T100000": collected()})
    run(data, machine)
    machine.end("FAILED")
    data = bucket([FILE], {"20261117T100000": collected()})

    assert run(data, machine, AT + timedelta(hours=1)) == ("started", ["started"])
    assert machine.requests[-1]["previous"] == "20261117T100000"


def test_an_event_of_another_zone_is_of_its_day_in_utc():
    assert scheduled_at({"time": "2026-11-24T20:00:00-05:00"}).isoformat()[:13] == "2026-11-25T01"


def test_an_event_older_than_the_snapshot_changes_nothing(run):
    machine = Runs(Execution("2026-W48-00000000", "SUCCEEDED", "", "20261124T090000"))
    data = bucket([FILE], {"20261124T100000": collected("2026-11-24T10:00:00.000Z")})

    for at in (AT, AT - timedelta(days=7)):
        assert run(data, machine, at) == ("nothing new", ["nothing new"])
    assert machine.requests == []


def test_an_event_a_moment_after_the_snapshot_has_news(run):
    data = bucket([FILE], {"20261124T100000": collected("2026-11-24T10:00:00.000Z")})

    assert run(data, Runs(), AT + timedelta(milliseconds=1))[0] == "started"


def test_an_event_without_a_time_is_of_now():
    before = datetime.now(UTC)

    assert before <= scheduled_at({}) <= datetime.now(UTC)


def test_a_bank_without_a_snapshot_begins_from_none(run):
    machine = Runs()

    assert run(bucket([FILE]), machine)[0] == "started"
    assert machine.requests[0]["previous"] == ""


def test_before_the_first_snapshot_only_outcomes_of_that_very_moment_are_news(run):
    """An older one is in the first snapshot, which collects all that there are."""
    predictions = told(PredictionList(), "2026-11-24T09:59:59.999Z")

    assert run(bucket(), Runs(), predictions=predictions)[0] == "nothing new"


def test_a_failed_first_run_is_repeated_from_no_snapshot(run):
    machine = Runs(Execution("2026-W47-00000000", "FAILED", "", "20261117T100000"))
    data = bucket([FILE], {"20261118T100000": collected()})

    assert run(data, machine)[0] == "started"
    assert machine.requests[0]["previous"] == ""


@pytest.mark.parametrize("name", ["2025-W01-00000000", "2027-W01-00000000"])
def test_news_wait_for_any_other_run(run, name):
    machine = Runs(Execution(name, "RUNNING", "", "20261117T100000"))

    assert run(bucket([FILE]), machine) == ("busy", ["busy"])
    assert run.done["execution"] == name


def test_an_event_from_before_a_failed_run_starts_anew(run):
    machine = Runs(Execution("2026-W48-00000000", "FAILED", "", "20261124T110000"))

    assert run(bucket([FILE]), machine) == ("started", ["started"])


def test_each_notice_says_what_was_found(run):
    data, machine = bucket([FILE], {"20261117T100000": collected()}), Runs()
    predictions = told(PredictionList(), "2026-11-20T10:00:00.000Z")
    run(data, machine, predictions=predictions)
    name = machine.executions[0].name
    assert run.done == {"done": "started", "execution": name}
    assert run.details == [f"{name}: 1 archivos y 1 resultados nuevos."]
    assert machine.requests[0]["news"] == {"outcomes": 1, "files": [FILE[0]]}

    run(data, machine, AT + timedelta(hours=1))  # without the outcome
    assert run.done == {"done": "busy", "execution": name}
    assert run.details == [f"Sigue en curso {name}: lo nuevo irá en la próxima."]

    machine.end("FAILED")
    run(data, machine)
    assert run.done == {"done": "already failed", "execution": name}
    assert run.details[0].startswith(f"{name}, de esa misma hora, terminó con fallos")


def test_a_notice_of_nothing_new_says_since_when(run):
    run(bucket(), Runs())
    assert run.details == ["Ni archivos ni resultados maduros desde la instantánea (ninguna)."]
    run(bucket(snapshots={"20261117T100000": collected()}), Runs())
    assert run.details == [
        "Ni archivos ni resultados maduros desde la instantánea 20261117T100000."
    ]
    run(bucket(snapshots={"20261124T100000": collected("2026-11-24T10:00:00.000Z")}), Runs())
    assert run.details == ["La instantánea 20261124T100000 es de esa hora o posterior."]
    assert run.done == {"done": "nothing new"}


def test_the_next_run_after_a_success_may_have_the_same_news_under_the_same_name(run):
    """A name is used once, so what a succeeded run had is not started again in its week."""
    machine, data = Runs(), bucket([FILE], {"20261117T100000": collected()})
    run(data, machine)
    machine.end("SUCCEEDED", "promoted")

    assert run(data, machine, AT + timedelta(hours=1)) == ("already started", [])
    assert run.done["execution"] == machine.executions[0].name
    assert run(data, machine, AT + timedelta(days=7)) == ("started", ["started"])


@pytest.mark.parametrize(
    ("status", "verdicts", "running", "failed"),
    [
        ("RUNNING", (), True, False),
        ("RUNNING", ("failed",), True, False),
        ("SUCCEEDED", (), False, False),
        ("SUCCEEDED", ("promoted", "rejected"), False, False),
        ("SUCCEEDED", ("promoted", "failed"), False, True),
        ("FAILED", ("promoted",), False, True),
        ("ABORTED", (), False, True),
        ("TIMED_OUT", (), False, True),
    ],
)
def test_a_run_has_failed_if_it_or_a_model_in_it_did(status, verdicts, running, failed):
    run = Execution("name", status, "", "v", verdicts)

    assert (run.running, run.failed) == (running, failed)


def test_the_name_of_a_run_is_its_week_and_its_news():
    news = News({"a": "1", "b": "2"}, ("0a#1",), "2026-11-24")
    name = news.execution(AT, "")

    assert News({"b": "2", "a": "1"}, ("0a#1",), "2026-11-24").execution(AT, "") == name
    assert name[:9] == "2026-W48-"
    assert len(name) == 17
    assert news.execution(datetime(2027, 1, 3, tzinfo=UTC), "")[:9] == "2026-W53-"
    assert news.execution(datetime(2027, 1, 4, tzinfo=UTC), "") == f"2027-W01-{name[9:]}"
    others = (
        News({"a": "1"}, ("0a#1",), "2026-11-24"),
        News({"a": "1", "b": "3"}, ("0a#1",), "2026-11-24"),
        News({"a": "1", "b": "2"}, ("0a#2",), "2026-11-24"),
        News({"a": "1", "b": "2"}, ("0a#1",), ""),
    )
    assert len({name, news.execution(AT, name), *(one.execution(AT, "") for one in others)}) == 6


def test_news_are_files_outcomes_or_a_day_and_nothing_else():
    assert News({"a": "1"}, (), "")
    assert News({}, ("0a#1",), "")
    assert News({}, (), "2026-11-24")
    assert not News({}, (), "")


MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:dev-reentrenamiento"
RUN = "arn:aws:states:us-east-1:123456789012:execution:dev-reentrenamiento:2026-W48-a"


def answering(*answers):
    """Return the state machine with a client that answers so, in this order."""
    client = boto3.client("stepfunctions")
    stubber = Stubber(client)
    for operation, asked, answer in answers:
        if isinstance(answer, str):
            stubber.add_client_error(operation, answer, expected_params=asked)
        else:
            stubber.add_response(operation, answer, asked)
    stubber.activate()
    return RetrainingMachine(client, MACHINE)


def listed(*executions):
    found = [
        {"executionArn": arn, "stateMachineArn": MACHINE, "name": "n", "status": "FAILED",
         "startDate": AT} for arn in executions
    ]  # fmt: skip
    return "list_executions", {"stateMachineArn": MACHINE, "maxResults": 1}, {"executions": found}


def described(**more):
    answer = {"executionArn": RUN, "stateMachineArn": MACHINE, "name": "2026-W48-a",
              "status": "SUCCEEDED", "startDate": AT, "input": "{}"}  # fmt: skip
    return "describe_execution", {"executionArn": RUN}, answer | more


def test_a_machine_that_never_ran_has_no_last_run():
    assert answering(listed()).last() is None


def test_the_last_run_is_told_as_step_functions_describes_it():
    asked = json.dumps({"previous": "20261117T100000", "version": "20261124T100000"})
    output = json.dumps({"models": [{"verdict": "promoted"}, {"verdict": "failed"}]})
    machine = answering(listed(RUN), described(input=asked, output=output))

    assert machine.last() == Execution(
        "2026-W48-a", "SUCCEEDED", "20261117T100000", "20261124T100000", ("promoted", "failed")
    )
    begun_by_hand = answering(listed(RUN), described(status="RUNNING"))
    assert begun_by_hand.last() == Execution("2026-W48-a", "RUNNING", "", "")


@pytest.mark.parametrize(
    ("answer", "started"),
    [({"executionArn": RUN, "startDate": AT}, True), ("ExecutionAlreadyExists", False)],
)
def test_a_name_is_started_once(answer, started):
    asked = {"stateMachineArn": MACHINE, "name": "a", "input": '{"version": "v"}'}

    assert answering(("start_execution", asked, answer)).start("a", {"version": "v"}) is started


@pytest.mark.parametrize("code", ["AccessDeniedException", "ExecutionLimitExceeded"])
def test_another_fault_of_a_start_is_raised(code):
    asked = {"stateMachineArn": MACHINE, "name": "a", "input": "{}"}
    with pytest.raises(ClientError, match=code):
        answering(("start_execution", asked, code)).start("a", {})


@given(st.dates(date(1999, 1, 1), date(2090, 1, 1)), st.integers(0, 120))
def test_months_later_is_that_month_and_never_a_later_day(day, months):
    later = months_later(day, months)

    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day <= day.day
    assert later.day == day.day or (later + timedelta(days=1)).day == 1
