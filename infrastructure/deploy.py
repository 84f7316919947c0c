"""A stage, deployed: from the checks to a prediction. Repeat it to update, or after a failure.

python -m infrastructure.deploy --stage dev
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

import stepfunctions.deploy
from chalicelib import profile
from chalicelib.errors import AppVengersError
from chalicelib.settings import STAGES, Settings
from infrastructure import (
    api,
    checks,
    embedded,
    failures,
    functions,
    package,
    smoke,
    stack,
    template,
    training_source,
)
from infrastructure.first_models import TrainingFailed
from infrastructure.project import api_function, app_name


class NoModels(Exception):
    """All else is deployed, and the first models did not come."""


# What the user can mend: told in a sentence, without a traceback. What is done stays done.
FAULTS = (
    AppVengersError,
    BotoCoreError,
    ClientError,
    NoModels,
    TrainingFailed,
    functions.ChaliceFailed,
    functions.TwoApis,
    package.IncompletePackage,
    smoke.SmokeFailed,
    stack.StackFailed,
    stepfunctions.deploy.InvalidDefinition,
    template.TemplateTooLarge,
)


@dataclass(frozen=True, slots=True)
class Wishes:
    stage: str
    may_remove: bool
    models: bool
    body: Path | None


def deploy(wishes: Wishes, console: Console) -> str:
    """The API's URL."""
    with _step(console, "Checks"):
        settings, account = ready(wishes.stage)
        console.print(f"  account {account}, {settings.region}, Python {package.runtime()}")
    with _step(console, "Package"):
        console.print(f"  {package.build().stat().st_size / 2**20:.2f} MiB")
    with _step(console, f"Stack {stack.stack_name(settings.app_name, settings.stage)}") as report:
        _stack(settings, wishes, report)
    with _step(console, "Functions and API, by Chalice") as report:
        url = _functions(settings, report)
        failures.keep(boto3.client("lambda"), settings, account)
    with _step(console, "State machines"):
        training_source.put(boto3.client("s3"), settings)
        machines = boto3.client("stepfunctions")
        for arn in stepfunctions.deploy.deploy(machines, settings, account):
            console.print(f"  {arn}")
    with _step(console, "API key, limits and answers"):
        api_key = _api(settings)
    with _step(console, "Models"):
        _models(settings, wishes, console)
    with _step(console, "A prediction"):
        console.print(f"  {_prediction(settings, wishes, url, api_key)}")
    return url


def ready(stage: str) -> tuple[Settings, str]:
    """The names and the account. Raises NotReady with all that is wrong."""
    region = boto3.Session().region_name
    version = (sys.version_info[0], sys.version_info[1])
    if faults := checks.before_anything(stage, region, version):
        raise checks.NotReady("\n".join(faults))
    settings = Settings(app_name(), stage, region or "")
    account = checks.account_of_the_caller()
    if faults := checks.names_taken(settings, account):
        raise checks.NotReady("\n".join(faults))
    return settings, account


def _stack(settings: Settings, wishes: Wishes, report: stack.Report) -> None:
    client, app = boto3.client("cloudformation"), settings.app_name
    stack.deploy(client, app, settings.stage, report, may_remove=wishes.may_remove)


def _functions(settings: Settings, report: stack.Report) -> str:
    state = functions.DeployedState(boto3.client("s3"), settings)
    gateway = boto3.client("apigateway")
    deployed = functions.deploy(gateway, state, settings, package.STAGED, report)
    url: str = deployed["rest_api_url"]
    return url


def _api(settings: Settings) -> str:
    """The API key's value."""
    gateway = boto3.client("apigateway")
    (found,) = functions.apis(gateway, settings)
    api.complete(gateway, found, settings)
    return api.newest(gateway, settings)


def _models(settings: Settings, wishes: Wishes, console: Console) -> None:
    if not wishes.models:
        console.print("  none are brought, as you asked")
        return
    from infrastructure import bring_models  # and with it pandas, which takes a while

    given = os.environ.get("DATA")
    dataset = partial(bring_models.chosen_dataset, Path(given) if given else None, console)
    try:
        bring_models.bring(settings, profile.load(), dataset, console)
    except bring_models.FAULTS as fault:
        raise NoModels(str(fault)) from fault


def _prediction(settings: Settings, wishes: Wishes, url: str, api_key: str) -> str:
    body = json.loads(wishes.body.read_text()) if wishes.body else smoke.body(profile.load())
    function = api_function(settings)
    return smoke.predict(url, api_key, function, body, boto3.client("lambda"))


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
    os.environ |= {"STAGE": wishes.stage, "APP_NAME": app_name()}
    try:
        url = deploy(wishes, console)
    except checks.NotReady as fault:
        sys.exit(f"\n{fault}\nNothing was changed.")
    except FAULTS as fault:
        sys.exit(f"\n{fault}\nWhat is done stays; mend it and run the same command again.")
    console.print(f"\n{url}\nmake key STAGE={wishes.stage} shows the API key.")


if __name__ == "__main__":
    main()
