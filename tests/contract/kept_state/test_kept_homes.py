"""Tables and buckets that no template has survive a restart, as what is in them does."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from localcloud.kept_state.sqlite.layout import checksum
from tests.contract.kept_state.test_durability import key, reopened
from tests.contract.kept_state.test_failed_writes import client, refused
from tests.contract.kept_state.test_undone_requests import full_from

S3, DYNAMODB = "moto.s3.models:S3Backend", "moto.dynamodb.models:DynamoDBBackend"
NUMBER: Any = {"AttributeName": "number", "AttributeType": "N"}
DAY: Any = {"AttributeName": "day", "AttributeType": "S"}
TABLE: Any = {
    "TableName": "loans",
    "KeySchema": [{"AttributeName": "number", "KeyType": "HASH"}],
    "AttributeDefinitions": [NUMBER, DAY],
    "BillingMode": "PAY_PER_REQUEST",
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-day",
            "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    "Tags": [{"Key": "team", "Value": "risk"}],
}
LOAN: Any = {"number": {"N": "7"}, "day": {"S": "2026-11-28"}}
SHOWN_ANEW = ("LatestStreamLabel", "LatestStreamArn")


def described() -> dict[str, Any]:
    dynamodb = boto3.client("dynamodb")
    table: dict[str, Any] = {**dynamodb.describe_table(TableName="loans")["Table"]}
    for name in SHOWN_ANEW:
        table.pop(name, None)
    ttl = dynamodb.describe_time_to_live(TableName="loans")["TimeToLiveDescription"]
    tags = dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]
    return table | {"ttl": ttl, "tags": tags}


def make_loans() -> None:
    dynamodb = boto3.client("dynamodb")
    dynamodb.create_table(**TABLE)
    ttl = {"Enabled": True, "AttributeName": "until"}
    dynamodb.update_time_to_live(TableName="loans", TimeToLiveSpecification=ttl)
    dynamodb.update_table(TableName="loans", DeletionProtectionEnabled=True)
    dynamodb.put_item(TableName="loans", Item=LOAN)


def test_a_table_made_by_hand_is_there_after_a_restart(tmp_path: Path) -> None:
    with reopened(tmp_path):
        make_loans()
        before = described()
    for _ in range(2):
        with reopened(tmp_path):
            assert described() == before
            asked: Any = {"KeyConditionExpression": "#d = :d", "IndexName": "by-day",
                          "ExpressionAttributeNames": {"#d": "day"},
                          "ExpressionAttributeValues": {":d": LOAN["day"]}}  # fmt: skip
            assert boto3.client("dynamodb").query(TableName="loans", **asked)["Items"] == [LOAN]


def test_a_table_that_was_deleted_stays_deleted(tmp_path: Path) -> None:
    with reopened(tmp_path):
        make_loans()
        dynamodb = boto3.client("dynamodb")
        dynamodb.update_table(TableName="loans", DeletionProtectionEnabled=False)
        dynamodb.delete_table(TableName="loans")
    with reopened(tmp_path):
        assert boto3.client("dynamodb").list_tables()["TableNames"] == ["decisions"]


def test_a_bucket_made_by_hand_is_there_after_a_restart(tmp_path: Path) -> None:
    with reopened(tmp_path):
        s3 = boto3.client("s3")
        for name in ("by-hand", "gone"):
            s3.create_bucket(Bucket=name)
        s3.put_bucket_versioning(Bucket="by-hand", VersioningConfiguration={"Status": "Enabled"})
        block: Any = {"BlockPublicAcls": True, "IgnorePublicAcls": True,
                      "BlockPublicPolicy": True, "RestrictPublicBuckets": True}  # fmt: skip
        s3.put_public_access_block(Bucket="by-hand", PublicAccessBlockConfiguration=block)
        for body in (b"one", b"two"):
            s3.put_object(Bucket="by-hand", Key="file", Body=body)
        s3.delete_bucket(Bucket="gone")
        versions = s3.list_object_versions(Bucket="by-hand")["Versions"]
    with reopened(tmp_path):
        s3 = boto3.client("s3")
        names = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
        assert names == {"data", "models", "by-hand"}
        assert s3.get_bucket_versioning(Bucket="by-hand")["Status"] == "Enabled"
        shown = s3.get_public_access_block(Bucket="by-hand")
        assert shown["PublicAccessBlockConfiguration"] == block
        assert s3.list_object_versions(Bucket="by-hand")["Versions"] == versions
        s3.put_object(Bucket="by-hand", Key="more", Body=b"three")
        with pytest.raises(ClientError, match="BucketNotEmpty"):
            s3.delete_bucket(Bucket="by-hand")


def test_what_a_stack_made_is_kept_with_the_first_row_in_it(tmp_path: Path) -> None:
    """The stack itself is not kept; deploying it again adopts the table."""
    properties = {name: TABLE[name] for name in ("TableName", "KeySchema", "BillingMode")}
    table = {**properties, "AttributeDefinitions": [NUMBER]}
    resources = {
        "Loans": {"Type": "AWS::DynamoDB::Table", "Properties": table},
        "Files": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "of-a-stack"}},
    }
    with reopened(tmp_path):
        template = json.dumps({"Resources": resources})
        boto3.client("cloudformation").create_stack(StackName="other", TemplateBody=template)
        boto3.client("dynamodb").put_item(TableName="loans", Item={"number": {"N": "7"}})
        boto3.client("s3").put_object(Bucket="of-a-stack", Key="file", Body=b"x")
    with reopened(tmp_path):
        found = boto3.client("dynamodb").scan(TableName="loans")["Items"]
        assert found == [{"number": {"N": "7"}}]
        assert boto3.client("s3").list_objects_v2(Bucket="of-a-stack")["KeyCount"] == 1


def test_a_table_or_bucket_that_was_refused_is_not_there_and_its_name_is_free(
    tmp_path: Path,
) -> None:
    with reopened(tmp_path):
        dynamodb, s3 = client("dynamodb"), client("s3")
        with full_from(DYNAMODB, "create_table", tmp_path):
            assert refused(dynamodb.create_table, **TABLE) == "InternalServerError"
        with full_from(S3, "create_bucket", tmp_path):
            refused(s3.create_bucket, Bucket="by-hand")
        assert dynamodb.list_tables()["TableNames"] == ["decisions"]
        make_loans()
        s3.create_bucket(Bucket="by-hand")
        dynamodb.put_item(TableName="decisions", Item=key(1))
        with full_from(DYNAMODB, "delete_table", tmp_path):
            refused(dynamodb.delete_table, TableName="decisions")
        with full_from(S3, "delete_bucket", tmp_path):
            refused(s3.delete_bucket, Bucket="by-hand")
        assert dynamodb.scan(TableName="decisions")["Items"] == [key(1)]
    with reopened(tmp_path):
        assert client("dynamodb").scan(TableName="decisions")["Items"] == [key(1)]
        assert client("dynamodb").scan(TableName="loans")["Items"] == [LOAN]
        assert client("s3").list_objects_v2(Bucket="by-hand")["KeyCount"] == 0


def test_another_moto_keeps_a_table_made_by_hand_with_its_items(tmp_path: Path) -> None:
    with reopened(tmp_path):
        make_loans()
    with sqlite3.connect(tmp_path / "cloud.sqlite") as db:
        db.execute("update written_by set moto = '5.0.0', crc = ?", [checksum(["5.0.0"])])
    with reopened(tmp_path):
        assert boto3.client("dynamodb").scan(TableName="loans")["Items"] == [LOAN]


def test_a_copy_of_a_table_outlives_the_process_with_its_items(tmp_path: Path) -> None:
    with reopened(tmp_path):
        make_loans()
        dynamodb = boto3.client("dynamodb")
        backup = dynamodb.create_backup(TableName="loans", BackupName="backup")["BackupDetails"]
        dynamodb.put_item(TableName="loans", Item=LOAN | {"number": {"N": "8"}})
        dynamodb.restore_table_to_point_in_time(
            SourceTableName="loans", TargetTableName="later", UseLatestRestorableTime=True
        )
        dynamodb.restore_table_from_backup(BackupArn=backup["BackupArn"], TargetTableName="earlier")
        dynamodb.delete_item(TableName="loans", Key={"number": {"N": "7"}})
    with reopened(tmp_path):
        numbers = {
            name: [item["number"]["N"] for item in scanned(name)]
            for name in ("loans", "later", "earlier")
        }
    assert numbers == {"loans": ["8"], "later": ["7", "8"], "earlier": ["7"]}


def scanned(table: str) -> list[dict[str, Any]]:
    return boto3.client("dynamodb").scan(TableName=table)["Items"]


def test_a_table_of_another_region_does_not_outlive_the_process(tmp_path: Path) -> None:
    with reopened(tmp_path):
        abroad = boto3.client("dynamodb", region_name="eu-west-1")
        abroad.create_table(**TABLE)
        abroad.put_item(TableName="loans", Item=LOAN)
    with reopened(tmp_path):
        make_loans()
        assert scanned("loans") == [LOAN]
    with sqlite3.connect(tmp_path / "cloud.sqlite") as db:
        assert db.execute("select count(*) from items").fetchone() == (1,)
