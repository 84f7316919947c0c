"""Removal of each kind of resource of a stage, by name. Safe to repeat."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
from botocore.exceptions import ClientError

from chalicelib import profile
from chalicelib.foundation.settings import Settings
from infrastructure.deploy.steps import (
    chalice_deploy,
    deployed_api,
    stack,
    stage_parameters,
    user_pool,
)
from infrastructure.deploy.steps.chalice_deploy import DeployedState
from infrastructure.packing import lambda_package
from infrastructure.project import API_HANDLER, api_function, functions_of
from infrastructure.template import stack_template
from infrastructure.webhooks import event_wiring, subscriber_store
from stepfunctions.machine_deployment import MACHINES

TRAINING_LOGS = "/aws/sagemaker/TrainingJobs"  # of all jobs of the account
JOB_LOGS = (TRAINING_LOGS, "/aws/sagemaker/ProcessingJobs")
GONE = (
    "NotFoundException",
    "NoSuchBucket",
    "NoSuchEntity",
    "ResourceNotFoundException",
    "StateMachineDoesNotExist",
)


def remove(settings: Settings, account: str, report: stack.Report) -> None:
    """Remove all but the data. Safe to repeat, and after half a deployment.

    Endpoints come after the functions, so that no schedule or upload creates one again.
    """
    ssm = boto3.client("ssm")
    for gone in (
        *_machines(settings, account),
        *_jobs(settings),
        *deployed_api.delete(deployed_api.client(), ssm, settings),
        *stage_parameters.delete(ssm, settings),
        *subscriber_store.delete(ssm, settings),
        *event_wiring.delete(settings),
    ):
        report(f"deleted {gone}")
    _functions(settings, report)
    for gone in _endpoints(settings):
        report(f"deleted {gone}")
    _stacks(settings, report)
    for gone in _log_groups(settings):
        report(f"deleted {gone}")


def _stacks(settings: Settings, report: stack.Report) -> None:
    """Delete the stacks, the last deployed first: its alarms name the first one's topic."""
    client = boto3.client("cloudformation")
    for template in reversed(stack_template.TEMPLATES):
        name = stack.stack_name(settings.app_name, settings.stage, template)
        if stack.exists(client, name):
            if template == stack_template.RESOURCES:
                _unprotect_people(settings)
            stack.delete(client, name, report)
            report(f"deleted stack {name}")


def _unprotect_people(settings: Settings) -> None:
    """Let the stack delete its user pool, which is protected in prod."""
    try:
        pool = user_pool.of_stage(boto3.client("cloudformation"), settings)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        return  # a stack from before the user pool, or half a stack
    people = boto3.client("cognito-idp")
    unless_gone(lambda: people.update_user_pool(UserPoolId=pool.id, DeletionProtection="INACTIVE"))


def _jobs(settings: Settings) -> Iterator[str]:
    """Stop the jobs that still run."""
    client = boto3.client("sagemaker")
    running: dict[str, Any] = {"NameContains": settings.prefix, "StatusEquals": "InProgress"}
    trainings = client.get_paginator("list_training_jobs").paginate(**running)
    for training in [one for page in trainings for one in page["TrainingJobSummaries"]]:
        client.stop_training_job(TrainingJobName=training["TrainingJobName"])
        yield f"training job {training['TrainingJobName']}"
    processings = client.get_paginator("list_processing_jobs").paginate(**running)
    for processing in [one for page in processings for one in page["ProcessingJobSummaries"]]:
        client.stop_processing_job(ProcessingJobName=processing["ProcessingJobName"])
        yield f"processing job {processing['ProcessingJobName']}"


def _endpoints(settings: Settings) -> Iterator[str]:
    client, prefix = boto3.client("sagemaker"), settings.prefix
    wanted = {f"{prefix}-{model}" for model in profile.load().models}
    for name in _named(client, "list_endpoints", "Endpoints", "EndpointName", prefix):
        if name in wanted:
            client.delete_endpoint(EndpointName=name)
            yield f"endpoint {name}"
    ours = tuple(f"{name}-" for name in wanted)
    listing = ("list_endpoint_configs", "EndpointConfigs", "EndpointConfigName")
    for name in _named(client, *listing, prefix):
        if name.startswith(ours):
            client.delete_endpoint_config(EndpointConfigName=name)
            yield f"endpoint configuration {name}"
    for name in _named(client, "list_models", "Models", "ModelName", prefix):
        if name.startswith(ours):
            client.delete_model(ModelName=name)
            yield f"model {name}"


