"""Events that an asynchronous function gives up go to the queue <stage>-<app>-failures.

Chalice knows no dead-letter queues, and a destination tells more: the event with its error. It is
a setting of its own, which Chalice's updates leave alone; after every deployment it is put again.
"""

from typing import TYPE_CHECKING

from chalicelib.settings import Settings
from infrastructure.template.policies import ASYNCHRONOUS

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

HOURS = 3600


def keep(functions: "LambdaClient", settings: Settings, account: str) -> None:
    """Call it once the functions exist. Safe to repeat."""
    for name in ASYNCHRONOUS:
        functions.put_function_event_invoke_config(
            FunctionName=settings.function(name),
            MaximumRetryAttempts=2,
            MaximumEventAgeInSeconds=6 * HOURS,
            DestinationConfig={"OnFailure": {"Destination": settings.failures_queue_arn(account)}},
        )
