"""The table and its fake, held to the same facts."""

from datetime import UTC, date, datetime, timedelta
from itertools import islice

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.decisions.day_index import SHARDS, keys_of
from chalicelib.decisions.predictions import PredictionTable
from chalicelib.foundation.errors import PredictionNotFound, TableUnavailable
from chalicelib.foundation.record_salt import ERASED, SALT
from infrastructure.deploy.steps.stack import deploy
from localcloud.embedded_cloud import embedded_cloud
from tests.fakes import PredictionList

PREDICTION = {
    "clientId": "ana",
    "predictionId": "0a",
    "createdAt": "2026-11-24T09:30:00.000Z",
    "probabilityOfDefault": 0.1 + 0.2,
    "score": 612,
    "application": {"amount": 10000.0, "zip": "07066"},
    "reasons": [{"points": -3, "text": "Ñandú"}],
    "next": None,
}
TABLE = "dev-appvengers-PrediccionesCredito"


@pytest.fixture(scope="module")
def client():
    with embedded_cloud(None):
        deploy(boto3.client("cloudformation"), "appvengers", "dev")
        yield boto3.client("dynamodb")


class Clock:
    """The time of table and list, which a test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 29, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(params=["table", "list"])
def predictions(request, client, clock):
    if request.param == "list":
        return PredictionList(clock)
    for item in client.scan(TableName=TABLE)["Items"]:
        key = {name: item[name] for name in ("clientId", "predictionId")}
        client.delete_item(TableName=TABLE, Key=key)
    return PredictionTable(client, TABLE, 0, clock)


def test_what_is_added_comes_back_the_same(predictions):
    predictions.add(PREDICTION)

    assert predictions.get("ana", "0a") == PREDICTION


def test_a_second_add_changes_nothing_and_answers_the_first(predictions):
    predictions.add(PREDICTION)

    assert predictions.add(PREDICTION | {"score": 1}) == PREDICTION
    assert predictions.get("ana", "0a") == PREDICTION


def test_what_is_not_there_is_told(predictions):
    with pytest.raises(PredictionNotFound):
        predictions.get("ana", "0a")


def test_a_claim_is_the_first_ones_and_no_prediction(predictions):
    predictions.claim("ana", "k", {"claimedId": "0a"})

    assert predictions.claim("ana", "k", {"claimedId": "0b"})["claimedId"] == "0a"
    with pytest.raises(PredictionNotFound):
        predictions.get("ana", "idempotency#k")


@pytest.mark.parametrize(
    ("after", "first"),
    [
        (timedelta(0), "0a"),
        (timedelta(hours=24, seconds=-1), "0a"),
        (timedelta(hours=24), "0b"),
        (timedelta(days=9), "0b"),
    ],
)
def test_a_claim_past_its_time_is_gone_though_it_is_still_stored(predictions, clock, after, first):
    predictions.claim("ana", "k", {"claimedId": "0a"}, 1)
    clock.now += after
    assert (predictions.claimed("ana", "k") is None) == (first == "0b")

    assert predictions.claim("ana", "k", {"claimedId": "0b"}, 1)["claimedId"] == first
    assert predictions.claimed("ana", "k")["claimedId"] == first


def test_a_claim_that_took_the_place_of_another_has_a_day_of_its_own(predictions, clock):
    for number in range(3):
        assert predictions.claim("ana", "k", {"claimedId": f"0{number}"}, 1)["claimedId"] == (
            f"0{number}"
        )
        clock.now += timedelta(hours=24)


def test_a_claim_lives_for_whole_seconds_and_never_for_less_than_a_day(predictions, clock):
    clock.now += timedelta(milliseconds=1)
    predictions.claim("ana", "k", {"claimedId": "0a"}, 1)
    for more, is_there in ((timedelta(hours=24), True), (timedelta(milliseconds=999), False)):
        clock.now += more
        assert (predictions.claimed("ana", "k") is not None) == is_there


def test_a_claim_without_days_has_no_end(predictions, clock):
    predictions.claim("ana", "k", {"claimedId": "0a"})
    clock.now += timedelta(days=100_000)

    assert predictions.claim("ana", "k", {"claimedId": "0b"})["claimedId"] == "0a"


def test_a_mark_is_the_last_one(predictions):
    for until in ("1", "2"):
        predictions.mark("ana", "0a", {"claimedId": "0a", "pendingUntil": until}, 1)

    assert predictions.claimed("ana", "0a")["pendingUntil"] == "2"
    with pytest.raises(PredictionNotFound):
        predictions.get("ana", "0a")


def test_a_turn_is_taken_by_one_of_those_who_saw_the_same(predictions, clock):
    first, second = ({"claimedId": "0a", "heldUntil": until} for until in "12")

    assert predictions.take("ana", "0a", first, 1, None)
    assert not predictions.take("ana", "0a", second, 1, None)
    assert predictions.take("ana", "0a", second, 1, first)
    assert not predictions.take("ana", "0a", first, 1, first)
    assert predictions.claimed("ana", "0a")["heldUntil"] == "2"
    clock.now += timedelta(days=1)
    assert predictions.take("ana", "0a", first, 1, None), "one whose time is over is gone"


def outcome(told_at: str) -> dict:
    return {"of": "0a", "outcome": "paid", "when": "2026-11-24", "toldAt": told_at}


def test_outcomes_come_in_the_order_they_were_told_and_are_no_predictions(predictions):
    predictions.add(PREDICTION)
    predictions.add_outcome("ana", "0a#ffff", outcome("2026-11-25T08:00:00.000Z"))
    predictions.add_outcome("ana", "0a#0000", outcome("2026-11-26T08:00:00.000Z"))
    predictions.add_outcome("ana", "0b#0000", outcome("2026-11-26T08:00:00.000Z"))

    found = predictions.outcomes("ana", "0a")
    assert [told["predictionId"] for told in found] == ["outcome#0a#ffff", "outcome#0a#0000"]
    with pytest.raises(PredictionNotFound):
        predictions.get("ana", "outcome#0a#ffff")


def test_an_outcome_told_twice_is_the_first_one(predictions):
    predictions.add_outcome("ana", "0a#ffff", outcome("2026-11-25T08:00:00.000Z"))
    again = predictions.add_outcome("ana", "0a#ffff", outcome("2026-11-26T08:00:00.000Z"))

    assert again["toldAt"] == "2026-11-25T08:00:00.000Z"
    assert predictions.outcomes("ana", "0a") == [again]


def test_a_day_has_the_outcomes_reported_on_it(predictions):
    for number, day in enumerate(("23", "24", "24", "25")):
        told = outcome(f"2026-11-{day}T08:00:00.000Z")
        predictions.add_outcome("ana", f"0{number}#ffff", told)

    found = [one["predictionId"] for one in predictions.outcomes_reported_on("2026-11-24")]
    assert found == ["outcome#01#ffff", "outcome#02#ffff"]


def test_a_claim_is_found_by_its_key_and_client(predictions):
    claim = predictions.claim("ana", "k", {"claimedId": "0a"})

    assert predictions.claimed("ana", "k") == claim
    assert predictions.claimed("ana", "other") is None
    assert predictions.claimed("eva", "k") is None


def act(at: str) -> dict:
    return {"act": "VERDICT", "verdict": "APPROVE", "at": at, "by": {"sub": "s1"}}


def test_the_first_act_of_a_number_stays_and_acts_are_no_predictions(predictions):
    predictions.add(PREDICTION)
    predictions.add(PREDICTION | {"clientId": "eva", "predictionId": "0b"})
    first = predictions.add_act("ana", "0a", 0, act("2026-11-25T08:00:00.000Z"))
    second = predictions.add_act("ana", "0a", 1, act("2026-11-25T09:00:00.000Z"))
    lost = predictions.add_act("ana", "0a", 0, act("2026-11-25T10:00:00.000Z"))
    predictions.add_act("eva", "0b", 0, act("2026-11-25T10:00:00.000Z"))

    assert lost == first
    assert predictions.acts("ana", "0a") == [first, second]
    with pytest.raises(PredictionNotFound):
        predictions.get("ana", first["predictionId"])


def test_an_act_on_a_decision_that_is_gone_is_not_stored(predictions):
    with pytest.raises(PredictionNotFound):
        predictions.add_act("ana", "0a", 0, act("2026-11-25T08:00:00.000Z"))

    assert predictions.acts("ana", "0a") == []


def test_an_outcome_is_stored_if_the_decision_is_there_and_nothing_was_done_about_it(predictions):
    told = outcome("2026-11-25T08:00:00.000Z") | {"of": "0a"}
    with pytest.raises(PredictionNotFound):
        predictions.add_outcome("ana", "0a#0", told, 0)
    predictions.add(PREDICTION)
    first = predictions.add_outcome("ana", "0a#0", told, 0)
    assert predictions.add_outcome("ana", "0a#0", told | {"outcome": "x"}, 0) == first
    predictions.add_act("ana", "0a", 0, act("2026-11-25T08:00:00.000Z"))

    assert predictions.add_outcome("ana", "0a#1", told, 0) is None
    assert predictions.outcomes("ana", "0a") == [first]
    assert predictions.add_outcome("ana", "0a#1", told, 1)["of"] == "0a"


def test_a_day_has_the_acts_of_that_day_behind_a_cursor(predictions):
    predictions.add(PREDICTION)
    for number, day in enumerate(("23", "24", "24", "25")):
        predictions.add_act("ana", "0a", number, act(f"2026-11-{day}T08:00:00.000Z"))
    names = [one["predictionId"] for one in predictions.acts_on("2026-11-24", "review#")]

    assert names == ["review#0a#0001", "review#0a#0002"]
    assert [one["predictionId"] for one in predictions.acts_on("2026-11-24", names[0])] == names[1:]


def of_a_day(client, count):
    """Decisions of one day and one client, and their ids in order; the table is empty before."""
    for item in client.scan(TableName=TABLE)["Items"]:
        key = {name: item[name] for name in ("clientId", "predictionId")}
        client.delete_item(TableName=TABLE, Key=key)
    made = [
        PREDICTION | {"predictionId": f"{number:032x}", "models": {}} for number in range(count)
    ]
    return PredictionTable(client, TABLE), made, [one["predictionId"] for one in made]


def test_the_shards_of_a_day_are_read_as_one_in_order_and_within_bounds(client):
    table, made, ids = of_a_day(client, 60)
    for one in made:
        table.add(one)
    found = list(table.made_in("2026-11-24", ids[5], ids[50], 20))

    assert [one["predictionId"] for one in found] == ids[5:51]
    assert found[0].keys() == {"clientId", "predictionId", "application", "models"}
    assert list(table.made_in("2026-11-25", ids[0], ids[-1], 20)) == []


class Counting:
    """DynamoDB's client, how many items it gave for queries, and what it was asked to read."""

    def __init__(self, client):
        self._client, self.items, self.asked = client, 0, []

    def __getattr__(self, name):
        return getattr(self._client, name)

    def get_item(self, **asked):
        self.asked.append(asked)
        return self._client.get_item(**asked)

    def get_paginator(self, name):
        self._pages = self._client.get_paginator(name)
        return self

    def paginate(self, **asked):
        self.asked.append(asked)
        for page in self._pages.paginate(**asked):
            self.items += len(page["Items"])
            yield page


