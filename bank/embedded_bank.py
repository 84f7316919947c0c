"""The bank on the embedded cloud: its own template, policies, functions and state machine."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
from chalice.app import Chalice
from chalice.cli.factory import CLIFactory
from chalice.config import Config

import stepfunctions.machine_deployment
from chalicelib import profile
from chalicelib.foundation.observability import LOGGER, METRICS, Printed
from chalicelib.foundation.settings import Settings
from chalicelib.services import services
from infrastructure.deploy.steps import failures, policy_in_force, stack, stage_parameters
from infrastructure.packing import training_source
from infrastructure.project import ROOT, api_function
from infrastructure.webhooks import event_wiring, subscriber_store
from localcloud.cloud import Cloud
from localcloud.embedded_cloud import embedded_cloud
from localcloud.kept_state.recovery.clock import require_plausible
from localcloud.kept_state.state_faults import require_room
from localcloud.services.lambda_.function_logs import FunctionLogs, kept_logs
from localcloud.services.lambda_.functions import Function
from localcloud.services.servicequotas.account_quotas import GRANTED

API_HANDLER = "api_handler"
ROOM_BYTES = 20_000_000  # the demo's models take 13 MB when they are unpacked
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


@dataclass(frozen=True)
class Bank:
    cloud: Cloud
    app: Chalice
    config: Config
    settings: Settings
    function_logs: FunctionLogs

    @property
    def api_handler(self) -> Function:
        function = self.cloud.functions.find(_function_name(self, API_HANDLER))
        assert function
        return function


@contextmanager
def open_bank(
    folder: Path | None,
    stage: str = "dev",
    quotas: Mapping[str, float] | None = None,
    *,
    limited: bool = True,
) -> Iterator[Bank]:
    """Open the bank without its models.

    `folder` keeps its state; without a folder none is kept. Raises UnusableState if its disk has no
    room for the models, which each start unpacks, or if the clock can't be right: CLOCK=right says
    that it is. The account was granted the instances
    that both stages need, and `quotas`. If not `limited`, endpoints throttle no one.
    """
    logs = folder and folder / "logs"
    if folder and os.environ.get("CLOCK") != "right":
        require_plausible(folder, datetime.now(UTC))
    with (
        embedded_cloud(folder, quotas={**GRANTED, **(quotas or {})}) as cloud,
        kept_logs(logs, (LOGGER, METRICS), Printed, cloud.disk) as function_logs,
    ):
        if folder:  # what a killed process left in it is gone now
            require_room(folder, ROOM_BYTES)
        cloud.endpoints.concurrency.limited = limited
        config = CLIFactory(str(ROOT), environ=os.environ).create_config_obj(stage)
        app = config.chalice_app
        services.cache_clear()
        settings = Settings.from_environ(os.environ)
        stack.deploy(boto3.client("cloudformation"), settings.app_name, stage)
        bank = Bank(cloud, app, config, settings, function_logs)
        _add_functions(bank)
        _add_triggers(bank)
        failures.keep(boto3.client("lambda"), settings, _account())
        event_wiring.keep(settings, _account())
        stepfunctions.machine_deployment.deploy(boto3.client("stepfunctions"), settings, _account())
        cloud.restore()
        stage_parameters.keep_for_lists(boto3.client("ssm"), boto3.client("dynamodb"), settings)
        subscriber_store.keep(boto3.client("ssm"), settings)
        if cloud.kept.was_recovered:
            review_only_after_recovery(bank)
        training_source.put(boto3.client("s3"), settings)
        policy_in_force.put(
            boto3.client("s3"), settings, profile.load(), "the embedded bank", datetime.now(UTC)
        )
        yield bank


def review_only_after_recovery(bank: Bank) -> None:
    """Leave every decision to a person: the recovered switch may be an older one, or lost.

    A kill between the two writes repeats both at the next start.
    """
    boto3.client("ssm").put_parameter(
        Name=bank.settings.review_only_parameter, Value="on", Type="String", Overwrite=True
    )
    bank.cloud.kept.end_recovery()


def _add_functions(bank: Bank) -> None:
    app = bank.app
    handlers: dict[str, Callable[[Any, Any], Any]] = {API_HANDLER: app}
    for function in app.pure_lambda_functions:
        handlers[function.name] = app.handler_map[function.name]
    for source in app.event_sources:
        handlers[source.name] = app.handler_map[source.name]
    for name, handler in handlers.items():
        config = bank.config.scope(bank.config.chalice_stage, name)
        bank.cloud.add_function(
            _function_name(bank, name),
            handler,
            role_arn=_role(bank, name, config.iam_policy_file),
            timeout_seconds=config.lambda_timeout,
            memory_mb=config.lambda_memory_size,
            environment=config.environment_variables,
        )


def _add_triggers(bank: Bank) -> None:
    for source in bank.app.event_sources:
        if hasattr(source, "bucket"):
            _notify(bank, source)
        elif hasattr(source, "event_pattern"):
            _match(bank, source)


def _match(bank: Bank, source: Any) -> None:
    """Route the matching events to their functions.

    Schedules are left out: nothing fires them here (see `python -m bank schedule`).
    """
    events, name = boto3.client("events"), _function_name(bank, source.name)
    rule = f"{name}-event"
    events.put_rule(Name=rule, EventPattern=json.dumps(source.event_pattern))
    arn = f"arn:aws:lambda:{bank.settings.region}:{_account()}:function:{name}"
    events.put_targets(Rule=rule, Targets=[{"Id": "1", "Arn": arn}])


def _notify(bank: Bank, source: Any) -> None:
    name = _function_name(bank, source.name)
    arn = f"arn:aws:lambda:{bank.settings.region}:{_account()}:function:{name}"
    rules = [{"Name": "prefix", "Value": source.prefix}]
    notification: Any = {
        "LambdaFunctionArn": arn,
        "Events": source.events,
        "Filter": {"Key": {"FilterRules": rules}},
    }
    boto3.client("s3").put_bucket_notification_configuration(
        Bucket=source.bucket,
        NotificationConfiguration={"LambdaFunctionConfigurations": [notification]},
    )


def _role(bank: Bank, name: str, policy_file: str) -> str:
    """Create the role that Chalice would: the function's name, and the policy file inline."""
    iam = boto3.client("iam")
    role = bank.settings.function(name)
    created = iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(TRUST))
    policy = (ROOT / ".chalice" / policy_file).read_text(encoding="utf-8")
    iam.put_role_policy(RoleName=role, PolicyName=role, PolicyDocument=policy)
    arn: str = created["Role"]["Arn"]
    return arn


def _function_name(bank: Bank, name: str) -> str:
    if name == API_HANDLER:
        return api_function(bank.settings)
    return bank.settings.function(name)


def _account() -> str:
    account: str = boto3.client("sts").get_caller_identity()["Account"]
    return account
