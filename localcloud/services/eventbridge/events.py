"""Events of AWS itself and of functions, and the targets of rules that moto has not."""

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.core.exceptions import JsonRESTError
from moto.events.models import events_backends
from moto.sns.models import sns_backends

from localcloud.services.lambda_.functions import Functions
from localcloud.services.servicequotas.account_quotas import Quotas, find

if TYPE_CHECKING:
    from localcloud.kept_state.durability import Kept


RULES = "L-244521F2"


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
    """Replace moto's Rule.send_to_targets, which raises NotImplementedError on these targets."""

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


def put_rule(quotas: Quotas) -> Callable[[Any], Any]:
    """Replace moto's EventsBackend.put_rule, which has no limit of rules."""

    def replace(original: Any) -> Any:
        def put(self: Any, name: str, *args: Any, **more: Any) -> Any:
            bus = self._normalize_event_bus_arn(more.get("event_bus_arn"))
            rules = self.describe_event_bus(bus).rules
            if name not in rules and len(rules) >= quotas.value(find("events", RULES)):
                raise JsonRESTError(
                    "LimitExceededException",
                    "The requested resource exceeds the maximum number allowed.",
                )
            return original(self, name, *args, **more)

        return put

    return replace


def put_events(_original: Any) -> Any:
    """Replace moto's EventsHandler.put_events, which lets an account speak as a service of AWS.

    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html
    """

    def put(self: Any) -> str:
        entries = self._get_param("Entries")
        own = [entry for entry in entries if not _is_of_aws(entry)]
        answers = iter(self.events_backend.put_events(own))
        told = [dict(_NOT_AUTHORIZED) if _is_of_aws(one) else next(answers) for one in entries]
        failed = sum("ErrorCode" in one for one in told)
        return json.dumps({"FailedEntryCount": failed, "Entries": told})

    return put


_NOT_AUTHORIZED = {
    "ErrorCode": "NotAuthorizedForSourceException",
    "ErrorMessage": "Not authorized for the source.",
}


def _is_of_aws(entry: dict[str, Any]) -> bool:
    return (entry.get("Source") or "").lower().startswith("aws.")