def test_what_was_just_written_is_read_from_the_table_and_not_from_a_replica(client):
    of_a_day(client, 0)
    counting = Counting(client)
    table = PredictionTable(counting, TABLE)
    table.add(PREDICTION)
    for _ in range(2):
        table.add_act("ana", "0a", 0, act("2026-11-29T12:00:00Z"))
    table.get("ana", "0a")
    table.acts("ana", "0a")
    table.outcomes("ana", "0a")

    assert [one["ConsistentRead"] for one in counting.asked] == [True] * 4


def test_whoever_wants_some_of_a_busy_day_reads_no_more_than_about_twice_as_many(client):
    table, made, ids = of_a_day(client, 400)
    for one in made:
        table.add(one)
    counting = Counting(client)
    found = PredictionTable(counting, TABLE).made_in("2026-11-24", ids[0], ids[-1], 80)

    assert [one["predictionId"] for one in islice(found, 80)] == ids[:80]
    assert counting.items <= 2 * 80 + 2 * SHARDS


@pytest.mark.parametrize("moved", [0, 7, 20])
def test_a_day_is_whole_while_what_was_stored_before_the_shards_is_moved(client, moved):
    table, made, ids = of_a_day(client, 20)
    for number, one in enumerate(made):
        table.add(one)
        if number >= moved:
            client.update_item(
                TableName=TABLE,
                Key={"clientId": {"S": "ana"}, "predictionId": {"S": one["predictionId"]}},
                UpdateExpression="SET #day = :day",
                ExpressionAttributeNames={"#day": "day"},
                ExpressionAttributeValues={":day": {"S": "2026-11-24"}},
            )

    found = table.made_in("2026-11-24", ids[0], ids[-1], 20)
    assert [one["predictionId"] for one in found] == ids


