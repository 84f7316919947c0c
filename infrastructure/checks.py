"""What must be true before anything is created: all faults at once, each with what to do."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError

from chalicelib.containers import REGISTRIES
from chalicelib.settings import Settings
from infrastructure import policies
from infrastructure.project import ROOT, api_function, chalice_config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client

OLDEST, NEWEST = (3, 11), (3, 14)  # Lambda's runtimes that AppVengers runs on
ABSENT = ("404", "NoSuchBucket", "ResourceNotFoundException")


class NotReady(Exception):
    """Nothing was created; the message says what to mend."""


def account_of_the_caller() -> str:
    try:
        return boto3.client("sts").get_caller_identity()["Account"]
    except EndpointConnectionError as error:
        raise NotReady(
            f"{error}\nIs it the embedded cloud? Start it: python -m localcloud bare"
        ) from error
    except (BotoCoreError, ClientError) as error:
        raise NotReady(
            f"AWS does not know you: {error}\nSet AWS_PROFILE, or run `aws sso login`."
        ) from error


def before_anything(stage: str, region: str | None, version: tuple[int, int]) -> list[str]:
    """What can be told without AWS."""
    faults = [_python_fault(version), _region_fault(region), _stage_fault(stage)]
    return [fault for fault in faults if fault]


def names_taken(settings: Settings, account: str) -> list[str]:
    """Names that another owner holds. What carries our tags is ours."""
    s3, dynamodb = boto3.client("s3"), boto3.client("dynamodb")
    faults = [_bucket_fault(s3, settings, bucket, account) for bucket in _buckets(settings)]
    faults += [_table_fault(dynamodb, settings), _function_fault(boto3.client("lambda"), settings)]
    return [fault for fault in faults if fault]


def _python_fault(version: tuple[int, int]) -> str:
    if OLDEST <= version <= NEWEST:
        return ""
    return (
        f"Python {version[0]}.{version[1]} runs this, and would be the functions' runtime: "
        f"use 3.{OLDEST[1]} to 3.{NEWEST[1]}, e.g. `make clean deploy PYTHON=python3.12`."
    )


def _region_fault(region: str | None) -> str:
    if region is None:
        return "No region is set: export AWS_DEFAULT_REGION, or `aws configure set region`."
    if region not in REGISTRIES:
        return f"AWS has no scikit-learn container in {region}: use another region."
    return ""


def _stage_fault(stage: str) -> str:
    if stage not in chalice_config()["stages"]:
        return f"{stage} is not among the stages of .chalice/config.json."
    stale = [path.name for path, text in policies.files() if _differs(path.name, text)]
    return f"Run `make policies`: {', '.join(stale)} are not what is declared." if stale else ""


def _differs(name: str, text: str) -> bool:
    path = ROOT / ".chalice" / name
    return not path.exists() or path.read_text(encoding="utf-8") != text


def _buckets(settings: Settings) -> Iterator[str]:
    yield settings.model_bucket
    yield settings.data_bucket


def _bucket_fault(s3: "S3Client", settings: Settings, bucket: str, account: str) -> str:
    try:
        lives_in = s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=account)["BucketRegion"]
        found = s3.get_bucket_tagging(Bucket=bucket)["TagSet"]
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in ABSENT:
            return ""
        if code == "403":
            return (
                f"The bucket {bucket} belongs to another account, and buckets' names are "
                "everybody's: change app_name in .chalice/config.json."
            )
        if code != "NoSuchTagSet":
            raise
        found = []
    if fault := _owner_fault(bucket, {tag["Key"]: tag["Value"] for tag in found}, settings):
        return fault
    return _elsewhere_fault(bucket, lives_in, settings)


def _elsewhere_fault(bucket: str, lives_in: str, settings: Settings) -> str:
    """Buckets and roles are the same from all regions: a mistaken command reaches them."""
    if lives_in == settings.region:
        return ""
    return (
        f"{settings.stage} lives in {lives_in}, where the bucket {bucket} is, not in "
        f"{settings.region}: AWS_DEFAULT_REGION={lives_in}. A stage is in one region."
    )


def _table_fault(dynamodb: "DynamoDBClient", settings: Settings) -> str:
    try:
        table = dynamodb.describe_table(TableName=settings.predictions_table)["Table"]
    except ClientError as error:
        if error.response["Error"]["Code"] not in ABSENT:
            raise
        return ""
    found = dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]
    tags = {tag["Key"]: tag["Value"] for tag in found}
    return _owner_fault(settings.predictions_table, tags, settings)


def _function_fault(functions: "LambdaClient", settings: Settings) -> str:
    name = api_function(settings)
    try:
        tags = functions.get_function(FunctionName=name).get("Tags", {})
    except ClientError as error:
        if error.response["Error"]["Code"] not in ABSENT:
            raise
        return ""
    return _owner_fault(name, tags, settings)


def _owner_fault(name: str, tags: dict[str, str], settings: Settings) -> str:
    if (tags.get("project"), tags.get("stage")) == (settings.app_name, settings.stage):
        return ""
    return (
        f"{name} exists and does not carry the tags project={settings.app_name} and "
        f"stage={settings.stage}: it is not ours. Change app_name in .chalice/config.json, or, "
        "if it is ours, tag it."
    )
