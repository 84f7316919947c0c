"""Queries of an index, after any writes: the items that the table has, in order and in pages."""

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from localcloud.embedded_cloud import embedded_cloud

TABLE = {
    "TableName": "loans",
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [
        {"AttributeName": "client", "KeyType": "HASH"},
        {"AttributeName": "id", "KeyType": "RANGE"},
    ],
    "AttributeDefinitions": [
        {"AttributeName": name, "AttributeType": "S"} for name in ("client", "id", "day")
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "byDay",
            "KeySchema": [
                {"AttributeName": "day", "KeyType": "HASH"},
                {"AttributeName": "id", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
}
WRITES = st.lists(
    st.tuples(
        st.sampled_from(["put", "delete", "move"]), st.sampled_from("ab"),
        st.sampled_from(["00", "01", "02", "03"]), st.sampled_from(["x", "y", None]),
    ),
    max_size=25,
)  # fmt: skip


@pytest.fixture(scope="module")
def client():
    with embedded_cloud(None):
        client = boto3.client("dynamodb")
        client.create_table(**TABLE)
        yield client


def write(client, kept, kind, owner, name, day):
    key = {"client": {"S": owner}, "id": {"S": name}}
    if kind == "delete" or (kind == "move" and (owner, name) not in kept):
        client.delete_item(TableName="loans", Key=key)
        kept.pop((owner, name), None)
        return
    kept[owner, name] = day
    if kind == "put":
        more = {"day": {"S": day}} if day else {}
        client.put_item(TableName="loans", Item=key | more | {"n": {"N": "1"}})
    else:
        change = {"Value": {"S": day}, "Action": "PUT"} if day else {"Action": "DELETE"}
        client.update_item(TableName="loans", Key=key, AttributeUpdates={"day": change})


def pages(client, **query):
    found, start = [], {}
    while True:
        page = client.query(TableName="loans", IndexName="byDay", **query, **start)
        found += [(one["id"]["S"], one["client"]["S"]) for one in page["Items"]]
        if "LastEvaluatedKey" not in page:
            return found
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(WRITES, st.integers(1, 4), st.booleans(), st.booleans())
def test_an_index_has_what_was_written_in_order(client, writes, limit, forward, projected):
    for item in client.scan(TableName="loans")["Items"]:
        client.delete_item(TableName="loans", Key={n: item[n] for n in ("client", "id")})
    kept: dict = {}
    for one in writes:
        write(client, kept, *one)
        assert_as_written(client, kept, limit, forward, projected)


def assert_as_written(client, kept, limit, forward, projected):
    shown = {"ProjectionExpression": "id, client"} if projected else {}
    order = {"Limit": limit, "ScanIndexForward": forward} | shown
    for day in ("x", "y"):
        query = {"KeyConditionExpression": "#d = :d", "ExpressionAttributeNames": {"#d": "day"},
                 "ExpressionAttributeValues": {":d": {"S": day}}}  # fmt: skip
        bounds = {":low": {"S": "01"}, ":high": {"S": "02"}}
        between = query | {
            "KeyConditionExpression": "#d = :d AND id BETWEEN :low AND :high",
            "ExpressionAttributeValues": query["ExpressionAttributeValues"] | bounds,
        }
        written = {(name, owner) for (owner, name), of_day in kept.items() if of_day == day}
        inside = {one for one in written if "01" <= one[0] <= "02"}

        assert sorted(pages(client, **query, **order)) == sorted(written)
        found = [name for name, _ in pages(client, **between, **order)]
        assert found == sorted((name for name, _ in inside), reverse=not forward)
        first = client.query(TableName="loans", IndexName="byDay", **between, **order)
        assert len(first["Items"]) == min(limit, len(inside))


def test_an_answer_is_no_part_of_the_table(client):
    item = {"client": {"S": "c"}, "id": {"S": "9"}, "day": {"S": "z"}, "n": {"L": [{"N": "1"}]}}
    client.put_item(TableName="loans", Item=item)
    query = {"KeyConditionExpression": "#d = :d", "ExpressionAttributeNames": {"#d": "day"},
             "ExpressionAttributeValues": {":d": {"S": "z"}}}  # fmt: skip
    client.query(TableName="loans", IndexName="byDay", **query)["Items"][0]["n"]["L"].append("x")

    (again,) = client.query(TableName="loans", IndexName="byDay", **query)["Items"]
    assert again == item


def test_each_type_of_value_comes_back(client):
    value = {
        "S": {"S": ""}, "N": {"N": "1.50"}, "B": {"B": b"\x00\xff"}, "BOOL": {"BOOL": False},
        "NULL": {"NULL": True}, "SS": {"SS": ["a", "b"]}, "NS": {"NS": ["1", "2"]},
        "BS": {"BS": [b"x"]}, "M": {"M": {}}, "L": {"L": []},
    }  # fmt: skip
    nested = {"L": [{"M": value}, {"M": {"S": {"S": "Ñ"}, "deep": {"L": [{"N": "-3"}]}}}]}
    item = {"client": {"S": "types"}, "id": {"S": "1"}, **value, "nested": nested}
    client.put_item(TableName="loans", Item=item)
    key = {name: item[name] for name in ("client", "id")}
    found = client.get_item(TableName="loans", Key=key)["Item"]

    for one in (found, found["nested"]["L"][0]["M"]):
        for kind in ("SS", "NS"):
            one[kind][kind].sort()
    assert found == item
