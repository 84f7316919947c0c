"""The parameters of a request as its service model has them, read from JSON, a query or HTTP."""

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from botocore.model import Shape
from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import determine_request_protocol

_FROM_TEXT: dict[str, Callable[[str], Any]] = {
    "boolean": lambda text: text.lower() == "true",
    "double": float,
    "float": float,
    "integer": int,
    "long": int,
}


def parameters_of(
    response: Any, request: Any, operation: OperationModel, place: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return the parameters. `response` is moto's, set up; `place`: what the address names.

    Raises TypeError, ValueError or moto's RequestParserError if the request can't be read.
    JSON is left as it is: whether its values have the right types is for the constraints to say.
    """
    protocol = determine_request_protocol(operation.service_model, request.content_type)
    if protocol == "json":
        return _members(json.loads(response.raw_body or b"{}"))
    if protocol.startswith("rest"):
        return _of_http(response, request, operation, protocol, place)
    parser = PROTOCOL_PARSERS[protocol](operation)  # a query needs no more than its values
    return dict(parser.parse({"values": request.values}))  # type: ignore[typeddict-item]


def _members(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise TypeError("Unexpected value type in payload")
    return body


def _of_http(
    response: Any,
    request: Any,
    operation: OperationModel,
    protocol: str,
    place: Mapping[str, str] | None,
) -> dict[str, Any]:
    members, prefixes, rest = _located(operation)
    found = {}
    sources = {
        "header": request.headers,
        "querystring": request.args,
        "uri": response.uri_match if place is None else place,
    }
    for name, location, written, member in members:
        source = sources[location]
        if written in source:
            found[name] = _value(member, source, written)
    for name, prefix in prefixes:
        found[name] = {
            header[len(prefix) :]: value
            for header, value in request.headers.items()
            if header.lower().startswith(prefix)
        }
    if rest is not None:
        found.update(_of_body(request.data, operation, protocol, rest))
    return found


_Member = tuple[str, str, str, Shape]  # its name, where it is, its name there


@cache
def _located(
    operation: OperationModel,
) -> tuple[tuple[_Member, ...], tuple[tuple[str, str], ...], str | None]:
    """Return the members outside the body, prefixes of headers, and the member that is the body:
    "" if the body holds several, None if there is none.
    """
    shape = operation.input_shape
    if shape is None:
        return (), (), None
    placed = {n: m for n, m in shape.members.items() if "location" in m.serialization}
    members = tuple(
        (name, member.serialization["location"], member.serialization.get("name", name), member)
        for name, member in placed.items()
        if member.serialization["location"] != "headers"
    )
    prefixes = tuple(
        (name, member.serialization.get("name", "").lower())
        for name, member in placed.items()
        if member.serialization["location"] == "headers"
    )
    several = "" if len(placed) < len(shape.members) else None
    return members, prefixes, shape.serialization.get("payload", several)


def _value(member: Shape, source: Any, written: str) -> Any:
    convert = _FROM_TEXT.get(member.type_name, str)
    if member.type_name != "list":
        return convert(source[written])
    texts = source.getlist(written) if hasattr(source, "getlist") else [source[written]]
    if member.serialization["location"] == "header":
        texts = [part.strip() for text in texts for part in text.split(",")]
    return texts


def _of_body(body: bytes, operation: OperationModel, protocol: str, name: str) -> dict[str, Any]:
    shape: Any = operation.input_shape
    member = shape.members[name] if name else shape
    if not body:
        return {}
    if member.type_name in ("blob", "string"):
        return {name: body if member.type_name == "blob" else body.decode()}
    if protocol == "rest-json":
        value = _members(json.loads(body))
    else:
        parser: Any = PROTOCOL_PARSERS[protocol](operation)
        value = parser._parse_shape(member, parser._initial_body_parse(body))
    return {name: value} if name else value
