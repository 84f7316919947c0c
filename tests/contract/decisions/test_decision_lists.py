"""Lists over the table of the embedded cloud: filters, fields, and what is in no list."""

import time
from datetime import UTC, datetime, timedelta
from functools import partial

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.decisions.day_index import SHARDS
from chalicelib.decisions.lists.cursor_keys import SECONDS_BETWEEN_TRIES, CursorKeys, parsed
from chalicelib.decisions.lists.decision_list import DecisionLists
from chalicelib.decisions.lists.decision_places import DecisionPlaces
from chalicelib.decisions.lists.list_request import Choices
from chalicelib.decisions.predictions import PredictionTable
from chalicelib.foundation.errors import InvalidRequest, ServiceUnavailable, TableUnavailable
from chalicelib.foundation.settings import Settings
from chalicelib.foundation.text import Text
from chalicelib.governance.erasure import client_erasure
from chalicelib.governance.erasure.decision_files import DecisionFiles
from chalicelib.governance.erasure.erasure_table import ErasureTable
from chalicelib.profile import Retained, Retention
from infrastructure.deploy.steps import stage_parameters
from infrastructure.deploy.steps.stack import deploy
from localcloud.embedded_cloud import embedded_cloud

DEV = Settings("appvengers", "dev", "us-east-1")
NOW = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
MODELS = ("Tradicional", "NetworkingAccelerator")
CHOICES = Choices(MODELS, {"location": ("urban", "rural")})
LAW = Text(es="Ley", en="Law")


@pytest.fixture(scope="module")
def client():
    with embedded_cloud(None):
        deploy(boto3.client("cloudformation"), "appvengers", "dev")
        stage_parameters.keep_cursor_keys(boto3.client("ssm"), DEV)
        yield boto3.client("dynamodb")


@pytest.fixture
def table(client):
    clear(client)
    return PredictionTable(client, DEV.predictions_table)


def clear(client):
    for item in client.scan(TableName=DEV.predictions_table)["Items"]:
        key = {name: item[name] for name in ("clientId", "predictionId")}
        client.delete_item(TableName=DEV.predictions_table, Key=key)


def decision(number, client_id="ana", *, days_ago=0, **more):
    at = NOW - timedelta(days=days_ago, seconds=number)
    models = {"Tradicional": {"status": "OK", "version": "20261129T013801", "score": 568}}
    models["NetworkingAccelerator"] = {"status": "UNAVAILABLE", "cause": "TIMEOUT"}
    return {
        "predictionId": f"{int(at.timestamp() * 1000):012x}{number:020x}",
        "clientId": client_id, "createdAt": f"{at:%Y-%m-%dT%H:%M:%S}.000Z",
        "decision": "APPROVE", "decisionBasis": "SCORE", "score": 568, "models": models,
        "application": {"lender": "secret"}, "evidence": {"x": 1},
        "probabilityOfDefault": 0.1 + 0.2, **more,
    }  # fmt: skip


def lists(client, **more):
    keys = CursorKeys(boto3.client("ssm"), DEV.cursor_keys_parameter)
    places = DecisionPlaces(client, DEV.predictions_table)
    return DecisionLists(places, keys, CHOICES, NOW, time.monotonic, **more)


def ids(ask, query):
    """Return the ids of all pages."""
    found, cursor = [], {}
    while True:
        page = ask({**query, **cursor})
        found += [one["predictionId"] for one in page.decisions]
        if page.next is None:
            return found
        cursor = {"cursor": page.next}


def asks(client):
    asked = lists(client)
    return asked.of_bank, partial(asked.of_client, "ana")


def test_a_list_shows_a_decision_without_application_and_evidence(client, table):
    one = decision(1, offer={"annualRate": 9.75})
    table.add(one)
    shown = {name: value for name, value in one.items() if name not in ("application", "evidence")}

    for ask in asks(client):
        assert ask({}).decisions == [shown]
        fields = ask({"fields": "score,createdAt,rules,score"})
        assert [[*row] for row in fields.decisions] == [["score", "createdAt"]]
        assert fields.fields == ("score", "createdAt", "rules")


