"""Checks of who may do what, by AWS's own evaluation."""

import time
from datetime import UTC, datetime, timedelta

import boto3
from botocore.exceptions import ClientError

from infrastructure.project import api_function
from infrastructure.template.function_permissions.function_names import (
    ASYNCHRONOUS,
    ERASING,
    MODELS,
    RETRAINING,
)
from infrastructure.verify.check import TIMES, Check, Result, Stage, failed, proved
from stepfunctions.machine_deployment import MACHINES

OF_SERVICES = ("training", "processing", "endpoints", *(machine.name for machine in MACHINES))
LOOKED_BACK = timedelta(days=7)


def roles_are_least(stage: Stage) -> Result:
    """Check that saveResult may write the table of its stage, and no other."""
    settings, region = stage.settings, f"{stage.settings.region}:{stage.account}"
    role = f"arn:aws:iam::{stage.account}:role/{settings.function('saveResult')}"
    for table, wanted in (
        (settings.predictions_table, "allowed"),
        (f"another-{settings.predictions_table}", "implicitDeny"),
    ):
        found = stage.client("iam").simulate_principal_policy(
            PolicySourceArn=role,
            ActionNames=["dynamodb:PutItem"],
            ResourceArns=[f"arn:aws:dynamodb:{region}:table/{table}"],
        )["EvaluationResults"][0]["EvalDecision"]
        if found != wanted:
            return failed(f"dynamodb:PutItem on {table} is {found}, not {wanted}")
    return proved("saveResult writes its own table and no other")


def nobody_assumes_a_services_role(stage: Stage) -> Result:
    """Check that only Step Functions and SageMaker, for this account, assume their roles."""
    for name in OF_SERVICES:
        arn = stage.settings.role_arn(name, stage.account)
        try:
            stage.client("sts").assume_role(RoleArn=arn, RoleSessionName="verify-aws")
        except ClientError as error:
            if error.response["Error"]["Code"] != "AccessDenied":
                raise
        else:
            return failed(f"you may assume {name}, which only its service should")
    return proved(f"AccessDenied for each of {len(OF_SERVICES)} roles")


def nothing_was_denied(stage: Stage) -> Result:
    """Check the functions' logs for denied requests."""
    named = [
        stage.settings.function(name) for name in (*MODELS, *ASYNCHRONOUS, ERASING, *RETRAINING)
    ]
    functions = [api_function(stage.settings), stage.settings.function("saveResult"), *named]
    since = int((time.time() - LOOKED_BACK.total_seconds()) * 1000)
    for function in functions:
        found = stage.client("logs").filter_log_events(
            logGroupName=f"/aws/lambda/{function}",
            startTime=since,
            filterPattern="AccessDenied",
            limit=1,
        )["events"]
        if found:
            at = datetime.fromtimestamp(found[0]["timestamp"] / 1000, UTC)
            return failed(f"{function} was denied at {at:%F %T}Z: {found[0]['message'][:200]}")
    return proved(f"no AccessDenied in the logs of {len(functions)} functions in 7 days")


def without_tls_is_refused(stage: Stage) -> Result:
    """Check that the buckets' policies refuse requests without TLS."""
    s3 = boto3.client("s3", use_ssl=False, config=TIMES)
    for bucket in stage.settings.buckets:
        try:
            s3.head_bucket(Bucket=bucket)
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("403", "AccessDenied"):
                raise
        else:
            return failed(f"{bucket} answers over http")
    return proved("all buckets answer 403 over http")


CHECKS = (
    Check(
        "denials",
        "No call was denied by mistake",
        "the audit sees only the calls that it makes",
        "aws logs filter-log-events --log-group-name /aws/lambda/appvengers-dev-saveResult "
        "--filter-pattern AccessDenied",
        nothing_was_denied,
    ),
    Check(
        "least-privilege",
        "AWS's own evaluation of a role's permissions",
        "the embedded cloud evaluates policies with our own code",
        "aws iam simulate-principal-policy --policy-source-arn arn:aws:iam::111122223333:role/"
        "appvengers-dev-saveResult --action-names dynamodb:PutItem --resource-arns "
        "arn:aws:dynamodb:us-east-1:111122223333:table/dev-appvengers-PrediccionesCredito",
        roles_are_least,
        lacks="IAM's simulator",
    ),
    Check(
        "trust",
        "Only its service can assume a role of a state machine or of SageMaker",
        "moto does not evaluate trust policies for users",
        "aws sts assume-role --role-arn arn:aws:iam::111122223333:role/dev-appvengers-"
        "analisisCredito --role-session-name drill",
        nobody_assumes_a_services_role,
        lacks="trust of people",
    ),
    Check(
        "tls",
        "The buckets refuse requests without TLS",
        "moto does not evaluate the policies of buckets",
        "aws s3api head-bucket --bucket dev-appvengers-data --endpoint-url "
        "http://s3.us-east-1.amazonaws.com",
        without_tls_is_refused,
        lacks="policies of buckets",
    ),
)
