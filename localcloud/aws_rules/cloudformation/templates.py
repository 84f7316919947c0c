"""CloudFormation's rules for the text of a template, which it holds before it creates anything.

The words are CloudFormation's own, as people quote them; each row names where.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from typing import Any

import yaml

from localcloud.aws_rules.cloudformation.resource_types import digests
from localcloud.aws_rules.rule import DOCS, Parameters, Rule

_GUIDE = f"{DOCS}/AWSCloudFormation/latest/UserGuide"
_REQUESTS = tuple(
    f"cloudformation:{one}"
    for one in ("CreateStack", "UpdateStack", "CreateChangeSet", "ValidateTemplate")
)

SECTIONS = frozenset(
    ("AWSTemplateFormatVersion", "Conditions", "Description", "Globals", "Hooks", "Mappings",
     "Metadata", "Outputs", "Parameters", "Resources", "Rules", "Transform")
)  # fmt: skip
ATTRIBUTES = frozenset(
    ("Condition", "CreationPolicy", "DeletionPolicy", "DependsOn", "Metadata", "Properties", "Type",
     "UpdatePolicy", "UpdateReplacePolicy")
)  # fmt: skip
POLICIES = {
    "DeletionPolicy": ("Delete", "Retain", "RetainExceptOnCreate", "Snapshot"),
    "UpdateReplacePolicy": ("Delete", "Retain", "Snapshot"),
}
_IN_SUB = re.compile(r"\$\{(?!!)\s*([A-Za-z0-9:]+)[^}]*\}")

Template = Mapping[str, Any]


class _Loader(yaml.SafeLoader):
    """A reader of templates with the short forms of functions, as !Ref."""


def _function(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".")
    return {suffix if suffix in ("Condition", "Ref") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _function)


def template_of(parameters: Parameters, request: Any) -> Template:
    """Return the template of a request, in its body or at its address; empty if it can't be read,
    which moto refuses.
    """
    body = parameters.get("TemplateBody") or ""
    if url := parameters.get("TemplateURL"):
        body = request._get_stack_from_s3_url(url)
    return _read(body)


@lru_cache(maxsize=4)
def _read(body: str) -> Template:
    """Read a template once for all rules: YAML takes longer than they do."""
    try:
        read = json.loads(body) if body.lstrip().startswith("{") else _of_yaml(body)
    except (ValueError, yaml.YAMLError):
        return {}
    return read if isinstance(read, Mapping) else {}


def _of_yaml(body: str) -> Any:
    return yaml.load(body, _Loader)  # noqa: S506 - a SafeLoader


def resources_of(template: Template) -> dict[str, Mapping[str, Any]]:
    found = template.get("Resources")
    named = found.items() if isinstance(found, Mapping) else ()
    return {name: one for name, one in named if isinstance(one, Mapping)}


def _sections(parameters: Parameters, request: Any) -> Iterator[str]:
    template = template_of(parameters, request)
    if unknown := [one for one in template if one not in SECTIONS and one != "Fn::Transform"]:
        yield f"Invalid template property or properties [{', '.join(map(str, unknown))}]"


def _attributes(parameters: Parameters, request: Any) -> Iterator[str]:
    for name, resource in resources_of(template_of(parameters, request)).items():
        if "Type" not in resource:
            yield (
                f"Template format error: [/Resources/{name}] Every Resources object must contain "
                "a Type member."
            )
        for unknown in [one for one in resource if one not in ATTRIBUTES]:
            yield f"Invalid template resource property '{unknown}'"


def _types(parameters: Parameters, request: Any) -> Iterator[str]:
    template = template_of(parameters, request)
    known = digests(request.region)
    kinds = [str(one.get("Type")) for one in resources_of(template).values()]
    unknown = [kind for kind in kinds if kind not in known and not _is_made(kind, template)]
    if unknown:
        named = ", ".join(dict.fromkeys(unknown))
        yield f"Template format error: Unrecognized resource types: [{named}]"


def _is_made(kind: str, template: Template) -> bool:
    """Return whether a type is the account's own, or one that a transform replaces."""
    serverless = kind.startswith("AWS::Serverless::") and "Transform" in template
    return serverless or kind.startswith("Custom::") or kind.endswith("::MODULE")


