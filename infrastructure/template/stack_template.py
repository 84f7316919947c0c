"""The templates as CloudFormation gets them: small enough for a request each, with plain names."""

import json
from pathlib import Path
from typing import Any

import yaml

from chalicelib import profile

RESOURCES, GOVERNANCE = "resources", "governance"
TEMPLATES = (RESOURCES, GOVERNANCE)  # a file and a stack each, in the order of deployment
LARGEST_BYTES = 51_200  # in a request; more has to lie in a bucket, and there is none yet


class TemplateTooLarge(Exception):
    """The template is too large for a request."""


class Loader(yaml.SafeLoader):
    """A YAML loader with !Ref, !Sub and the other short forms."""


def _function(loader: Loader, tag: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.SequenceNode):
        given: Any = loader.construct_sequence(node, deep=True)
    else:
        given = loader.construct_scalar(node)  # type: ignore[arg-type]
    if tag in ("Ref", "Condition"):
        return {tag: given}
    if tag == "GetAtt" and isinstance(given, str):
        given = given.split(".", 1)
    return {f"Fn::{tag}": given}


Loader.add_multi_constructor("!", _function)


def path(name: str) -> Path:
    return Path(__file__).with_name(f"{name}.yaml")


def body(app: str, stage: str, review_only: str, name: str = RESOURCES) -> str:
    """Return the body of a template, `name` of TEMPLATES.

    `review_only` is the switch's mode, which an update must not change. Raises TemplateTooLarge.
    """
    template = yaml.load(path(name).read_text(encoding="utf-8"), Loader)  # noqa: S506 - a SafeLoader
    for resource in template["Resources"].values():
        resource.pop("Metadata", None)  # what linters read
        resource["Properties"] = _resolved(resource["Properties"], _known(app, stage))
    if "ReviewOnly" in template["Resources"]:
        template["Resources"]["ReviewOnly"]["Properties"]["Value"] = review_only
    sent = json.dumps(template, separators=(",", ":"), ensure_ascii=False, default=str)
    if (size := len(sent.encode())) > LARGEST_BYTES:
        raise TemplateTooLarge(
            f"{name}.yaml comes to {size:,} bytes, and CloudFormation takes {LARGEST_BYTES:,}: "
            "move what nothing else refers to into another template."
        )
    return sent


def resources(app: str, stage: str) -> dict[str, dict[str, Any]]:
    """Return the resources of all templates, by logical name."""
    bodies = [json.loads(body(app, stage, "off", name)) for name in TEMPLATES]
    return {logical: one for template in bodies for logical, one in template["Resources"].items()}


def _known(app: str, stage: str) -> dict[str, str]:
    """Return the parameters whose values the project has: the stage's names, and its profile."""
    evidence = profile.load().evidence[stage]
    lock = {"EvidenceLock": evidence.lock, "EvidenceYears": str(evidence.years)}
    return {"AppName": app, "Stage": stage, **lock}


def _resolved(value: Any, known: dict[str, str]) -> Any:
    """Return a value with known parameters filled in: AWS imports no resource whose name is an
    intrinsic function.
    """
    if isinstance(value, list):
        return [_resolved(part, known) for part in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"Ref"}:
        return known.get(value["Ref"], value)
    if value.keys() == {"Fn::Sub"} and isinstance(value["Fn::Sub"], str):
        text = value["Fn::Sub"]
        for name, given in known.items():
            text = text.replace(f"${{{name}}}", given)
        return {"Fn::Sub": text} if "${" in text else text
    return {name: _resolved(part, known) for name, part in value.items()}
