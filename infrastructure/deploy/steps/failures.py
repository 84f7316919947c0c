"""The destination of events that an asynchronous function gives up: the queue
<stage>-<app>-failures.

Chalice has no dead-letter queues, and a destination has more: the event with its error. Chalice's
updates leave this setting alone; each deployment puts it again.
"""

from typing import TYPE_CHECKING

from chalicelib.foundation.settings import Settings
from infrastructure.template.function_permissions.function_names import ASYNCHRONOUS

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

HOURS = 3600


def keep(functions: "LambdaClient", settings: Settings, account: str) -> None:
    """Set the destination of each function; the functions must exist. Safe to repeat."""
    for name in ASYNCHRONOUS:
        functions.put_function_event_invoke_config(
            FunctionName=settings.function(name),
            MaximumRetryAttempts=2,
            MaximumEventAgeInSeconds=6 * HOURS,
            DestinationConfig={"OnFailure": {"Destination": settings.failures_queue_arn(account)}},
        )