def _policies(parameters: Parameters, request: Any) -> Iterator[str]:
    for name, resource in resources_of(template_of(parameters, request)).items():
        for attribute, values in POLICIES.items():
            given = resource.get(attribute, values[0])
            if not isinstance(given, str):
                yield f"Template format error: Every {attribute} member must be a string."
            elif given not in values:
                yield f"Template format error: Unrecognized {attribute} {given} for resource {name}"


def _written_out(parameters: Parameters, request: Any) -> Template:
    """Return the template if its names are its own: a transform may add some."""
    template = template_of(parameters, request)
    return {} if "Transform" in template else template


def _dependencies(parameters: Parameters, request: Any) -> Iterator[str]:
    template = _written_out(parameters, request)
    there = {*resources_of(template), *(template.get("Parameters") or {})}
    for block in ("Resources", "Outputs"):
        named = dict.fromkeys(_named(template.get(block) or {}, depends="DependsOn"))
        if missing := [one for one in named if one not in there and "::" not in one]:
            yield (
                f"Template format error: Unresolved resource dependencies [{', '.join(missing)}] "
                f"in the {block} block of the template"
            )


def _circles(parameters: Parameters, request: Any) -> Iterator[str]:
    resources = resources_of(_written_out(parameters, request))
    needed = {
        name: {one for one in _named(resource, depends="DependsOn") if one in resources}
        for name, resource in resources.items()
    }
    try:
        TopologicalSorter(needed).prepare()
    except CycleError as circle:
        yield f"Circular dependency between resources: [{', '.join(circle.args[1][1:])}]"


def _named(value: Any, depends: str = "") -> Iterator[str]:
    """Yield each name that a part of a template refers to.

    `depends`: the attribute that names resources, which is one beside a Type only.
    """
    if isinstance(value, list):
        for one in value:
            yield from _named(one, depends)
    if isinstance(value, Mapping):
        for key, held in value.items():
            if key == depends and "Type" in value:
                yield from [held] if isinstance(held, str) else held
            elif key in _REFERENCES:
                yield from _REFERENCES[key](held)
            else:
                yield from _named(held, depends)


def _attribute(held: Any) -> Iterator[str]:
    yield held.partition(".")[0] if isinstance(held, str) else str(held[0])


def _substituted(held: Any) -> Iterator[str]:
    text, given = (held[0], held[1]) if isinstance(held, list) else (held, {})
    yield from (name for name in _IN_SUB.findall(str(text)) if name not in given)
    yield from _named(given)


_REFERENCES: Mapping[str, Callable[[Any], Iterator[str]]] = {
    "Ref": lambda held: iter([str(held)]),
    "Fn::GetAtt": _attribute,
    "Fn::Sub": _substituted,
}

RULES: tuple[Rule, ...] = (
    Rule("sections of a template", _REQUESTS, _sections,
         "https://github.com/Versent/cfn-check/issues/3"),
    Rule("attributes of a resource", _REQUESTS, _attributes,
         "https://github.com/cloudtools/troposphere/pull/140"),
    Rule("types of resources", _REQUESTS, _types, "https://github.com/aws/aws-cli/issues/8032"),
    Rule("policies of a resource", _REQUESTS, _policies,
         f"{_GUIDE}/aws-attribute-deletionpolicy.html"),
    Rule("resources that a template refers to", _REQUESTS, _dependencies,
         "https://github.com/serverless/serverless/issues/4745"),
    Rule("no resource that needs itself", _REQUESTS, _circles,
         f"{_GUIDE}/troubleshooting.html"),
)  # fmt: skip
