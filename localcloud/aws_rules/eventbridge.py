"""EventBridge's rules: schedules, patterns, targets and events."""

import json
import re
from collections.abc import Iterator
from typing import Any

from localcloud.aws_rules.rule import DOCS, Parameters, Rule

_GUIDE = f"{DOCS}/eventbridge/latest/userguide"
_QUOTAS = f"{_GUIDE}/eb-quota.html"

PATTERN_LENGTH = 2048
ENTRY_BYTES = 256 * 1024
TARGETS = 5
_STATE_MACHINE = re.compile(r"arn:[^:]+:states:")

_RATE = re.compile(r"rate\((?P<value>[1-9]\d*) (?P<unit>minute|hour|day)(?P<plural>s?)\)")
_CRON = re.compile(r"cron\((?P<fields>[^()]*)\)")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
# The six fields: lowest and highest value, names of the values from the lowest on, and wildcards
# beside those of every field (, - * /).
_FIELDS: tuple[tuple[int, int, tuple[str, ...], str], ...] = (
    (0, 59, (), ""),
    (0, 23, (), ""),
    (1, 31, (), "?LW"),
    (1, 12, _MONTHS, ""),
    (1, 7, _DAYS, "?L#"),
    (1970, 2199, (), ""),
)
_DAY_OF_MONTH, _DAY_OF_WEEK = 2, 4


def _schedule(parameters: Parameters, _request: Any) -> Iterator[str]:
    expression = parameters.get("ScheduleExpression")
    if expression and not (_is_rate(expression) or _is_cron(expression)):
        yield "Parameter ScheduleExpression is not valid."


def _is_rate(expression: str) -> bool:
    """Return whether the unit is singular for 1, and plural for more."""
    found = _RATE.fullmatch(expression)
    return bool(found and (int(found["value"]) > 1) == bool(found["plural"]))


def _is_cron(expression: str) -> bool:
    """Return whether there are six fields, each in its range, and `?` in one of the two days."""
    found = _CRON.fullmatch(expression)
    fields = found["fields"].split() if found else []
    if len(fields) != len(_FIELDS):
        return False
    unsaid = (fields[_DAY_OF_MONTH] == "?") + (fields[_DAY_OF_WEEK] == "?")
    return unsaid == 1 and all(
        _in_range(part, *field)
        for text, field in zip(fields, _FIELDS, strict=True)
        for part in text.split(",")
    )


def _in_range(part: str, low: int, high: int, names: tuple[str, ...], more: str) -> bool:
    if part in ("*", *(one for one in "?L" if one in more), *(("LW",) if "W" in more else ())):
        return True
    where, _, step = part.partition("/")
    if step and not (step.isdigit() and 1 <= int(step) <= high):
        return False
    if where == "*":
        return bool(step)
    ends = where.split("-")
    return len(ends) <= 2 and all(_is_value(end, low, high, names, more) for end in ends)


def _is_value(text: str, low: int, high: int, names: tuple[str, ...], more: str) -> bool:
    if "#" in more and "#" in text:
        text, _, week = text.partition("#")
        if week not in ("1", "2", "3", "4", "5"):
            return False
    if text[-1:] in ("L", "W") and text[-1] in more and text.upper() not in names:
        text = text[:-1]
    number = names.index(text.upper()) + low if text.upper() in names else text
    return str(number).isdigit() and low <= int(number) <= high


def _pattern(parameters: Parameters, _request: Any) -> Iterator[str]:
    if len(parameters.get("EventPattern") or "") > PATTERN_LENGTH:
        yield f"Event pattern is not valid. Reason: it exceeds {PATTERN_LENGTH} characters"


def _empty(parameters: Parameters, _request: Any) -> Iterator[str]:
    text = parameters.get("EventPattern") or ""
    try:
        read = json.loads(text)
    except ValueError:
        return  # moto refuses what is no JSON
    if _has_empty(read):
        yield (
            "Event pattern is not valid. Reason: Empty objects are not allowed at [Source: (String)"
            f'"{text}"]'
        )


def _has_empty(part: Any) -> bool:
    """Return whether an object of a pattern is empty. In a list, objects are matchers."""
    return isinstance(part, dict) and (not part or any(_has_empty(one) for one in part.values()))


def _targets(parameters: Parameters, request: Any) -> Iterator[str]:
    bus = request.events_backend.event_buses.get(parameters.get("EventBusName") or "default")
    rule = bus.rules.get(parameters["Rule"]) if bus else None
    there = {one["Id"] for one in rule.targets} if rule else set()
    if len(there | {one["Id"] for one in parameters["Targets"]}) > TARGETS:
        yield "The requested resource exceeds the maximum number allowed."


def _roles(parameters: Parameters, _request: Any) -> Iterator[str]:
    """Refuse a state machine as a target without the role that starts it."""
    for target in parameters["Targets"]:
        if _STATE_MACHINE.match(target["Arn"]) and not target.get("RoleArn"):
            yield f"RoleArn is required for target {target['Arn']}."


def _entries(parameters: Parameters, _request: Any) -> Iterator[str]:
    texts = ("Source", "DetailType", "Detail")
    size = sum(
        len((entry.get(name) or "").encode())
        for entry in parameters.get("Entries") or []
        for name in texts
    )
    if size > ENTRY_BYTES:
        yield f"Total size of the entries in the request is over the limit of {ENTRY_BYTES}."


RULES: tuple[Rule, ...] = (
    Rule("expression of a schedule", ("events:PutRule",), _schedule,
         f"{_GUIDE}/eb-scheduled-rule-pattern.html"),
    Rule("size of an event pattern", ("events:PutRule",), _pattern, _QUOTAS,
         "InvalidEventPatternException"),
    Rule("no empty object in an event pattern", ("events:PutRule",), _empty,
         "https://github.com/cloud-custodian/cloud-custodian/issues/6507",
         "InvalidEventPatternException"),
    Rule("targets of a rule", ("events:PutTargets",), _targets, _QUOTAS, "LimitExceededException"),
    Rule("role of a target that needs one", ("events:PutTargets",), _roles,
         "https://github.com/awsdocs/aws-codepipeline-user-guide/pull/18"),
    Rule("size of events", ("events:PutEvents",), _entries, f"{_GUIDE}/eb-putevents.html"),
)  # fmt: skip