def _named(client: Any, listing: str, found: str, field: str, prefix: str) -> list[str]:
    pages = client.get_paginator(listing).paginate(NameContains=prefix)
    return [one[field] for page in pages for one in page[found]]


def _machines(settings: Settings, account: str) -> Iterator[str]:
    client = boto3.client("stepfunctions")
    for page in client.get_paginator("list_state_machines").paginate():
        for machine in page["stateMachines"]:
            if machine["name"].startswith(f"{settings.prefix}-"):
                _stop_executions(client, machine)
                client.delete_state_machine(stateMachineArn=machine["stateMachineArn"])
                yield f"state machine {machine['name']}"


def _stop_executions(client: Any, machine: Any) -> None:
    """Stop the executions: a state machine is deleted only once they have ended."""
    if machine["type"] == "STANDARD":
        arn = machine["stateMachineArn"]
        pages = client.get_paginator("list_executions").paginate(
            stateMachineArn=arn, statusFilter="RUNNING"
        )
        for one in [one for page in pages for one in page["executions"]]:
            client.stop_execution(executionArn=one["executionArn"], cause="the stage is destroyed")


def _functions(settings: Settings, report: stack.Report) -> None:
    """Delete the functions of Chalice's state, then those that a dead deployment left."""
    lambda_package.stage(lambda_package.STAGED)
    state = DeployedState(boto3.client("s3"), settings)
    chalice_deploy.delete(state, settings, lambda_package.STAGED, report)
    for name in _function_names(settings):
        for gone in _remnants(name, settings):
            report(f"deleted {gone}")
    gateway = deployed_api.client()
    for one in list(chalice_deploy.apis(gateway, settings)):
        gateway.delete_rest_api(restApiId=one)
        report(f"deleted REST API {one}")
    unless_gone(state.forget)


def _remnants(name: str, settings: Settings) -> Iterator[str]:
    rule = f"{name}-event"
    events, role = boto3.client("events"), _role_of(name, settings)
    iam, lambdas = boto3.client("iam"), boto3.client("lambda")
    if unless_gone(lambda: events.remove_targets(Rule=rule, Ids=["1"])):
        events.delete_rule(Name=rule)
        yield f"rule {rule}"
    if unless_gone(lambda: lambdas.delete_function(FunctionName=name)):
        yield f"function {name}"
    if unless_gone(lambda: iam.delete_role_policy(RoleName=role, PolicyName=role)) or unless_gone(
        lambda: iam.get_role(RoleName=role)
    ):
        iam.delete_role(RoleName=role)
        yield f"role {role}"


def _function_names(settings: Settings) -> list[str]:
    named = [settings.function(name) for name in functions_of(settings.stage)]
    return [*named, api_function(settings)]


def _role_of(name: str, settings: Settings) -> str:
    return settings.function(API_HANDLER) if name == api_function(settings) else name


def _log_groups(settings: Settings) -> Iterator[str]:
    """Delete the log groups, which the stack retains and which would stay for ever."""
    logs = boto3.client("logs")
    names = [f"/aws/lambda/{name}" for name in _function_names(settings)]
    names.append(f"/aws/lambda/{settings.function(API_HANDLER)}")
    models = profile.load().models
    names += [f"/aws/sagemaker/Endpoints/{settings.prefix}-{model}" for model in models]
    names += [f"/aws/vendedlogs/states/{settings.prefix}-{one.name}" for one in MACHINES]
    for name in names:
        if unless_gone(lambda: logs.delete_log_group(logGroupName=name)):  # noqa: B023 - now
            yield f"log group {name}"
    for group in JOB_LOGS:
        yield from _job_logs(logs, group, settings)


def _job_logs(logs: Any, group: str, settings: Settings) -> Iterator[str]:
    try:
        streams = logs.get_paginator("describe_log_streams").paginate(
            logGroupName=group, logStreamNamePrefix=f"{settings.prefix}-"
        )
        for name in [stream["logStreamName"] for page in streams for stream in page["logStreams"]]:
            logs.delete_log_stream(logGroupName=group, logStreamName=name)
            yield f"log of {group.rsplit('/', 1)[1].removesuffix('s')} {name}"
    except logs.exceptions.ResourceNotFoundException:
        return


def unless_gone(delete: Callable[[], Any]) -> bool:
    """Delete a resource. Return whether it existed."""
    try:
        delete()
    except ClientError as error:
        if error.response["Error"]["Code"] not in GONE:
            raise
        return False
    return True
