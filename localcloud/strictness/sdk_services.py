"""Services as the AWS SDK integrations of Step Functions name them, which is as the AWS SDK for
Java does: by their service id, without spaces.

https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

import re
from collections.abc import Mapping
from functools import cache

from botocore.session import get_session
from botocore.utils import EVENT_ALIASES
from moto.core.utils import get_service_model

# The ids that botocore's names of events do not tell.
_IDS = {
    "ds-data": "directoryservicedata",
    "lexv2-models": "lexmodelsv2",
    "lexv2-runtime": "lexruntimev2",
    "sms-voice": "pinpointsmsvoice",
}
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+\d*|[A-Z]+\d*|\d+")


def of_sdk(name: str) -> str | None:
    """Return botocore's name of a service, None for a service that AWS lacks."""
    return _services().get(name)


@cache
def _services() -> Mapping[str, str]:
    """Return botocore's names by those of the SDK, without reading 400 service models."""
    return {
        _IDS.get(name) or EVENT_ALIASES.get(name, name).replace("-", ""): name
        for name in get_session().get_available_services()
    }


@cache
def error_prefix(service: str) -> str:
    """Return the name that begins a service's errors, as DynamoDb in DynamoDb.DynamoDbException.
    `service`: botocore's name.
    """
    words = _WORD.findall(get_service_model(service).metadata.get("serviceId") or service)
    return "".join(word.capitalize() for word in words)