TODAY = date(2026, 11, 29)


def decided(client, days_ago, name, **more):
    """Store a decision of so many days ago, as it stands in the table."""
    made = datetime(2026, 11, 29, 23, 59, 59, 999000, tzinfo=UTC) - timedelta(days=days_ago)
    id_ = f"{round(made.timestamp() * 1000):012x}{name:0>20}"
    table = PredictionTable(client, TABLE)
    at = made.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    table.add(PREDICTION | {"predictionId": id_, "createdAt": at, "models": {}} | more)
    return id_


def erase(client, id_):
    """Mark a decision as that of an erased applicant."""
    client.update_item(
        TableName=TABLE,
        Key={"clientId": {"S": "ana"}, "predictionId": {"S": id_}},
        UpdateExpression=f"SET {ERASED} = :digest",
        ExpressionAttributeValues={":digest": {"S": "ab"}},
    )


def test_the_banks_newest_decisions_are_those_of_a_month(client):
    of_a_day(client, 0)
    ids = [decided(client, ago, f"{name}") for name, ago in enumerate((0, 0, 1, 1, 30))]
    decided(client, 31, "5")
    table = PredictionTable(client, TABLE)
    newest = [ids[1], ids[0], ids[3], ids[2], ids[4]]

    for count in range(7):
        found = table.newest_of_all(count, TODAY)
        assert [one["predictionId"] for one in found] == newest[:count]
    assert found[0].keys() == {"clientId", "predictionId", "application", "models"}
    erase(client, ids[0])
    found = table.newest_of_all(2, TODAY)
    assert [one["predictionId"] for one in found] == [ids[1], ids[3]]