@pytest.mark.parametrize(("query", "expected"), [
    ({}, [0, 1, 2, 3, 4]),
    ({"decision": "REVIEW"}, [1, 2]), ({"decision": "DECLINE"}, []),
    ({"basis": "MODELS_DISAGREE"}, [2]), ({"decision": "REVIEW", "basis": "SCORE"}, [1]),
    ({"model": "Tradicional"}, [0, 1, 2, 3]), ({"model": "NetworkingAccelerator"}, []),
    ({"model": "Tradicional:20261129T013801"}, [0, 1, 2]), ({"model": "Tradicional:2"}, []),
    ({"segment": "location:rural"}, [3]), ({"segment": "location:urban", "decision": "REVIEW"}, []),
])  # fmt: skip
def test_filters_are_all_of_those_that_are_given(client, table, query, expected):
    other = {"Tradicional": {"status": "OK", "version": "b"}}
    silent = {"Tradicional": {"status": "UNAVAILABLE", "cause": "TIMEOUT"}}
    decided = [
        decision(0), decision(1, decision="REVIEW"),
        decision(2, decision="REVIEW", decisionBasis="MODELS_DISAGREE"),
        decision(3, models=other, application={"location": "rural"}), decision(4, models=silent),
    ]  # fmt: skip
    for one in decided:
        table.add(one)

    for ask in asks(client):
        day = {"from": f"{NOW:%F}"}
        assert ids(ask, query | day) == [decided[number]["predictionId"] for number in expected]


def test_claims_outcomes_acts_and_erased_decisions_are_in_no_list(client, table):
    mine, others = decision(1), decision(2, "eva")
    for one in (mine, others):
        table.add(one)
        table.claim(
            one["clientId"], "k", {"claimedId": one["predictionId"], "applicationHash": "h"}
        )
        told = {"of": one["predictionId"], "outcome": "paid", "when": one["createdAt"][:10]}
        told |= {"toldAt": one["createdAt"]}
        table.add_outcome(one["clientId"], f"{one['predictionId']}#ffff", told)
        table.add_act(one["clientId"], one["predictionId"], 0, {"at": one["createdAt"]})
    erasures = ErasureTable(client, DEV.predictions_table, DEV.reviews_table)
    event = {"clientId": "eva", "reason": "CLIENT_REQUEST", "by": {"sub": "s", "username": "op"}}
    retention = Retention(Retained(LAW, 3650, "pseudonymise"), Retained(LAW))
    files = DecisionFiles(boto3.client("s3"), DEV.data_bucket)
    client_erasure.erase(event, retention, erasures, files, NOW)
    stored = client.scan(TableName=DEV.predictions_table)["Items"]
    (pseudonym,) = {one["clientId"]["S"] for one in stored} & {
        one["clientId"]["S"] for one in stored if one["predictionId"]["S"] == others["predictionId"]
    }

    bank, ana = asks(client)
    assert ids(bank, {}) == ids(ana, {}) == [mine["predictionId"]]
    assert ids(partial(lists(client).of_client, "eva"), {}) == []
    assert ids(partial(lists(client).of_client, pseudonym), {}) == []


