"""The template as CloudFormation gets it: small enough for one request, with plain names."""

import json
from pathlib import Path
from typing import Any

import yaml

TEMPLATE = Path(__file__).with_name("resources.yaml")
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


def body(app: str, stage: str, review_only: str) -> str:
    """Return the template's body.

    `review_only` is the switch's mode, which an update must not change. Raises TemplateTooLarge.
    """
    template = yaml.load(TEMPLATE.read_text(encoding="utf-8"), Loader)  # noqa: S506 - a SafeLoader
    known = {"AppName": app, "Stage": stage}
    for resource in template["Resources"].values():
        resource.pop("Metadata", None)  # what linters read
        resource["Properties"] = _resolved(resource["Properties"], known)
    template["Resources"]["ReviewOnly"]["Properties"]["Value"] = review_only
    sent = json.dumps(template, separators=(",", ":"), ensure_ascii=False, default=str)
    if (size := len(sent.encode())) > LARGEST_BYTES:
        raise TemplateTooLarge(
            f"{TEMPLATE.name} comes to {size:,} bytes, and CloudFormation takes {LARGEST_BYTES:,}: "
            "move what nothing else refers to into a template of its own."
        )
    return sent


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
