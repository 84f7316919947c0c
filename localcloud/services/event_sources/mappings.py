"""Event source mappings of Lambda, and the filters of their records.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from moto.awslambda.models import lambda_backends
from moto.events.models import EventPattern

FAILED_WAITS_SECONDS = (0.5, 5.0)  # before a batch that failed is sent again: at first, at most


class Mappings:
    """The mappings of one account, as moto has them."""

    def __init__(self, account: str, region: str) -> None:
        self._account = account
        self._region = region

    def of_source(self, arn: str) -> Iterator[Any]:
        """Yield the mappings of a queue, or of the streams of a table."""
        stream = f"{arn}/stream/"
        for mapping in self._all():
            source = mapping.event_source_arn
            if source == arn or source.startswith(stream):
                yield mapping

    def of_function(self, name: str, service: str) -> Any:
        """Return a function's mapping from a service that is enabled; None if there is none."""
        begin = f"arn:aws:{service}:"
        for mapping in self._all():
            is_its = name_of(mapping) == name and mapping.event_source_arn.startswith(begin)
            if is_its and mapping.enabled:
                return mapping
        return None

    def _all(self) -> list[Any]:
        return [*lambda_backends[self._account][self._region]._event_source_mappings.values()]


def name_of(mapping: Any) -> str:
    """Return the name of a mapping's function."""
    return str(mapping.function_arn).partition(":function:")[2].partition(":")[0]


def wants(mapping: Any, record: dict[str, Any]) -> bool:
    """Return whether a record passes one of the mapping's filters; all do if there is none."""
    filters = (mapping.filter_criteria or {}).get("Filters", [])
    patterns = [one["Pattern"] for one in filters]
    return not patterns or any(_matches(text, record) for text in patterns)


def _matches(text: str, record: dict[str, Any]) -> bool:
    """Return whether a record matches a pattern. moto copies the whole event, so it gets the part
    that the pattern asks for.
    """
    pattern = json.loads(text)
    asked: Any = record if "$or" in text else _asked(record, pattern)
    return EventPattern(text, pattern).matches_event(asked)


def _asked(event: Any, pattern: Any) -> Any:
    if not isinstance(event, dict) or not isinstance(pattern, dict):
        return event
    return {name: _asked(event[name], one) for name, one in pattern.items() if name in event}


def read_by_ourselves(start: Callable[[Any], None]) -> Callable[[Any], Any]:
    """Replace moto's LambdaBackend.create_event_source_mapping, whose queues and tables invoke the
    function inside the writer's request, and forget what failed. `start` gets the mapping.
    """

    def replace(original: Any) -> Any:
        def create(self: Any, spec: dict[str, Any]) -> Any:
            mapping = original(self, spec)
            for one in _sources(self):
                one.lambda_event_source_mappings.clear()
            start(mapping)
            return mapping

        return create

    return replace


def _sources(backend: Any) -> Iterator[Any]:
    from moto.dynamodb.models import dynamodb_backends
    from moto.sqs.models import sqs_backends

    yield from dynamodb_backends[backend.account_id][backend.region_name].tables.values()
    yield from sqs_backends[backend.account_id][backend.region_name].queues.values()
