"""The parameter of subscribers, which CloudFormation can't make: it has no SecureString."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chalicelib.foundation.settings import Settings
from chalicelib.governance.announcements import subscribers
from chalicelib.governance.announcements.subscribers import Known, Subscriber

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient


def keep(client: "SSMClient", settings: Settings) -> None:
    """Make the parameter, of no subscribers, unless it is there."""
    if not _value(client, settings):
        put(client, settings, {})


def known(client: "SSMClient", settings: Settings) -> dict[str, Subscriber]:
    """Return the subscribers by their names."""
    return dict(subscribers.parsed(_value(client, settings) or subscribers.NOBODY))


def put(client: "SSMClient", settings: Settings, wanted: Known) -> None:
    client.put_parameter(
        Name=settings.webhooks_parameter,
        Value=subscribers.written(wanted),
        Type="SecureString",
        Description="Addresses and secrets of those whom webhooks call. make webhook.",
        Overwrite=True,
    )


def delete(client: "SSMClient", settings: Settings) -> Iterator[str]:
    """Delete the parameter, and yield its name."""
    if _value(client, settings):
        client.delete_parameter(Name=settings.webhooks_parameter)
        yield f"parameter {settings.webhooks_parameter}"


def _value(client: "SSMClient", settings: Settings) -> str:
    """Return the parameter's value; empty if there is none."""
    name = settings.webhooks_parameter
    try:
        return client.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    except client.exceptions.ParameterNotFound:
        return ""
