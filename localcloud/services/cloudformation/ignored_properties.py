"""Properties of a template that moto's CloudFormation ignores, set by requests to the services."""

import json
from collections.abc import Callable
from typing import Any
from weakref import WeakSet

import boto3
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.parsing import resource_name_property_from_type
from moto.core.common_models import CloudFormationModel
from moto.dynamodb.models import dynamodb_backends
from moto.logs.models import logs_backends
from moto.s3.models import s3_backends
from moto.ssm.models import ssm_backends

RESOURCE_POLICIES = ("AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy")
RETAINING = ("Retain", "RetainExceptOnCreate")
IMPORTABLE = "localcloud:importable"
_imported: WeakSet[Any] = WeakSet()


def whole_bucket(original: Any) -> Callable[..., Any]:
    """Replace moto's FakeBucket.create_from_cloudformation_json.

    It then takes encryption and tags.
    """

    def create(name: str, resource: dict[str, Any], account: str, region: str, **more: Any) -> Any:
        if left := s3_backends[account]["aws"].buckets.get(name):
            return imported(left, name, resource)
        bucket = original(name, resource, account, region, **more)
        properties, s3 = resource["Properties"], boto3.client("s3", region_name=region)
        if versioning := properties.get("VersioningConfiguration"):
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration=versioning)
        if public := properties.get("PublicAccessBlockConfiguration"):
            blocked: Any = {key: str(value).lower() == "true" for key, value in public.items()}
            s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=blocked)
        if cors := properties.get("CorsConfiguration"):
            rules = [_cors_rule(rule) for rule in cors["CorsRules"]]
            s3.put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": rules})
        if rules := properties.get("LifecycleConfiguration", {}).get("Rules"):
            lifecycle: Any = {"Rules": [_lifecycle_rule(rule) for rule in rules]}
            s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration=lifecycle)
        if lock := properties.get("ObjectLockConfiguration"):
            configuration = _lock(lock)
            s3.put_object_lock_configuration(Bucket=name, ObjectLockConfiguration=configuration)
        return bucket

    return create


def whole_table(original: Any) -> Callable[..., Any]:
    """Replace moto's Table.create_from_cloudformation_json, which knows no point-in-time recovery
    and takes encryption by DynamoDB's word for it, not CloudFormation's.
    """

    def create(name: str, resource: dict[str, Any], account: str, region: str, **more: Any) -> Any:
        if left := dynamodb_backends[account][region].tables.get(name):
            return imported(left, name, resource)
        table = original(name, resource, account, region, **more)
        encryption = resource["Properties"].get("SSESpecification", {})
        if str(encryption.get("SSEEnabled")).lower() == "true":
            table.sse_specification["Enabled"] = True
        dynamodb = boto3.client("dynamodb", region_name=region)
        if recovery := resource["Properties"].get("PointInTimeRecoverySpecification"):
            dynamodb.update_continuous_backups(
                TableName=name, PointInTimeRecoverySpecification=recovery
            )
        if life := resource["Properties"].get("TimeToLiveSpecification"):
            enabled: Any = {**life, "Enabled": str(life["Enabled"]).lower() == "true"}
            dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=enabled)
        return table

    return create


def without_resource_policies(original: Any) -> Callable[..., Any]:
    """Replace moto's parse_resource, which warns of resource policies.

    It leaves them out: moto's S3 takes a denial whose condition does not hold for a denial.
    """

    def parse(resource: dict[str, Any], resources_map: Any) -> Any:
        if resource["Type"] in RESOURCE_POLICIES:
            return None
        parsed = original(resource, resources_map)
        if parsed:
            parsed[1][IMPORTABLE] = _may_be_imported(resource)
        return parsed

    return parse


def kept_log_group(original: Any) -> Callable[..., Any]:
    """Replace moto's LogGroup.create_from_cloudformation_json, which imports none."""

    def create(name: str, resource: dict[str, Any], account: str, region: str, **more: Any) -> Any:
        if left := logs_backends[account][region].groups.get(name):
            return imported(left, name, resource)
        return original(name, resource, account, region, **more)

    return create


def kept_parameter(original: Any) -> Callable[..., Any]:
    """Replace moto's Parameter.create_from_cloudformation_json, which imports none."""

    def create(name: str, resource: dict[str, Any], account: str, region: str, **more: Any) -> Any:
        if left := ssm_backends[account][region].get_parameter(name):
            return imported(left, name, resource)
        return original(name, resource, account, region, **more)

    return create


