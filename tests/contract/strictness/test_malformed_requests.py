"""Requests that no boto3 client sends: AWS refuses them in its words, and none ends in a 500."""

import json
from typing import Any

import pytest

from localcloud.aws_rules import SHAPE_RULES
from localcloud.cloud import Cloud
from tests.contract.conftest import ROLE, make_table
from tests.contract.strictness.test_strictness import by_bare_http

EMPTY = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
SEVERAL = (
    "Supplied AttributeValue has more than one datatypes set, "
    "must contain exactly one of the supported datatypes"
)
KEY: dict[str, Any] = {"clientId": {"S": "c"}, "predictionId": {"S": "p"}}
TABLE = {"TableName": "decisions"}
VALUES = [
    ({}, EMPTY), (None, EMPTY), ({"S": None}, EMPTY), ({"X": "a"}, EMPTY), ({"L": [None]}, EMPTY),
    ({"L": [{}]}, EMPTY), ({"M": {"a": None}}, EMPTY), ({"M": {"a": {}}}, EMPTY),
    ({"S": "a", "N": "1"}, SEVERAL), ({"M": {"a": {"L": [{"S": "a", "NULL": True}]}}}, SEVERAL),
]  # fmt: skip


def dynamodb(cloud: Cloud, operation: str, asked: dict[str, Any]) -> dict[str, Any]:
    return by_bare_http(cloud, json.dumps(asked).encode(), f"DynamoDB_20120810.{operation}")


@pytest.mark.parametrize(("value", "answer"), VALUES)
def test_a_value_of_dynamodb_has_exactly_one_type(cloud: Cloud, value: Any, answer: str) -> None:
    make_table()
    written = {**KEY, "x": value}
    key = {**KEY, "predictionId": value}
    for operation, asked in (
        ("PutItem", {**TABLE, "Item": written}),
        ("GetItem", {**TABLE, "Key": key}),
        ("DeleteItem", {**TABLE, "Key": key}),
        ("Scan", {**TABLE, "ExclusiveStartKey": key}),
        ("BatchGetItem", {"RequestItems": {"decisions": {"Keys": [key]}}}),
        ("BatchWriteItem", {"RequestItems": {"decisions": [{"PutRequest": {"Item": written}}]}}),
        ("BatchWriteItem", {"RequestItems": {"decisions": [{"DeleteRequest": {"Key": key}}]}}),
        ("TransactWriteItems", {"TransactItems": [{"Put": {**TABLE, "Item": written}}]}),
    ):
        answered = dynamodb(cloud, operation, asked)
        assert (answered["status"], answered["__type"]) == (400, "ValidationException"), operation
        assert answered["message"] == answer, operation


@pytest.mark.parametrize(("value", "answer"), VALUES)
def test_dynamodb_names_the_key_of_an_expression_s_value(
    cloud: Cloud, value: Any, answer: str
) -> None:
    make_table()
    given = {"ExpressionAttributeValues": {":c": {"S": "c"}, ":v": value}}
    update = {"Key": KEY, "UpdateExpression": "SET x = :v", **given}
    query = {"KeyConditionExpression": "clientId = :c", "FilterExpression": "x = :v", **given}
    for operation, asked in (("UpdateItem", update), ("Query", query)):
        answered = dynamodb(cloud, operation, {**TABLE, **asked})
        expected = f"ExpressionAttributeValues contains invalid value: {answer} for key :v"
        assert answered["message"] == expected, operation


@pytest.mark.parametrize(
    ("operation", "asked", "answer"),
    [
        ("BatchWriteItem", {"RequestItems": {"decisions": [{}]}}, SEVERAL),
        ("BatchWriteItem", {"RequestItems": {"decisions": [None]}}, SEVERAL),
        ("BatchWriteItem", {"RequestItems": {"decisions": [
            {"PutRequest": {"Item": KEY}, "DeleteRequest": {"Key": KEY}}]}}, SEVERAL),
        ("TransactWriteItems", {"TransactItems": [{}]}, "TransactItems can only contain one of"),
        ("TransactWriteItems", {"TransactItems": [None]}, "TransactItems can only contain one of"),
        ("TransactWriteItems", {"TransactItems": [{"Put": {**TABLE, "Item": KEY},
                                                   "Delete": {**TABLE, "Key": KEY}}]},
         "TransactItems can only contain one of Check, Put, Update or Delete"),
    ],
)  # fmt: skip
def test_a_write_of_a_batch_or_a_transaction_is_exactly_one(
    cloud: Cloud, operation: str, asked: dict[str, Any], answer: str
) -> None:
    make_table()
    answered = dynamodb(cloud, operation, asked)
    assert answered["__type"] == "ValidationException"
    assert answered["message"].startswith(answer)


