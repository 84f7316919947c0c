"""updateData: what counts as news, and that the same news is started once."""

import hashlib
import json
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.foundation.settings import SNAPSHOT_PREFIX
from chalicelib.profile import PROFILE_FILE
from chalicelib.retraining.data_bucket import DataBucket
from chalicelib.retraining.weekly_update import Execution, months_later, scheduled_at, update
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
        ("2026-11-20T10:00:00.000Z", "2023-11-25T00:00:00.000Z", "nothing new"),  # not matured
        (BEFORE, "2023-11-24T09:00:00.000Z", "nothing new"),  # is in the snapshot
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
    ("day", "done"), [("2026-11-24", "started"), ("2026-11-25", "nothing new")]
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


@given(st.dates(date(1999, 1, 1), date(2090, 1, 1)), st.integers(0, 120))
def test_months_later_is_that_month_and_never_a_later_day(day, months):
    later = months_later(day, months)

    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day <= day.day
    assert later.day == day.day or (later + timedelta(days=1)).day == 1
