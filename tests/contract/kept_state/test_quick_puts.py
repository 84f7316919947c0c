"""New items that a function puts are on disk and in memory as those that anybody else puts."""

import json
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from chalicelib.foundation.dynamodb_items import to_item
from localcloud.cloud import Cloud
from tests.contract.conftest import ROLE, make_table, permit
from tests.contract.kept_state.test_durability import reopened

TABLE = "decisions"
ONCE = "attribute_not_exists(predictionId)"
DECISION = {
    "clientId": "ana",
    "createdAt": "2026-11-29T12:00:00.000Z",
    "score": 561,
    "probabilityOfDefault": 0.06475485475714882,
    "offer": None,
    "partial": False,
    "reasons": [{"feature": "amount", "points": -13}, "text", []],
    "models": {"Tradicional": {"status": "OK", "unseen": []}, "empty": {}},
    "base64": {"base64": "aGk="},
}
TELL = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}


def in_a_function(cloud: Cloud, ask: Callable[[], Any]) -> Any:
    """What a function that puts items under its own role returns, by its event's turn."""
    said: list[Any] = []
    name = f"puts-{id(ask)}"
    cloud.add_function(name, lambda event, context: said.append(ask()), role_arn=ROLE)
    answer = cloud.functions.invoke(cloud.functions.find(name), b"{}")  # type: ignore[arg-type]
    assert not answer.failed, answer.payload
    return said[0]


def put(number: str, more: dict[str, Any] | None = None, **asked: Any) -> Any:
    item = to_item(DECISION | {"predictionId": number}) | (more or {})
    given = {"TableName": TABLE, "Item": item, "ConditionExpression": ONCE} | asked
    return boto3.client("dynamodb").put_item(**given)


def got(number: str) -> dict[str, Any]:
    key = to_item({"clientId": "ana", "predictionId": number})
    return boto3.client("dynamodb").get_item(TableName=TABLE, Key=key)["Item"]


def on_disk(folder: Path) -> dict[str, Any]:
    with sqlite3.connect(folder / "cloud.sqlite") as database:
        rows = [json.loads(text) for (text,) in database.execute("select item from items")]
    return {row["predictionId"]["S"]: row for row in rows}


def test_an_item_is_as_that_which_the_operator_puts(cloud: Cloud) -> None:
    make_table(TABLE)
    put("operator")
    in_a_function(cloud, lambda: [put("first"), put("second")])
    items = [got(number) for number in ("operator", "first", "second")]

    assert all(item | {"predictionId": {"S": "operator"}} == items[0] for item in items)


def test_what_is_there_stays_and_is_told(cloud: Cloud) -> None:
    make_table(TABLE)

    def again() -> Any:
        put("first", **TELL)
        put("second", **TELL)
        with pytest.raises(ClientError) as refused:
            put("second", {"score": {"N": "1"}}, **TELL)
        return refused.value.response

    said = in_a_function(cloud, again)

    assert said["Error"]["Code"] == "ConditionalCheckFailedException"
    assert said["Item"] == got("second")
    assert got("second")["score"] == {"N": "561"}


def test_of_many_at_once_one_is_stored_and_each_other_is_refused(cloud: Cloud) -> None:
    make_table(TABLE)

    def one(turn: int) -> str:
        try:
            put(f"{turn % 5}", {"score": {"N": str(turn)}})
        except ClientError as refused:
            return refused.response["Error"]["Code"]
        return "stored"

    def many() -> list[str]:
        put("before")
        with ThreadPoolExecutor(8) as threads:
            return [*threads.map(one, range(40))]

    said = in_a_function(cloud, many)

    assert (said.count("stored"), said.count("ConditionalCheckFailedException")) == (5, 35)
    for number in range(5):
        stored = int(got(str(number))["score"]["N"])
        assert (said[stored], stored % 5) == ("stored", number)


