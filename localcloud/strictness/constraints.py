"""The constraints of AWS's service models: what boto3 leaves to the service to refuse.

boto3 itself checks types and required members. Lengths, ranges, patterns and enumerations are in
the same models, and AWS checks them at each request.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import regex  # type: ignore[import-untyped]
from botocore.model import ListShape, MapShape, Shape, StructureShape

# What a value at a path breaks, in AWS's words.
Check = Callable[[Any, str], Iterator[str]]

_SCALARS = ("integer", "long", "float", "double")


def violations(shape: Shape | None, parameters: Mapping[str, Any]) -> list[str]:
    """Return what the parameters of a request break, in AWS's words. Blobs may be base64."""
    check = _checks(shape) if shape else None
    return list(check(parameters, "")) if check else []


def as_message(broken: list[str]) -> str:
    """Word them as AWS does: "1 validation error detected: Value … failed to satisfy …"."""
    errors = "error" if len(broken) == 1 else "errors"
    return f"{len(broken)} validation {errors} detected: {'; '.join(broken)}"


_known: dict[Shape, Check | None] = {}
_compiling = threading.Lock()


def _checks(shape: Shape) -> Check | None:
    """The check of a shape; None where nothing below it is constrained, which costs nothing."""
    if shape not in _known:
        with _compiling:
            _known[shape] = _compile(shape, {}) if _constrained(shape, set()) else None
    return _known[shape]


def _constrained(shape: Shape, seen: set[str]) -> bool:
    if shape.name in seen:
        return False
    seen.add(shape.name)
    return bool(_own(shape)) or any(_constrained(one, seen) for one in _below(shape))


def _own(shape: Shape) -> bool:
    limits = {*shape.metadata} & {"min", "max", "pattern", "enum"}
    return bool(limits or (isinstance(shape, StructureShape) and shape.required_members))


def _below(shape: Shape) -> list[Shape]:
    if isinstance(shape, StructureShape):
        return list(shape.members.values())
    if isinstance(shape, ListShape):
        return [shape.member]
    return [shape.key, shape.value] if isinstance(shape, MapShape) else []


def _compile(shape: Shape, above: dict[str, list[Check]]) -> Check:
    """`above`: the shapes that are being compiled, for those that contain themselves."""
    if shape.name in above:
        return _later(above[shape.name])
    cell: list[Check] = []
    above = {**above, shape.name: cell}
    checks = [*_limits(shape)]
    if isinstance(shape, StructureShape):
        checks.append(_structure(shape, above))
    elif isinstance(shape, ListShape) and _constrained(shape.member, set()):
        checks.append(_list(_compile(shape.member, above)))
    elif isinstance(shape, MapShape) and _constrained(shape, set()):
        checks.append(_map(_compile(shape.key, above), _compile(shape.value, above)))
    cell.append(checks[0] if len(checks) == 1 else _all(checks))
    return cell[0]


def _later(cell: list[Check]) -> Check:
    """The check that the cell will hold once it is compiled."""

    def check(value: Any, path: str) -> Iterator[str]:
        yield from cell[0](value, path)

    return check


def _all(checks: list[Check]) -> Check:
    def check(value: Any, path: str) -> Iterator[str]:
        for one in checks:
            yield from one(value, path)

    return check


def _structure(shape: StructureShape, above: dict[str, list[Check]]) -> Check:
    required = tuple(shape.required_members)
    members = {
        name: _compile(member, above)
        for name, member in shape.members.items()
        if _constrained(member, set())
    }

    def check(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, Mapping):
            return
        for name in required:
            if value.get(name) is None:
                yield _violation(None, _under(path, name), "Member must not be null")
        for name, member in members.items():
            if value.get(name) is not None:
                yield from member(value[name], _under(path, name))

    return check


def _list(member: Check) -> Check:
    def check(value: Any, path: str) -> Iterator[str]:
        for number, item in enumerate(value if isinstance(value, list) else (), 1):
            yield from member(item, f"{path}.{number}.member")

    return check


def _map(key: Check, item: Check) -> Check:
    def check(value: Any, path: str) -> Iterator[str]:
        for name, one in value.items() if isinstance(value, Mapping) else ():
            yield from key(name, f"{path}.key")
            yield from item(one, f"{path}.{name}.member")

    return check


def _limits(shape: Shape) -> Iterator[Check]:
    limits = shape.metadata
    if shape.type_name in _SCALARS:
        yield from _range(limits)
    elif {"min", "max"} & {*limits} and shape.type_name != "structure":
        yield _length(limits, blob=shape.type_name == "blob")
    if "pattern" in limits:
        yield _pattern(limits["pattern"])
    if "enum" in limits:
        yield _enumeration(limits["enum"])


def _range(limits: Mapping[str, Any]) -> Iterator[Check]:
    low, high = limits.get("min"), limits.get("max")

    def check(value: Any, path: str) -> Iterator[str]:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return
        if low is not None and value < low:
            yield _violation(value, path, f"Member must have value greater than or equal to {low}")
        if high is not None and value > high:
            yield _violation(value, path, f"Member must have value less than or equal to {high}")

    if low is not None or high is not None:
        yield check


def _length(limits: Mapping[str, Any], *, blob: bool) -> Check:
    low, high = limits.get("min"), limits.get("max")

    def check(value: Any, path: str) -> Iterator[str]:
        if not hasattr(value, "__len__"):
            return
        length = len(value)
        if blob and isinstance(value, str):
            length = length * 3 // 4 - value[-2:].count("=")
        if low is not None and length < low:
            yield _violation(value, path, f"Member must have length greater than or equal to {low}")
        if high is not None and length > high:
            yield _violation(value, path, f"Member must have length less than or equal to {high}")

    return check


def _pattern(pattern: str) -> Check:
    matches = _compiled(pattern)

    def check(value: Any, path: str) -> Iterator[str]:
        if matches and isinstance(value, str) and not matches.fullmatch(value):
            yield _violation(
                value, path, f"Member must satisfy regular expression pattern: {pattern}"
            )

    return check


@cache
def _compiled(pattern: str) -> Any:
    """The pattern of a model is Java's; None for the few that no Python can read (a range of
    surrogates, for texts that may hold almost anything)."""
    try:
        return regex.compile(pattern)
    except regex.error:
        return None


def _enumeration(values: list[str]) -> Check:
    known = frozenset(values)

    def check(value: Any, path: str) -> Iterator[str]:
        if isinstance(value, str) and value not in known:
            yield _violation(
                value, path, f"Member must satisfy enum value set: [{', '.join(values)}]"
            )

    return check


def _under(path: str, name: str) -> str:
    member = name[:1].lower() + name[1:]
    return f"{path}.{member}" if path else member


def _violation(value: Any, path: str, constraint: str) -> str:
    shown = "null" if value is None else f"'{value}'"
    return f"Value {shown} at '{path}' failed to satisfy constraint: {constraint}"
