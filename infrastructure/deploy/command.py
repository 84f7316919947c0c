"""Deploy a stage, from the checks to a prediction. Repeat it to update, or after a failure.

python -m infrastructure.deploy --stage dev
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

import stepfunctions.machine_deployment
from chalicelib import profile
from chalicelib.decisions.application import CreditApplication
from chalicelib.foundation.errors import AppVengersError, InvalidApplication
from chalicelib.foundation.settings import STAGES, Settings
from chalicelib.people.access import Scope
from chalicelib.people.routing import POOL_ARN, POOL_CLIENT
from infrastructure import embedded
from infrastructure.deploy import checks, quota_checks
from infrastructure.deploy.steps import (
    api_keys,
    chalice_deploy,
    deployed_api,
    failures,
    ownership,
    policy_in_force,
    schedules,
    seen_codes,
    smoke,
    stack,
    stage_parameters,
    user_pool,
)
from infrastructure.first_models.first_model_steps import TrainingFailed
from infrastructure.packing import lambda_package, locked_wheels, training_source
from infrastructure.project import InvalidConfig, app_name
from infrastructure.template import stack_template
from infrastructure.webhooks import event_wiring, subscriber_store


class NoModels(Exception):
    """Everything is deployed but the first models."""


Document = dict[str, Any]
Loaded = Callable[[], Any]

# Faults that the user can correct: printed as a sentence, without a traceback.
FAULTS = (
    AppVengersError,
    BotoCoreError,
    ClientError,
    NoModels,
    TrainingFailed,
    chalice_deploy.BrokenState,
    chalice_deploy.ChaliceFailed,
    chalice_deploy.Deploying,
    api_keys.NoApi,
    chalice_deploy.NoApi,
    chalice_deploy.TwoApis,
    ownership.StrangeRole,
    locked_wheels.IncompletePackage,
    smoke.SmokeFailed,
    stack.StackFailed,
    stepfunctions.machine_deployment.InvalidDefinition,
    stack_template.TemplateTooLarge,
)


@dataclass(frozen=True, slots=True)
class Wishes:
    stage: str
    may_remove: bool
    models: bool
    body: Path | None


def deploy(wishes: Wishes, console: Console) -> None:
    """Deploy, from the checks to a prediction, and print a request that works."""
    with _step(console, "Checks"):
        settings, account = placed(wishes.stage)
        console.print(f"  account {account}, {settings.region}, {lambda_package.runtime()}")
        sent, dataset = _checked(settings, account, wishes, console)
    with _step(console, "Package"):
        console.print(f"  {lambda_package.build().stat().st_size / 2**20:.2f} MiB")
    for template in stack_template.TEMPLATES:
        name = stack.stack_name(settings.app_name, settings.stage, template)
        with _step(console, f"Stack {name}") as report:
            _stack(settings, template, wishes, report)
    with _step(console, "Functions and API, by Chalice") as report:
        # The new function finds these: keys from before the scopes keep working.
        stage_parameters.keep_for_lists(boto3.client("ssm"), boto3.client("dynamodb"), settings)
        subscriber_store.keep(boto3.client("ssm"), settings)
        api_keys.record(deployed_api.client(), boto3.client("ssm"), settings)
        _functions(settings, account, report)
        ownership.refuse_strange_roles(settings)
        ownership.mark(settings, account)
        failures.keep(boto3.client("lambda"), settings, account)
        event_wiring.keep(settings, account)
    with _step(console, "Policy"):
        deployer, now = boto3.client("sts").get_caller_identity()["Arn"], datetime.now(UTC)
        parts = (settings, profile.load(), deployer, now)
        console.print(f"  {policy_in_force.put(boto3.client('s3'), *parts)}", markup=False)
    with _step(console, "State machines"):
        training_source.put(boto3.client("s3"), settings)
        machines = boto3.client("stepfunctions")
        for arn in stepfunctions.machine_deployment.deploy(machines, settings, account):
            console.print(f"  {arn}")
    with _step(console, "API keys, limits and answers"):
        url, api_key = _api(settings)
    with _step(console, "Models"):
        _models(settings, dataset, console)
    with _step(console, "A prediction"):
        decided, sent = _prediction(settings, url, api_key, sent, made_up=not wishes.body)
        console.print(f"  {decided}", markup=False)
    console.print(_a_request_that_works(settings, url, sent), markup=False)


def ready(stage: str) -> tuple[Settings, str]:
    """Return the stage's names and the account. Raises NotReady with all faults."""
    settings, account = placed(stage)
    if faults := ownership.names_taken(settings, account):
        raise checks.NotReady("\n".join(faults))
    return settings, account


