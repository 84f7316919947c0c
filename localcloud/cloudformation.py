"""What moto's CloudFormation leaves out of a template, put in by the services' own requests."""

from collections.abc import Callable
from typing import Any

import boto3

RESOURCE_POLICIES = ("AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy")


def whole_bucket(original: Any) -> Callable[..., Any]:
    """For moto's FakeBucket.create_from_cloudformation_json, which takes encryption and tags."""

    def create(name: str, resource: dict[str, Any], account: str, region: str, **more: Any) -> Any:
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
        return bucket

    return create


def whole_table(original: Any) -> Callable[..., Any]:
    """For moto's Table.create_from_cloudformation_json, which knows no point-in-time recovery
    and takes encryption by DynamoDB's word for it, not CloudFormation's."""

    def create(name: str, resource: dict[str, Any], account: str, region: str, **more: Any) -> Any:
        table = original(name, resource, account, region, **more)
        encryption = resource["Properties"].get("SSESpecification", {})
        if str(encryption.get("SSEEnabled")).lower() == "true":
            table.sse_specification["Enabled"] = True
        if recovery := resource["Properties"].get("PointInTimeRecoverySpecification"):
            boto3.client("dynamodb", region_name=region).update_continuous_backups(
                TableName=name, PointInTimeRecoverySpecification=recovery
            )
        return table

    return create


def without_resource_policies(original: Any) -> Callable[..., Any]:
    """For moto's parse_resource, which warns of them. Nor may it have them: its S3 takes a denial
    whose condition does not hold for a denial."""

    def parse(resource: dict[str, Any], resources_map: Any) -> Any:
        if resource["Type"] in RESOURCE_POLICIES:
            return None
        return original(resource, resources_map)

    return parse


def _cors_rule(rule: dict[str, Any]) -> Any:
    """CloudFormation says ExposedHeaders, S3 says ExposeHeaders."""
    return {("ExposeHeaders" if k == "ExposedHeaders" else k): v for k, v in rule.items()}