def test_it_can_be_changed_found_and_deleted_like_any_other(cloud: Cloud) -> None:
    make_table(TABLE)
    in_a_function(cloud, lambda: [put("first"), put("second")])
    client, key = boto3.client("dynamodb"), to_item({"clientId": "ana", "predictionId": "second"})
    names = {"#s": "status"}
    client.update_item(
        TableName=TABLE,
        Key=key,
        UpdateExpression="SET models.Tradicional.#s = :late, reasons[0].points = :points",
        ConditionExpression="models.Tradicional.#s <> :late",
        ExpressionAttributeNames=names,
        ExpressionAttributeValues=to_item({":late": "LATE", ":points": -12}),
    )
    found = client.query(
        TableName=TABLE,
        KeyConditionExpression="clientId = :client",
        FilterExpression="models.Tradicional.#s = :late",
        ExpressionAttributeNames=names,
        ExpressionAttributeValues=to_item({":client": "ana", ":late": "LATE"}),
    )["Items"]

    assert found == [got("second")]
    assert got("second")["reasons"]["L"][0]["M"]["points"] == {"N": "-12"}
    assert got("first")["reasons"]["L"][0]["M"]["points"] == {"N": "-13"}
    client.delete_item(TableName=TABLE, Key=key)
    assert client.scan(TableName=TABLE, Select="COUNT")["Count"] == 1


def test_it_is_on_disk_before_the_answer_and_comes_back(tmp_path: Path) -> None:
    with reopened(tmp_path) as cloud:
        kept = in_a_function(cloud, lambda: [put("first"), put("second"), on_disk(tmp_path)])[-1]
        before = got("second")
    with reopened(tmp_path):
        assert got("second") == before
    assert kept["second"] == before
    assert kept["first"] == before | {"predictionId": {"S": "first"}}


def test_an_index_that_was_queried_before_has_it(cloud: Cloud) -> None:
    make_table(TABLE)
    client = boto3.client("dynamodb")
    key = [{"AttributeName": "createdAt", "KeyType": "HASH"}]
    create = {"IndexName": "byTime", "KeySchema": key, "Projection": {"ProjectionType": "ALL"}}
    client.update_table(
        TableName=TABLE,
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"}
            for name in ("clientId", "predictionId", "createdAt")
        ],
        GlobalSecondaryIndexUpdates=[{"Create": create}],  # type: ignore[typeddict-item]
    )

    def indexed() -> list[str]:
        found = client.query(
            TableName=TABLE,
            IndexName="byTime",
            KeyConditionExpression="createdAt = :at",
            ExpressionAttributeValues=to_item({":at": DECISION["createdAt"]}),
        )["Items"]
        return sorted(one["predictionId"]["S"] for one in found)

    put("operator")
    assert indexed() == ["operator"]
    in_a_function(cloud, lambda: [put("first"), put("second")])
    assert indexed() == ["first", "operator", "second"]


@pytest.mark.parametrize(
    "odd",
    [
        {"score": {"N": "1" + "0" * 126}},
        {"score": {"N": "many"}},
        {"score": {"N": "1", "S": "1"}},
        {"score": {"S": 1}},
        {"predictionId": {"S": ""}},
        {"clientId": {"N": "1"}},
        {"text": {"S": "x" * 410_000}},
    ],
)
def test_what_aws_refuses_is_refused(cloud: Cloud, odd: dict[str, Any]) -> None:
    make_table(TABLE)

    def ask() -> Any:
        put("first")
        with pytest.raises(Exception, match=r"ValidationException|Parameter validation|Serializ"):
            put("odd", odd)

    in_a_function(cloud, ask)
    assert boto3.client("dynamodb").scan(TableName=TABLE, Select="COUNT")["Count"] == 1


def test_the_role_needs_the_permission_and_it_is_recorded(cloud: Cloud) -> None:
    make_table(TABLE)
    in_a_function(cloud, lambda: [put("first"), put("second")])
    arn = f"arn:aws:dynamodb:us-east-1:123456789012:table/{TABLE}"
    assert ("dynamodb:PutItem", arn) in {
        (c.action, c.resource) for c in cloud.authorization.allowed
    }
    permit({"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"})

    def ask() -> None:
        with pytest.raises(ClientError, match="AccessDenied"):
            put("third")

    in_a_function(cloud, ask)