def test_the_newest_of_a_days_many_decisions_come_first(client):
    of_a_day(client, 0)
    ids = sorted((decided(client, 0, f"{name:02}") for name in range(60)), reverse=True)

    found = PredictionTable(client, TABLE).newest_of_all(5, TODAY)
    assert [one["predictionId"] for one in found] == ids[:5]


def test_the_newest_of_many_are_read_from_no_more_days_than_are_needed(client):
    of_a_day(client, 0)
    for days_ago in (0, 1):
        decided(client, days_ago, "1")
    counting = Counting(client)

    assert len(PredictionTable(counting, TABLE).newest_of_all(1, TODAY)) == 1
    assert counting.items == 1
    assert {one["ExpressionAttributeValues"][":day"]["S"] for one in counting.asked} == {
        *keys_of("2026-11-29")
    }


@pytest.mark.parametrize("days_ago", [0, 1, 400])
def test_an_erased_applicants_decision_is_known_by_its_id(client, days_ago):
    of_a_day(client, 0)
    kept, erased = decided(client, days_ago, "1"), decided(client, days_ago, "2")
    erase(client, erased)
    table = PredictionTable(client, TABLE)

    assert (table.is_erased(erased), table.is_erased(kept)) == (True, False)
    assert not table.is_erased(erased[:-1] + "3")
    assert not table.is_erased(erased[:-1])
    assert not table.is_erased(erased.upper() + "0")
    assert not table.is_erased("")


def test_an_erased_applicants_decision_is_shown_to_none(client):
    of_a_day(client, 0)
    erased = decided(client, 0, "2")
    table = PredictionTable(client, TABLE)
    assert [one["predictionId"] for one in table.made_in("2026-11-29", "0", "f", 1)] == [erased]
    erase(client, erased)

    assert list(table.made_in("2026-11-29", "0", "f", 1)) == []
    with pytest.raises(PredictionNotFound, match=f"ana has no prediction {erased}"):
        table.get("ana", erased)


def test_what_is_stored_ends_after_the_days_of_the_table(client, clock):
    of_a_day(client, 0)
    PredictionTable(client, TABLE, 30, clock).add(PREDICTION)
    PredictionTable(client, TABLE, 30, clock).add_act("ana", "0a", 0, act("2026-11-29T12:00:00Z"))
    items = client.scan(TableName=TABLE)["Items"]
    ends = {item["expiresAt"]["N"] for item in items}

    assert ends == {str(int((clock.now + timedelta(days=30)).timestamp()))}
    assert len({item[SALT]["S"] for item in items}) == 2


class Cancelling:
    """DynamoDB's client, which cancels each transaction for a reason of its own."""

    def __init__(self, client, code):
        self._client, self.exceptions, self._code = client, client.exceptions, code

    def transact_write_items(self, **asked):
        reasons = [{"Code": "None"} for _ in asked["TransactItems"]]
        reasons[1]["Code"] = self._code
        answer = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
        raise self.exceptions.TransactionCanceledException(answer, "TransactWriteItems")


@pytest.mark.parametrize("code", ["AccessDenied", "TransactionConflict"])
def test_a_transaction_that_met_another_fault_is_a_fault_of_the_table(client, code):
    table = PredictionTable(Cancelling(client, code), TABLE)
    with pytest.raises(TableUnavailable):
        table.add_act("ana", "0a", 0, act("2026-11-29T12:00:00Z"))


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e100, max_value=1e100))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_numbers_stay_exact(client, number):
    if 0 < abs(number) < 1e-100:  # DynamoDB's own range
        return
    table = PredictionTable(client, TABLE)
    key = f"n{number!r}"
    table.add(PREDICTION | {"clientId": key, "predictionId": "0", "value": number})

    assert table.get(key, "0")["value"] == number


def test_a_fault_of_the_table_has_our_name(client):
    with pytest.raises(TableUnavailable):
        PredictionTable(client, "dev-appvengers-Nothing").add(PREDICTION)
