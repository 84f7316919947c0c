"""CloudFormation's rules: size of a template, and what must be acknowledged."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from localcloud.aws_rules.rule import DOCS, Parameters, Rule, longer_than

_STACKS = tuple(
    f"cloudformation:{one}" for one in ("CreateStack", "UpdateStack", "CreateChangeSet")
)

TEMPLATE_BYTES = 51_200
RESOURCES = 500
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


class _Loader(yaml.SafeLoader):
    """A reader of templates, for which !Ref and the like are values like others."""


_Loader.add_multi_constructor("!", lambda _loader, suffix, _node: {suffix: None})


def _size(parameters: Parameters, _request: Any) -> Iterator[str]:
    body = parameters.get("TemplateBody") or ""
    if len(body.encode()) > TEMPLATE_BYTES:
        yield longer_than(f"{body[:40]}...", "templateBody", TEMPLATE_BYTES)


def _resources(parameters: Parameters) -> list[Mapping[str, Any]]:
    """Return the resources of a template that is in the request; its URL's are moto's to read."""
    body = parameters.get("TemplateBody") or ""
    try:
        template = json.loads(body) if body.lstrip().startswith("{") else _read(body)
    except (ValueError, yaml.YAMLError):
        return []
    found = template.get("Resources") if isinstance(template, Mapping) else None
    return [one for one in (found or {}).values() if isinstance(one, Mapping)]


def _read(body: str) -> Any:
    return yaml.load(body, _Loader)  # noqa: S506 - a SafeLoader


def _capabilities(parameters: Parameters, _request: Any) -> Iterator[str]:
    given = {*(parameters.get("Capabilities") or [])}
    for resource in _resources(parameters):
        kind = resource.get("Type")
        if kind not in _ACKNOWLEDGED:
            continue
        named = _NAMES.get(str(kind)) in (resource.get("Properties") or {})
        if not given & ({_NAMED} if named else {_ANY, _NAMED}):
            yield f"Requires capabilities : [{_NAMED if named else _ANY}]"


def _number(parameters: Parameters, _request: Any) -> Iterator[str]:
    number = len(_resources(parameters))
    if number > RESOURCES:
        yield f"Template format error: Number of resources, {number}, is greater than {RESOURCES}"


RULES: tuple[Rule, ...] = (
    Rule("size of a template", (*_STACKS, "cloudformation:ValidateTemplate"), _size,
         f"{DOCS}/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"),
    Rule("resources of a template", _STACKS, _number,
         f"{DOCS}/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"),
    Rule("capabilities of a stack", _STACKS, _capabilities,
         f"{DOCS}/AWSCloudFormation/latest/APIReference/API_CreateStack.html",
         "InsufficientCapabilitiesException"),
)  # fmt: skip
