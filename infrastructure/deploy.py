"""Create or update the stack of resources.yaml.

python -m infrastructure.deploy --stage dev
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError

from chalicelib.settings import STAGES
from infrastructure.project import app_name

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

TEMPLATE = Path(__file__).with_name("resources.yaml")


def deploy(client: "CloudFormationClient", app: str, stage: str) -> str:
    """The stack's name, once all of it exists. Safe to repeat."""
    name = f"{stage}-{app}-resources"
    request = {
        "StackName": name,
        "TemplateBody": TEMPLATE.read_text(encoding="utf-8"),
        "Parameters": [
            {"ParameterKey": "AppName", "ParameterValue": app},
            {"ParameterKey": "Stage", "ParameterValue": stage},
        ],
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
    }
    try:
        client.describe_stacks(StackName=name)
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
        client.create_stack(**request)  # type: ignore[arg-type]
        client.get_waiter("stack_create_complete").wait(StackName=name)
        return name
    try:
        client.update_stack(**request)  # type: ignore[arg-type]
    except ClientError as error:
        if "No updates are to be performed" not in str(error):
            raise
        return name
    client.get_waiter("stack_update_complete").wait(StackName=name)
    return name


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stage", required=True, choices=STAGES)
    print(deploy(boto3.client("cloudformation"), app_name(), parser.parse_args().stage))


if __name__ == "__main__":
    main()
