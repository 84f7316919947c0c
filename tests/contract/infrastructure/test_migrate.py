"""make migrate: what was stored before the shards gets its shard, and changes in nothing else."""

import boto3
import pytest
from botocore.exceptions import ClientError

from chalicelib.decisions.day_index import key_of, keys_of
from chalicelib.decisions.predictions import PredictionTable
from infrastructure.deploy.steps.stack import deploy
from infrastructure.operate.migrate import NoTable, migrate
from localcloud.embedded_cloud import embedded_cloud

TABLE, DAY = "dev-appvengers-PrediccionesCredito", "2026-11-24"
IDS = [f"{number:032x}" for number in range(30)]


@pytest.fixture
def client():
    with embedded_cloud(None):
        deploy(boto3.client("cloudformation"), "appvengers", "dev")
        yield boto3.client("dynamodb")


def stored(client):
    """Items by id, as DynamoDB has them."""
    return {item["predictionId"]["S"]: item for item in client.scan(TableName=TABLE)["Items"]}


@pytest.fixture
def old(client):
    """Decisions, outcomes and a claim as they were stored before; returned as they are today."""
    table = PredictionTable(client, TABLE)
    for number, name in enumerate(IDS):
        made = {"clientId": f"c{number % 7}", "predictionId": name, "createdAt": f"{DAY}T09:30Z"}
        table.add(made | {"application": {"amount": 0.1 + number}, "models": {}})
        told = {"of": name, "outcome": "paid", "when": DAY, "toldAt": f"{DAY}T10:00Z"}
        table.add_outcome(made["clientId"], f"{name}#ffff", told)
    table.claim("c1", "k", {"claimedId": IDS[1]})
    new = stored(client)
    for item in new.values():
        if "day" in item:
            client.put_item(TableName=TABLE, Item=item | {"day": {"S": item["day"]["S"][:-3]}})
    return new


def run(client, **more):
    said = []
    return migrate(client, TABLE, said.append), said


def of_day(client):
    table = PredictionTable(client, TABLE)
    decided = [one["predictionId"] for one in table.made_in(DAY, IDS[0], IDS[-1], 10)]
    told = [one["of"] for one in table.outcomes_reported_on(DAY)]
    return decided, told


def test_every_item_gets_the_shard_that_it_would_have_today_and_nothing_else_changes(client, old):
    moved, said = run(client)

    assert moved == 2 * len(IDS)
    assert stored(client) == old
    assert "61 items read, 60 moved" in said[-1]


def test_the_same_again_is_harmless(client, old):
    run(client)

    assert run(client)[0] == 0
    assert stored(client) == old


class Interrupted:
    """DynamoDB's client that is refused after some updates; what happens before each is `then`."""

    def __init__(self, client, updates=10**9, then=lambda key: None):
        self._client, self._updates, self._then = client, updates, then

    def __getattr__(self, name):
        return getattr(self._client, name)

    def update_item(self, **asked):
        self._updates -= 1
        if self._updates < 0:
            raise ClientError({"Error": {"Code": "ThrottlingException"}}, "UpdateItem")
        self._then(asked["Key"])
        return self._client.update_item(**asked)


def test_one_that_was_stopped_goes_on_where_it_was_and_readers_see_all_meanwhile(client, old):
    with pytest.raises(ClientError):
        run(Interrupted(client, updates=25))
    assert of_day(client) == (IDS, IDS)
    assert len({item["day"]["S"] for item in stored(client).values() if "day" in item} & {DAY}) == 1

    assert run(client)[0] == 2 * len(IDS) - 25
    assert stored(client) == old
    assert of_day(client) == (IDS, IDS)


def test_what_is_gone_or_was_moved_by_another_run_stays_so(client, old):
    def meanwhile(key):
        if key["predictionId"]["S"] == IDS[3]:
            client.delete_item(TableName=TABLE, Key=key)
        if key["predictionId"]["S"] == IDS[4]:
            moved = old[IDS[4]] | {"note": {"S": "another run"}}
            client.put_item(TableName=TABLE, Item=moved)

    moved, _ = run(Interrupted(client, then=meanwhile))

    assert moved == 2 * len(IDS) - 2
    assert IDS[3] not in stored(client)
    assert stored(client)[IDS[4]]["note"] == {"S": "another run"}


def test_decisions_that_come_meanwhile_have_their_shard_already(client, old):
    PredictionTable(client, TABLE).add(
        {"clientId": "new", "predictionId": "ff", "createdAt": f"{DAY}T11:00Z"}
    )

    assert run(client)[0] == 2 * len(IDS)
    assert stored(client)["ff"]["day"] == {"S": key_of(DAY, "ff")}
    assert stored(client)["ff"]["day"]["S"] in keys_of(DAY)


def test_a_stage_that_is_not_deployed_is_told(client):
    with pytest.raises(NoTable, match="prod-appvengers-PrediccionesCredito in us-east-1"):
        migrate(client, "prod-appvengers-PrediccionesCredito", print)
