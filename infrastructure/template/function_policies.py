"""The one declaration of what each function may do; `.chalice/policy-*.json` is written from it.
roles.py is the same for what is no function.

make iam-policies
"""

import json
from collections.abc import Iterator
from pathlib import Path

from chalicelib.foundation.settings import STAGES, Settings
from infrastructure.project import ROOT, app_name
from infrastructure.template.function_permissions.arns import Arns
from infrastructure.template.function_permissions.batch_policies import batches
from infrastructure.template.function_permissions.deciding_policies import deciding
from infrastructure.template.function_permissions.deploying_policies import deploying
from infrastructure.template.function_permissions.event_policies import events
from infrastructure.template.function_permissions.function_names import API, ASYNCHRONOUS, FUNCTIONS
from infrastructure.template.function_permissions.governing_policies import governing
from infrastructure.template.function_permissions.retraining_policies import retraining
from infrastructure.template.function_permissions.statement import Statement, allow

FOLDER = ROOT / ".chalice"


def statements(function: str, settings: Settings) -> list[Statement]:
    """Return a function's statements: named actions on named resources, in the deployment's region
    and account.
    """
    arns = Arns(settings)
    declared = deciding(arns) | deploying(arns) | retraining(arns)
    declared |= governing(arns) | batches(arns) | events(arns)
    return [*declared[function], *_when_it_failed(function, arns), *_traces(function, settings)]


def _when_it_failed(function: str, arns: Arns) -> Iterator[Statement]:
    """Yield what lets Lambda put an event that failed for good aside, in the function's name."""
    if function in ASYNCHRONOUS:
        yield allow("sqs:SendMessage", f"arn:aws:sqs:*:*:{arns.prefix}-failures")


def _traces(function: str, settings: Settings) -> Iterator[Statement]:
    name = settings.function(function)
    logs = f"{settings.app_name}-{settings.stage}" if function == API else name
    yield allow(
        ["logs:CreateLogStream", "logs:PutLogEvents"],
        f"arn:aws:logs:*:*:log-group:/aws/lambda/{logs}:*",
    )
    # X-Ray knows no resources: AWS allows these on * only.
    yield allow(["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "*")


def files() -> Iterator[tuple[Path, str]]:
    """Yield each policy file of each stage with its content."""
    for stage in STAGES:
        settings = Settings(app_name(), stage, "any")
        for function in (API, *FUNCTIONS):
            name = f"policy-{stage}.json" if function == API else f"policy-{stage}-{function}.json"
            policy = {"Version": "2012-10-17", "Statement": statements(function, settings)}
            yield FOLDER / name, json.dumps(policy, indent=2) + "\n"