def placed(stage: str) -> tuple[Settings, str]:
    """Return the stage's names and the account, before any check in AWS. Raises NotReady."""
    region = boto3.Session().region_name
    version = (sys.version_info[0], sys.version_info[1])
    if faults := checks.before_anything(stage, region, version):
        raise checks.NotReady("\n".join(faults))
    return Settings(app_name(), stage, region or ""), checks.account_of_the_caller()


def _checked(
    settings: Settings, account: str, wishes: Wishes, console: Console
) -> tuple[Document, Loaded | None]:
    """Return what `_given` does. Raises NotReady with all faults at once."""
    bank = profile.load()
    quotas = quota_checks.check(bank, settings)
    warnings = [*checks.warnings(bank, settings.stage, settings.region), *quotas.warnings]
    if not wishes.models:  # those may come once AWS has granted what they need
        warnings += [f"Too low for models: {fault}" for fault in quotas.of_models]
    for warning in warnings:
        console.print(f"  Warning: {warning}", markup=False)
    faults = [*ownership.names_taken(settings, account), *quotas.of_all]
    faults += quotas.of_models if wishes.models else []
    try:
        given = _given(wishes, console)
    except checks.NotReady as fault:
        raise checks.NotReady("\n".join([*faults, str(fault)])) from fault
    if faults:
        raise checks.NotReady("\n".join(faults))
    return given


def _stack(settings: Settings, template: str, wishes: Wishes, report: stack.Report) -> None:
    client, app = boto3.client("cloudformation"), settings.app_name
    mode = stage_parameters.review_only_mode(boto3.client("ssm"), settings)
    if mode == "on" and template == stack_template.RESOURCES:
        report("review-only is on, and stays so")
    wished: dict[str, Any] = {"review_only": mode, "may_remove": wishes.may_remove}
    stack.deploy_one(client, app, settings.stage, template, report, **wished)


def _functions(settings: Settings, account: str, report: stack.Report) -> None:
    state = chalice_deploy.DeployedState(boto3.client("s3"), settings)
    pool = user_pool.of_stage(boto3.client("cloudformation"), settings)
    os.environ |= {POOL_ARN: pool.arn(account), POOL_CLIENT: pool.client_id}  # Chalice reads them
    gateway, events = boto3.client("apigateway"), boto3.client("events")
    warm = profile.load().endpoint[settings.stage].keep_warm > 0
    with (
        state.held(),
        schedules.stopped_ones_stay_stopped(events, settings, report, keeps_warm=warm),
    ):
        chalice_deploy.deploy(gateway, state, settings, lambda_package.STAGED, report)


def _api(settings: Settings) -> tuple[str, str]:
    """Return the API's URL and its key for scoring."""
    gateway = deployed_api.client()
    found = chalice_deploy.only_api(gateway, settings)
    deployed_api.complete(gateway, boto3.client("ssm"), found, settings)
    url = embedded.api_url(found, deployed_api.GATEWAY_STAGE, settings.region)
    pool = user_pool.of_stage(boto3.client("cloudformation"), settings)
    place = user_pool.console_place(settings, pool, url)
    clients = (boto3.client("cognito-idp"), boto3.client("ssm"))
    user_pool.open_console(*clients, settings, pool, place)
    return url, api_keys.newest(gateway, settings, Scope.SCORING)


def _a_request_that_works(settings: Settings, url: str, sent: Document) -> str:
    """Return a request with a command in place of the key, because CI keeps its output."""
    where = f" AWS_ENDPOINT_URL={os.environ['AWS_ENDPOINT_URL']}" if embedded.is_embedded() else ""
    key = f"$(make -s key STAGE={settings.stage}{where})"
    scopes = f"make key STAGE={settings.stage} SCOPE={'|'.join(Scope)}"
    told = f"\nAPI and console  {url}\nKeys, one a scope: {scopes}\nA request that works:\n\n"
    return told + smoke.command(url, sent, key)