def test_a_value_of_each_type_is_taken(cloud: Cloud) -> None:
    make_table()
    each = {"S": "", "N": "1", "B": "", "SS": ["a"], "NS": ["1"], "BS": ["YQ=="], "M": {}, "L": [],
            "NULL": True, "BOOL": False}  # fmt: skip
    item = {**KEY, **{f"a{kind}": {kind: value} for kind, value in each.items()}}
    assert dynamodb(cloud, "PutItem", {**TABLE, "Item": item})["status"] == 200


def test_each_rule_of_a_shape_names_its_source() -> None:
    assert {rule.shape for rule in SHAPE_RULES} == {
        "AttributeValue", "ExpressionAttributeValueMap", "TransactWriteItem", "WriteRequest",
    }  # fmt: skip
    assert all(rule.source.startswith("https://") for rule in SHAPE_RULES)


TRAINING = {"TrainingJobName": "t", "RoleArn": ROLE, "InputDataConfig": [None]}


@pytest.mark.parametrize(
    ("target", "asked", "answer"),
    [
        ("SageMaker.CreateEndpointConfig", {"ProductionVariants": [None]},
         "Unexpected null at 'productionVariants.1.member'"),
        ("SageMaker.CreateTrainingJob", TRAINING, "Unexpected null at 'inputDataConfig.1.member'"),
        ("SageMaker.CreateModel", {"ModelName": "m", "PrimaryContainer": {
            "Environment": {"A": None}}},
         "Unexpected null at 'primaryContainer.environment.A.member'"),
        ("Logs_20140328.PutLogEvents", {"logGroupName": "g", "logEvents": [None]},
         "Unexpected null at 'logEvents.1.member'"),
        ("DynamoDB_20120810.CreateTable", {"TableName": "rows", "KeySchema": [None]},
         "Unexpected null at 'keySchema.1.member'"),
        ("DynamoDB_20120810.PutItem", {**TABLE, "Item": {**KEY, "x": {"SS": [None]}}},
         "Unexpected null at 'item.x.member.sS.1.member'"),
        ("SageMaker.ListModels", {"CreationTimeAfter": "yesterday"},
         "STRING_VALUE can not be converted to milliseconds since epoch at 'creationTimeAfter'"),
        ("SageMaker.ListModels", {"CreationTimeAfter": "2026-11-28T00:00:00Z"},
         "STRING_VALUE can not be converted to milliseconds since epoch"),
        ("SageMaker.ListModels", {"CreationTimeAfter": True},
         "TRUE_VALUE can not be converted to milliseconds since epoch"),
    ],
)  # fmt: skip
def test_nulls_in_lists_and_texts_for_times_are_a_serialization_exception(
    cloud: Cloud, target: str, asked: dict[str, Any], answer: str
) -> None:
    answered = by_bare_http(cloud, json.dumps(asked).encode(), target)
    assert (answered["status"], answered["__type"]) == (400, "SerializationException")
    assert answered["message"].startswith(answer)


@pytest.mark.parametrize("time", [1_764_288_000, 1_764_288_000.5])
def test_a_time_is_a_number_of_seconds(cloud: Cloud, time: float) -> None:
    asked = json.dumps({"CreationTimeAfter": time}).encode()
    assert by_bare_http(cloud, asked, "SageMaker.ListModels")["status"] == 200


@pytest.mark.parametrize("target", ["DynamoDB_20120810.PutItm", "SageMaker.CreateEverything"])
def test_an_action_that_a_json_service_lacks_is_unknown(cloud: Cloud, target: str) -> None:
    answered = by_bare_http(cloud, b"{}", target)
    assert (answered["status"], answered["__type"]) == (400, "UnknownOperationException")