def imported(left: Any, name: str, resource: dict[str, Any]) -> Any:
    """Import resources that an earlier stack retained, on AWS's conditions.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-automatically.html
    """
    if not resource[IMPORTABLE]:
        raise ValidationError(
            name,
            f"{name} already exists, and is imported only with a name that no function makes and a "
            f"DeletionPolicy among {', '.join(RETAINING)}.",
        )
    _imported.add(left)
    return left


def is_imported(resource: Any) -> bool:
    """Return whether a stack took over a resource that was there: no rollback deletes it."""
    return resource in _imported


def _may_be_imported(written: dict[str, Any]) -> bool:
    """Return whether a resource may be imported, by the template with its Ref and Sub."""
    given = written["Properties"].get(resource_name_property_from_type(written["Type"]))
    return isinstance(given, str) and written.get("DeletionPolicy") in RETAINING


def whole_key(original: Any) -> Callable[..., Any]:
    """Replace moto's Key.create_from_cloudformation_json, which takes KMS's own form of a
    policy, a text, and its own words for tags.
    """

    def create(name: str, resource: dict[str, Any], account: str, region: str, **more: Any) -> Any:
        properties = resource["Properties"]
        tags = [{"TagKey": t["Key"], "TagValue": t["Value"]} for t in properties.get("Tags", [])]
        policy = json.dumps(properties["KeyPolicy"])
        told = {**resource, "Properties": {**properties, "Tags": tags, "KeyPolicy": policy}}
        return original(name, told, account, region, **more)

    return create


def _lock(configuration: dict[str, Any]) -> Any:
    """Return S3's form of an Object Lock configuration: numbers as numbers."""
    retention = dict(configuration["Rule"]["DefaultRetention"])
    retention |= {unit: int(retention[unit]) for unit in ("Days", "Years") if unit in retention}
    return {**configuration, "Rule": {"DefaultRetention": retention}}


def _cors_rule(rule: dict[str, Any]) -> Any:
    """Return S3's form of a CORS rule: ExposedHeaders of CloudFormation is ExposeHeaders."""
    return {("ExposeHeaders" if k == "ExposedHeaders" else k): v for k, v in rule.items()}


def _lifecycle_rule(rule: dict[str, Any]) -> Any:
    """Return S3's form of a lifecycle rule: ID in capitals, with a filter, numbers as numbers."""
    days: dict[str, Any] = {
        kind: {unit: int(value) for unit, value in rule[kind].items()}
        for kind in ("AbortIncompleteMultipartUpload", "NoncurrentVersionExpiration")
        if kind in rule
    }
    if "ExpirationInDays" in rule:
        days["Expiration"] = {"Days": int(rule["ExpirationInDays"])}
    named = {"ID": rule["Id"], "Status": rule["Status"]}
    return {**named, "Filter": {"Prefix": rule.get("Prefix", "")}, **days}


class AlarmOfTemplate(CloudFormationModel):
    """moto finds the resources that it can make by their class; it has none for alarms, whose
    properties are the parameters of PutMetricAlarm.
    """

    def __init__(self, name: str) -> None:
        self.physical_resource_id = name

    @staticmethod
    def cloudformation_name_type() -> str:
        return "AlarmName"

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::CloudWatch::Alarm"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr == "Arn"

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,  # noqa: ARG003
        region_name: str,
        **kwargs: Any,  # noqa: ARG003
    ) -> "AlarmOfTemplate":
        properties = cloudformation_json["Properties"] | {"AlarmName": resource_name}
        boto3.client("cloudwatch", region_name=region_name).put_metric_alarm(**properties)
        return cls(resource_name)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> "AlarmOfTemplate":
        name = original_resource.physical_resource_id
        cls.delete_from_cloudformation_json(name, cloudformation_json, account_id, region_name)
        return cls.create_from_cloudformation_json(
            new_resource_name, cloudformation_json, account_id, region_name
        )

    @classmethod
    def delete_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: dict[str, Any],  # noqa: ARG003
        account_id: str,  # noqa: ARG003
        region_name: str,
    ) -> None:
        boto3.client("cloudwatch", region_name=region_name).delete_alarms(
            AlarmNames=[resource_name]
        )