def test_an_expired_decision_is_in_no_list_from_that_second_on(client):
    clear(client)
    table = PredictionTable(client, DEV.predictions_table, days=1)
    before = datetime.now(UTC)
    table.add(decision(1))
    (stored,) = client.scan(TableName=DEV.predictions_table)["Items"]
    expires = int(stored["expiresAt"]["N"])
    assert expires >= int(before.timestamp()) + 86_400

    for now, count in ((expires - 1, 1), (expires, 0)):
        places = DecisionPlaces(client, DEV.predictions_table)
        keys = CursorKeys(boto3.client("ssm"), DEV.cursor_keys_parameter)
        at = datetime.fromtimestamp(now, UTC)
        asked = DecisionLists(places, keys, CHOICES, at, time.monotonic)
        period = {"from": f"{NOW:%F}", "to": f"{NOW:%F}"}
        pages = asked.of_bank(period), asked.of_client("ana", {})
        assert [len(page.decisions) for page in pages] == [count, count]


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 900), st.integers(0, 1), st.booleans()), max_size=30,
             unique_by=lambda one: one[0]),
    st.sampled_from(["1", "4", "100"]), st.integers(SHARDS + 1, 2 * SHARDS),
)  # fmt: skip
def test_pages_are_the_list_by_dynamodbs_own_limits(client, made, limit, reads):
    clear(client)
    table = PredictionTable(client, DEV.predictions_table)
    decided = [
        decision(number, days_ago=days, decision="REVIEW" if review else "APPROVE")
        for number, days, review in made
    ]
    for one in decided:
        table.add(one)
    asked = lists(client, most_reads=reads)
    newest = sorted((one for one in decided), key=lambda one: one["predictionId"], reverse=True)
    period = {"from": f"{NOW - timedelta(days=1):%F}", "to": f"{NOW:%F}", "limit": limit}
    reviews = [one["predictionId"] for one in newest if one["decision"] == "REVIEW"]

    assert ids(asked.of_bank, period) == [one["predictionId"] for one in newest]
    assert ids(asked.of_bank, period | {"decision": "REVIEW"}) == reviews
    assert ids(partial(asked.of_client, "ana"), {"limit": limit, "decision": "REVIEW"}) == reviews


def test_a_table_that_is_gone_is_a_problem(client):
    asked = DecisionLists(
        DecisionPlaces(client, "dev-gone"), CursorKeys(boto3.client("ssm"), "/none"), CHOICES, NOW,
        time.monotonic,
    )  # fmt: skip
    with pytest.raises(TableUnavailable):
        asked.of_bank({})
    with pytest.raises(TableUnavailable):
        asked.of_client("ana", {})


def test_without_their_key_there_is_a_page_but_no_cursor(client, table):
    table.add(decision(1))
    table.add(decision(2))
    keys = CursorKeys(boto3.client("ssm"), "/dev/appvengers/absent")
    places = DecisionPlaces(client, DEV.predictions_table)
    asked = DecisionLists(places, keys, CHOICES, NOW, time.monotonic)

    assert len(asked.of_client("ana", {}).decisions) == 2
    with pytest.raises(ServiceUnavailable):
        asked.of_client("ana", {"limit": "1"})


def test_a_deployment_keeps_the_key_and_a_rotation_keeps_one_before(client, table):
    ssm, name = boto3.client("ssm"), DEV.cursor_keys_parameter

    def value():
        return ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]

    table.add(decision(1))
    table.add(decision(2))
    first = value()
    stage_parameters.keep_cursor_keys(ssm, DEV)
    assert value() == first
    running = lists(client)
    cursor = running.of_client("ana", {"limit": "1"}).next
    stage_parameters.rotate_cursor_keys(ssm, DEV)
    ask = partial(lists(client).of_client, "ana")

    assert parsed(value())[1:] == parsed(first)[:1]
    assert ask({"cursor": cursor}).decisions
    running.keys._read_at -= SECONDS_BETWEEN_TRIES
    assert running.of_client("ana", {"cursor": ask({"limit": "1"}).next}).decisions
    stage_parameters.rotate_cursor_keys(ssm, DEV)
    with pytest.raises(InvalidRequest):
        lists(client).of_client("ana", {"cursor": cursor})


def test_the_key_is_a_secure_string_and_in_no_plain_answer(client):
    ssm, name = boto3.client("ssm"), DEV.cursor_keys_parameter
    plain = ssm.get_parameter(Name=name)["Parameter"]
    decrypted = ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]

    assert plain["Type"] == "SecureString"
    assert plain["Value"] != decrypted["Value"]
    assert all(len(key) == 32 for key in parsed(decrypted["Value"]))
