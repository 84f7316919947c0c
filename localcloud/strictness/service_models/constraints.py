"""AWS's service models as compiled checks: types, lengths, ranges, patterns, enumerations and
required members.

A check is compiled once for each shape, when a request first has a value for it. It touches only
the members that a request has, and makes a path only where something is broken.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

from botocore.model import ListShape, MapShape, Shape, StructureShape

from localcloud import aws_rules
from localcloud.strictness.service_models.json_types import FITS, USUAL, misfit, timestamp_of
from localcloud.strictness.service_models.limits import limits_of

UNKNOWN: Final = object()  # a value that is only known later: it is there, and breaks nothing


class Broken(NamedTuple):
    path: str
    value: Any
    constraint: str
    code: str = ""  # of an error that AWS answers at once, before it validates anything

    def below(self, name: str) -> "Broken":
        return self._replace(path=f"{name}.{self.path}" if self.path else name)

    def __str__(self) -> str:
        if self.code:
            placed = self.path and self.code == SERIALIZATION
            return f"{self.constraint} at '{self.path}'" if placed else self.constraint
        shown = "null" if self.value is None else f"'{self.value}'"
        return f"Value {shown} at '{self.path}' failed to satisfy constraint: {self.constraint}"


Check = Callable[[Any], Iterable[Broken]]
NOTHING: Final[tuple[Broken, ...]] = ()
SERIALIZATION: Final = "SerializationException"

_compiled: dict[Shape, Check] = {}
_SHAPE_RULES = {rule.shape: rule for rule in aws_rules.SHAPE_RULES}


def broken(shape: Shape | None, parameters: Mapping[str, Any]) -> list[Broken]:
    """Return what the parameters of a request break. Blobs may be base64."""
    return list(_check_of(shape)(parameters)) if shape else []


def violations(shape: Shape | None, parameters: Mapping[str, Any]) -> list[str]:
    """Return what the parameters of a request break, in AWS's words."""
    return [str(one) for one in broken(shape, parameters)]


def as_message(violated: list[str]) -> str:
    """Word them as AWS does: "1 validation error detected: Value … failed to satisfy …"."""
    errors = "error" if len(violated) == 1 else "errors"
    return f"{len(violated)} validation {errors} detected: {'; '.join(violated)}"


def _check_of(shape: Shape) -> Check:
    if shape not in _compiled:
        _compiled[shape] = _typed(shape, _compile(shape))
    return _compiled[shape]


def _typed(shape: Shape, check: Check | None) -> Check:
    """Check the type before anything else."""
    if getattr(shape, "is_document_type", False) or "jsonvalue" in shape.serialization:
        return lambda _: NOTHING
    kind = shape.type_name
    fits = timestamp_of(shape) if kind == "timestamp" else FITS[kind]
    usual = USUAL.get(kind)

    def typed(value: Any) -> Iterable[Broken]:
        if type(value) is usual or fits(value):
            return check(value) if check else NOTHING
        if value is UNKNOWN:
            return NOTHING
        return (Broken("", value, misfit(shape, value), SERIALIZATION),)

    return typed


def _compile(shape: Shape) -> Check | None:
    if isinstance(shape, StructureShape):
        return _ruled(shape, _structure(shape))
    if isinstance(shape, ListShape):
        return _also(shape, _list(shape.member))
    if isinstance(shape, MapShape):
        return _ruled(shape, _also(shape, _map(_check_of(shape.key), shape.value)))
    return _scalar(shape)


def _ruled(shape: Shape, members: Check) -> Check:
    """Check a rule of that shape, and then its members."""
    rule = _SHAPE_RULES.get(shape.name)
    if rule is None:
        return members

    def check(value: Any) -> Iterable[Broken]:
        if answer := rule.broken(value):
            return (Broken("", value, answer, rule.code),)
        return members(value)

    return check


def _scalar(shape: Shape) -> Check | None:
    limits = limits_of(shape)
    if not limits:
        return None

    def check(value: Any) -> Iterable[Broken]:
        for limit in limits:
            if limit(value):
                return [Broken("", value, one) for one in (each(value) for each in limits) if one]
        return NOTHING

    return check


def _also(shape: Shape, members: Check) -> Check:
    """Check a list or a map itself, and then its members."""
    itself = _scalar(shape)
    if not itself:
        return members

    def check(value: Any) -> Iterable[Broken]:
        return [*itself(value), *members(value)]

    return check


def _structure(shape: StructureShape) -> Check:
    """Check a structure. Its members are compiled at their first value: shapes hold themselves."""
    required = tuple(shape.required_members)
    known = {
        written: (name, member)
        for name, member in shape.members.items()
        for written in (member.serialization.get("name", name), name)
    }
    checks: dict[str, tuple[str, Check]] = {}

    def check(value: Any) -> Iterable[Broken]:
        found: list[Broken] = []
        for name in required:
            if value.get(name) is None:
                found.append(Broken(_path(name), None, "Member must not be null"))
        for written, item in value.items():
            if item is None or written not in known:  # AWS ignores both
                continue
            if written not in checks:
                name, member = known[written]
                checks[written] = (_path(name), _check_of(member))
            path, member_check = checks[written]
            for one in member_check(item):
                found.append(one.below(path))
        return found

    return check


def _list(shape: Shape) -> Check:
    member, null = _check_of(shape), _null(shape)

    def check(value: Any) -> Iterable[Broken]:
        return [
            one.below(f"{number}.member")
            for number, item in enumerate(value, 1)
            for one in (null if item is None else member(item))
        ]

    return check


def _map(key: Check, shape: Shape) -> Check:
    item_check, null = _check_of(shape), _null(shape)

    def check(value: Any) -> Iterable[Broken]:
        found: list[Broken] = []
        for name, item in value.items():
            for one in key(name):
                found.append(one.below("key"))
            for one in null if item is None else item_check(item):
                found.append(one.below(f"{name}.member"))
        return found

    return check


def _null(shape: Shape) -> tuple[Broken, ...]:
    """Return what a null breaks in a list or a map: it can't be read, unlike a null member."""
    rule = _SHAPE_RULES.get(shape.name)
    if rule and (answer := rule.broken(None)):
        return (Broken("", None, answer, rule.code),)
    return (Broken("", None, "Unexpected null", SERIALIZATION),)


def _path(name: str) -> str:
    return name[:1].lower() + name[1:]
