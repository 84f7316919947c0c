import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.events.models import events_backends
from moto.sns.models import sns_backends

from localcloud.functions import Functions

if TYPE_CHECKING:
    from localcloud.durability import Kept


class Events:
    """The state changes that AWS itself would report to EventBridge."""

    def __init__(self, account: str, region: str, kept: "Kept") -> None:
        self._account = account
        self._region = region
        self._kept = kept

    def report(self, source: str, detail_type: str, detail: dict[str, Any]) -> None:
        """Return once the event is on disk: nobody would report it again."""
        event = {
            "Source": source,
            "DetailType": detail_type,
            "Detail": json.dumps(detail, default=str),
        }
        backend = events_backends[self._account][self._region]
        self._kept.eventually(lambda: self._put(backend, event))

    def _put(self, backend: Any, event: dict[str, str]) -> None:
        with self._kept.writing():  # all of its targets, or none
            backend.put_events([event])


def to_functions_and_topics(functions: Functions) -> Callable[[Any], Any]:
    """For moto's Rule.send_to_targets, which raises NotImplementedError on these targets."""

    def replace(original: Any) -> Any:
        def send_to_targets(self: Any, original_event: Any, transform_input: bool = True) -> None:
            if self.state != "ENABLED" or not self.event_pattern.get_pattern():
                return  # moto sends everything to a rule that has a schedule and no pattern
            if not self.event_pattern.matches_event(original_event):
                return
            elsewhere = copy.copy(self)
            elsewhere.targets = [t for t in self.targets if not _is_ours(t["Arn"])]
            for target in self.targets:
                if _is_ours(target["Arn"]):
                    _deliver(functions, target, original_event)
            original(elsewhere, original_event, transform_input)

        return send_to_targets

    return replace


def _is_ours(arn: str) -> bool:
    return ":lambda:" in arn or ":sns:" in arn


def _deliver(functions: Functions, target: dict[str, Any], event: dict[str, Any]) -> None:
    arn = target["Arn"]
    payload = target.get("Input") or json.dumps(_with_iso_time(event), default=str)
    if ":sns:" in arn:
        _, _, _, region, account, _ = arn.split(":")
        sns_backends[account][region].publish(payload, arn=arn)
    elif function := functions.find(arn):
        functions.invoke_later(function, payload.encode())


def _with_iso_time(event: dict[str, Any]) -> dict[str, Any]:
    at = datetime.fromtimestamp(float(event["time"]), UTC)
    return {**event, "time": at.strftime("%Y-%m-%dT%H:%M:%SZ")}