def _given(wishes: Wishes, console: Console) -> tuple[Document, Loaded | None]:
    """Return the application to predict and the data to train on; no data without models.

    The demo's data are fetched only when needed. Raises NotReady.
    """
    try:
        sent = _application(wishes.body) if wishes.body else smoke.body(profile.load())
    except InvalidApplication as fault:
        wrong = "; ".join(f"{field}: {text.en}" for field, text in fault.errors.items())
        raise checks.NotReady(f"SMOKE={wishes.body}: {wrong}") from fault
    except (OSError, ValueError, smoke.SmokeFailed) as fault:
        raise checks.NotReady(f"SMOKE={wishes.body or ''}: {fault}") from fault
    if not wishes.models:
        return sent, None
    from infrastructure.first_models import bring_models

    given = os.environ.get("DATA")
    if not given:
        return sent, lambda: bring_models.chosen_dataset(None, console).first_snapshot()
    try:
        own = bring_models.chosen_dataset(Path(given), console)
    except bring_models.FAULTS as fault:
        raise checks.NotReady(f"DATA={given}: {fault}") from fault
    return sent, own.first_snapshot


def _application(path: Path) -> Document:
    """Return the body of POST /predict. Raises ValueError or InvalidApplication."""
    sent: Document = json.loads(path.read_text(encoding="utf-8"))
    CreditApplication.from_payload(sent, profile.load())
    return sent


def _models(settings: Settings, dataset: Loaded | None, console: Console) -> None:
    if dataset is None:
        console.print("  none are brought, as you asked")
        return
    from infrastructure.first_models import bring_models

    try:
        bring_models.bring(settings, profile.load(), dataset, console)
    except bring_models.FAULTS as fault:
        raise NoModels(str(fault)) from fault


def _prediction(
    settings: Settings, url: str, api_key: str, sent: Document, *, made_up: bool
) -> tuple[str, Document]:
    """Ask for a prediction, and return its sentence and its request.

    A code that was `made_up` is replaced by one that the models have seen, else a person would
    decide. Every model must answer, unless no model has an endpoint yet. Raises SmokeFailed.
    """
    bank, client = profile.load(), boto3.client("sagemaker")
    names = [f"{settings.prefix}-{model}" for model in bank.models]
    if not any(client.list_endpoints(NameContains=name)["Endpoints"] for name in names):
        smoke.refuse_silence(url)
        return "none: no model is in service yet; GET /health answers", sent
    codes = seen_codes.in_service(settings, bank) if made_up else {}
    bodies = [*seen_codes.with_seen(sent, codes)]
    answer, sent = smoke.first_decided(url, api_key, bodies, [*bank.models])
    return smoke.sentence(answer), sent


@contextmanager
def _step(console: Console, title: str) -> Iterator[stack.Report]:
    began = time.monotonic()
    console.print(f"[bold]{title}[/bold]")
    yield lambda line: console.print(f"  {line}", markup=False, highlight=False)
    console.print(f"  done in {time.monotonic() - began:.1f} s", style="dim")


def _wishes() -> Wishes:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stage", required=True, choices=STAGES)
    parser.add_argument("--yes", action="store_true", help="resources may be lost or replaced")
    parser.add_argument("--without-models", action="store_true", help="train and deploy none")
    parser.add_argument("--smoke", type=Path, help="the body of an application to predict")
    given = parser.parse_args()
    return Wishes(given.stage, given.yes, not given.without_models, given.smoke)


def main() -> None:
    wishes, console = _wishes(), Console(soft_wrap=True, highlight=False)
    embedded.reach()
    try:
        os.environ |= {"STAGE": wishes.stage, "APP_NAME": app_name()}
        deploy(wishes, console)
    except (checks.NotReady, InvalidConfig) as fault:
        sys.exit(f"\n{fault}\nNothing was changed.")
    except FAULTS as fault:
        sys.exit(
            f"\n{fault}\n{_advice(wishes.stage, fault)}"
            "What was deployed stays. Correct the cause and run the same command again."
        )


def _advice(stage: str, fault: Exception) -> str:
    """Return which quotas were enough before the deployment and are too low now."""
    if "ResourceLimitExceeded" not in str(fault):
        return ""
    try:
        faults = quota_checks.check(profile.load(), placed(stage)[0]).of_models
    except (BotoCoreError, ClientError, checks.NotReady):
        return ""
    return "".join(f"{one}\n" for one in faults)
