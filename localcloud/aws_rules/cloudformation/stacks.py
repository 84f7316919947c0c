"""CloudFormation's rules: size of a template, and what must be acknowledged."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from localcloud.aws_rules.cloudformation.templates import resources_of, template_of
from localcloud.aws_rules.rule import DOCS, Parameters, Rule, longer_than, violated

_STACKS = tuple(
    f"cloudformation:{one}" for one in ("CreateStack", "UpdateStack", "CreateChangeSet")
)

TEMPLATE_BYTES = 51_200
RESOURCES = 500
STACK_NAME_LENGTH = 128
_STACK_NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]*|arn:[-a-zA-Z0-9:/._+]*")
_NAMES = {
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
}
_ACKNOWLEDGED = {
    *_NAMES,
    "AWS::IAM::AccessKey",
    "AWS::IAM::Policy",
    "AWS::IAM::UserToGroupAddition",
}
_ANY, _NAMED = "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"


def _size(parameters: Parameters, _request: Any) -> Iterator[str]:
    body = parameters.get("TemplateBody") or ""
    if len(body.encode()) > TEMPLATE_BYTES:
        yield longer_than(f"{body[:40]}...", "templateBody", TEMPLATE_BYTES)


def _resources(parameters: Parameters, request: Any) -> list[Mapping[str, Any]]:
    return [*resources_of(template_of(parameters, request)).values()]


def _capabilities(parameters: Parameters, request: Any) -> Iterator[str]:
    given = {*(parameters.get("Capabilities") or [])}
    for resource in _resources(parameters, request):
        kind = resource.get("Type")
        if kind not in _ACKNOWLEDGED:
            continue
        named = _NAMES.get(str(kind)) in (resource.get("Properties") or {})
        if not given & ({_NAMED} if named else {_ANY, _NAMED}):
            yield f"Requires capabilities : [{_NAMED if named else _ANY}]"


def _number(parameters: Parameters, request: Any) -> Iterator[str]:
    number = len(_resources(parameters, request))
    if number > RESOURCES:
        yield f"Template format error: Number of resources, {number}, is greater than {RESOURCES}"


def _stack_name(parameters: Parameters, _request: Any) -> Iterator[str]:
    name = parameters.get("StackName") or ""
    if not _STACK_NAME.fullmatch(name):
        pattern = f"Member must satisfy regular expression pattern: {_STACK_NAME.pattern}"
        yield violated(name, "stackName", pattern)
    elif len(name) > STACK_NAME_LENGTH and not name.startswith("arn:"):
        yield longer_than(name, "stackName", STACK_NAME_LENGTH)


RULES: tuple[Rule, ...] = (
    Rule("name of a stack", ("cloudformation:CreateStack", "cloudformation:CreateChangeSet"),
         _stack_name, f"{DOCS}/AWSCloudFormation/latest/APIReference/API_CreateStack.html"),
    Rule("size of a template", (*_STACKS, "cloudformation:ValidateTemplate"), _size,
         f"{DOCS}/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"),
    Rule("resources of a template", _STACKS, _number,
         f"{DOCS}/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"),
    Rule("capabilities of a stack", _STACKS, _capabilities,
         f"{DOCS}/AWSCloudFormation/latest/APIReference/API_CreateStack.html",
         "InsufficientCapabilitiesException"),
)  # fmt: skip
