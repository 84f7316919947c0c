"""The stacks of a stage, one a template, deployed by change sets that are shown first."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from infrastructure.template import stack_template

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

PATIENCE_SECONDS = 1800
WELL = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
# A first creation that failed leaves a stack that can only be deleted; what it kept is taken over.
NOTHING_YET = ("REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED")

Report = Callable[[str], None]


class StackFailed(Exception):
    """CloudFormation could not create or update the stack."""


def stack_name(app: str, stage: str, template: str = stack_template.RESOURCES) -> str:
    return f"{stage}-{app}-{template}"


def deploy(
    client: "CloudFormationClient",
    app: str,
    stage: str,
    report: Report = lambda _: None,
    *,
    review_only: str = "",
    may_remove: bool = False,
) -> list[str]:
    """Create or update each stack, and return their names in the order of deployment.

    Raises StackFailed.
    """
    wishes: dict[str, Any] = {"review_only": review_only, "may_remove": may_remove}
    return [
        deploy_one(client, app, stage, template, report, **wishes)
        for template in stack_template.TEMPLATES
    ]


def deploy_one(
    client: "CloudFormationClient",
    app: str,
    stage: str,
    template: str,
    report: Report = lambda _: None,
    *,
    review_only: str = "",
    may_remove: bool = False,
) -> str:
    """Create or update the stack of a template, and return its name.

    Safe to repeat. `review_only` is the switch's mode; empty if there is none yet. Raises
    StackFailed.
    """
    name = stack_name(app, stage, template)
    status = _settled(client, name, report)
    if status in NOTHING_YET:
        delete(client, name, report)
        status = ""
    body = stack_template.body(app, stage, review_only or "off", template)
    change_set = _change_set(client, name, app, stage, body, "UPDATE" if status else "CREATE")
    if change_set is None:
        report("nothing to change")
        return name
    shown = list(_changes(change_set))
    for line in _told(shown):
        report(line)
    if not may_remove and (losing := [line for line, loses in shown if loses]):
        client.delete_change_set(ChangeSetName=change_set["ChangeSetId"])
        raise StackFailed(f"Needs YES=yes, because it deletes or may replace: {'; '.join(losing)}")
    client.execute_change_set(ChangeSetName=change_set["ChangeSetId"])
    status = _settled(client, name, report)
    if status not in WELL:
        raise StackFailed(f"{name} is {status}: {_first_failure(client, name)}")
    return name


def delete(client: "CloudFormationClient", name: str, report: Report = lambda _: None) -> None:
    """Delete the stack; resources that the template retains stay."""
    client.delete_stack(StackName=name)
    if status := _settled(client, name, report):
        raise StackFailed(f"{name} is {status}: {_first_failure(client, name)}")


def exists(client: "CloudFormationClient", name: str) -> bool:
    return bool(_status(client, name))


def _change_set(
    client: "CloudFormationClient", name: str, app: str, stage: str, body: str, kind: Any
) -> dict[str, Any] | None:
    """Create a change set; return None if there is nothing to change."""
    request: dict[str, Any] = {
        "StackName": name,
        "ChangeSetName": f"deploy-{datetime.now(UTC):%Y%m%d%H%M%S%f}",
        "ChangeSetType": kind,
        "TemplateBody": body,
        "Parameters": [
            {"ParameterKey": "AppName", "ParameterValue": app},
            {"ParameterKey": "Stage", "ParameterValue": stage},
        ],
        "Tags": [{"Key": "project", "Value": app}, {"Key": "stage", "Value": stage}],
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
        # The table, the buckets and the log groups that an earlier stack left are this one's.
        "ImportExistingResources": True,
    }
    try:
        made = client.create_change_set(**request)["Id"]
    except ClientError as error:
        if _says_nothing_changes(str(error)):
            return None
        raise
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found: dict[str, Any] = dict(client.describe_change_set(ChangeSetName=made))
        if found["Status"] == "CREATE_COMPLETE":
            return found
        if found["Status"] == "FAILED":
            client.delete_change_set(ChangeSetName=made)
            if _says_nothing_changes(reason := found.get("StatusReason", "")):
                return None
            raise StackFailed(f"{name}: {reason}")
        time.sleep(1)
    raise StackFailed(f"The change set of {name} took more than {PATIENCE_SECONDS} seconds.")


def _says_nothing_changes(reason: str) -> bool:
    return "didn't contain changes" in reason or "No updates are to be performed" in reason


def _changes(change_set: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    """Yield each change with its resource, and whether it loses data."""
    for change in change_set.get("Changes", []):
        resource = change["ResourceChange"]
        replaced = {"True": "Replace", "Conditional": "Perhaps replace"}
        action = replaced.get(resource.get("Replacement", ""), resource["Action"])
        kind = resource["ResourceType"].removeprefix("AWS::")
        line = f"{action} {resource['LogicalResourceId']} ({kind})"
        yield line, action in ("Remove", *replaced.values())


def _told(shown: list[tuple[str, bool]]) -> Iterator[str]:
    """Yield lines: new resources are counted, each other change is shown."""
    added = [line for line, _ in shown if line.startswith("Add ")]
    yield from (line for line, _ in shown if line not in added)
    if added:
        kinds = Counter(line.rpartition("(")[2].rstrip(")") for line in added)
        counted = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
        yield f"Add {len(added)} resources: {counted}"


def _settled(client: "CloudFormationClient", name: str, report: Report) -> str:
    """Return the stack's status once CloudFormation has finished; empty if there is no stack."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    told = ""
    while time.monotonic() < deadline:
        status = _status(client, name)
        if not status.endswith("IN_PROGRESS") or status == "REVIEW_IN_PROGRESS":
            return status
        if status != told:
            report(f"{name} is {status}")
            told = status
        time.sleep(3)
    raise StackFailed(f"{name} is {told} for over {PATIENCE_SECONDS} seconds: see its events.")


def _status(client: "CloudFormationClient", name: str) -> str:
    try:
        return client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
        return ""


def _first_failure(client: "CloudFormationClient", name: str) -> str:
    events = client.describe_stack_events(StackName=name)["StackEvents"]
    failed = [event for event in events if event.get("ResourceStatus", "").endswith("FAILED")]
    if not failed:
        return "its events say no more"
    first = failed[-1]
    return f"{first.get('LogicalResourceId')}: {first.get('ResourceStatusReason')}"
