"""Requests of functions that are answered within the process, where all is plainly right.

On its usual way a request is written as JSON, signed, parsed, held against AWS's rules and parsed
again, which takes longer than what it asks for. What is not plainly right takes that way.
"""

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ReadTimeoutError

from localcloud.iam.authorization import Authorization
from localcloud.ports.reused_threads import OutOfTime, within

Usual = Callable[[], Any]
# It gets the client, the parameters, and the usual way, and returns what boto3 would return.
Quick = Callable[[Any, Mapping[str, Any], Usual], Any]


def quick_calls(
    authorization: Authorization, quick: Mapping[tuple[str, str], Quick]
) -> Callable[[Any], Any]:
    """Replace botocore's BaseClient._make_api_call; `quick` has a call by service and operation."""
    operations = {operation for _, operation in quick}

    def replace(original: Any) -> Any:
        def call(client: Any, operation_name: str, api_params: dict[str, Any]) -> Any:
            def usual() -> Any:
                return original(client, operation_name, api_params)

            if operation_name not in operations or not authorization.is_acting:
                return usual()
            meta = client.meta
            found = quick.get((meta.service_model.service_name, operation_name))
            if found is None or not meta.endpoint_url.endswith(".amazonaws.com"):
                return usual()
            return found(client, api_params, usual)

        return call

    return replace


def in_time(client: Any, do: Callable[[], Any]) -> Any:
    """Return what `do` returns. Raises ReadTimeoutError after the client's read time-out."""
    try:
        return within(client.meta.config.read_timeout, do)
    except OutOfTime:
        raise ReadTimeoutError(endpoint_url=client.meta.endpoint_url) from None


def answered(parts: Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer as boto3 gives it: what is None was not sent."""
    sent = {name: part for name, part in parts.items() if part is not None}
    return {**sent, "ResponseMetadata": {"HTTPStatusCode": 200, "HTTPHeaders": {}}}
