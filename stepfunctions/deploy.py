"""Render, check and create or update the state machine analisisCredito.

python -m stepfunctions.deploy --stage dev
"""

import argparse
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from chalicelib.settings import STAGES, Settings
from infrastructure.project import app_name
from stepfunctions.lint import FOLDER, PLACEHOLDER, misled

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

FUNCTIONS = ("Tradicional", "NetworkingAccelerator", "AppVengersAccelerator", "saveResult")


class InvalidDefinition(Exception):
    """A state machine that Step Functions would refuse, or that could not run."""


def render(name: str, arns: Mapping[str, str]) -> str:
    """The definition `<name>.asl.json` with each ${<function>Arn} filled in."""
    text = (FOLDER / f"{name}.asl.json").read_text(encoding="utf-8")
    if missing := set(PLACEHOLDER.findall(text)) - set(arns):
        raise InvalidDefinition(f"{name} names functions without an ARN: {sorted(missing)}.")
    definition = PLACEHOLDER.sub(lambda match: arns[match[1]], text)
    if faults := list(misled(json.loads(definition))):
        raise InvalidDefinition(f"{name}: " + " ".join(faults))
    return definition


def deploy(client: "SFNClient", settings: Settings, account: str) -> str:
    """The ARN of analisisCredito, which is now as the file says. Safe to repeat."""
    arn = settings.analysis_machine_arn(account)
    configuration = _configuration(settings, account)
    try:
        client.describe_state_machine(stateMachineArn=arn)
    except ClientError as error:
        if error.response["Error"]["Code"] != "StateMachineDoesNotExist":
            raise
        client.create_state_machine(
            name=arn.rsplit(":", 1)[1],
            type="EXPRESS",
            tags=[
                {"key": "project", "value": settings.app_name},
                {"key": "stage", "value": settings.stage},
            ],
            **configuration,
        )
        return arn
    client.update_state_machine(stateMachineArn=arn, **configuration)
    return arn


def _configuration(settings: Settings, account: str) -> dict[str, Any]:
    functions = f"arn:aws:lambda:{settings.region}:{account}:function:"
    arns = {name: functions + settings.function(name) for name in FUNCTIONS}
    group = f"/aws/vendedlogs/states/{settings.prefix}-analisisCredito"
    group_arn = f"arn:aws:logs:{settings.region}:{account}:log-group:{group}:*"
    return {
        "definition": render("analisisCredito", arns),
        "roleArn": f"arn:aws:iam::{account}:role/{settings.prefix}-analisisCredito",
        "tracingConfiguration": {"enabled": True},
        # Errors only, and never an applicant's data.
        "loggingConfiguration": {
            "level": "ERROR",
            "includeExecutionData": False,
            "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": group_arn}}],
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stage", required=True, choices=STAGES)
    stage = parser.parse_args().stage
    client = boto3.client("stepfunctions")
    account = boto3.client("sts").get_caller_identity()["Account"]
    print(deploy(client, Settings(app_name(), stage, client.meta.region_name), account))


if __name__ == "__main__":
    main()
