"""Parameters of a stage beside its stacks: the review-only mode, which a deployment keeps, the keys
of cursors, which CloudFormation can't make, as it has no SecureString, and where people sign in to
the console, whose address the API alone knows.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chalicelib.decisions.lists.cursor_keys import new_key, parsed, written
from chalicelib.foundation.settings import Settings
from chalicelib.people import sign_in_place
from chalicelib.people.sign_in_place import SignInPlace

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

DESCRIPTION = "Keys that sign cursors of lists, the newest first. make deploy and make cursor-key."


def review_only_mode(client: "SSMClient", settings: Settings) -> str:
    """Return the review-only mode; empty if there is no such parameter."""
    return _value(client, settings.review_only_parameter)


def keep_cursor_keys(client: "SSMClient", settings: Settings) -> None:
    """Make the parameter with a first key unless there is one."""
    if not _value(client, settings.cursor_keys_parameter):
        _put(client, settings, [new_key()])


def rotate_cursor_keys(client: "SSMClient", settings: Settings) -> None:
    """Put a new key before the one that signs. That one's cursors stay good until the next time."""
    value = _value(client, settings.cursor_keys_parameter)
    _put(client, settings, [new_key(), *(parsed(value) if value else ())])


def keep_sign_in(client: "SSMClient", settings: Settings, place: SignInPlace) -> None:
    """Tell the console where people sign in, unless it knows."""
    name, value = settings.sign_in_parameter, sign_in_place.written(place)
    if _value(client, name) != value:
        client.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)


def delete(client: "SSMClient", settings: Settings) -> Iterator[str]:
    """Delete the parameters that no stack has, and yield the name of each."""
    for name in (settings.cursor_keys_parameter, settings.sign_in_parameter):
        if _value(client, name):
            client.delete_parameter(Name=name)
            yield f"parameter {name}"


def _put(client: "SSMClient", settings: Settings, keys: list[bytes]) -> None:
    client.put_parameter(
        Name=settings.cursor_keys_parameter,
        Value=written(keys),
        Type="SecureString",
        Description=DESCRIPTION,
        Overwrite=True,
    )


def _value(client: "SSMClient", name: str) -> str:
    """Return a parameter's value; empty if there is none."""
    try:
        return client.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    except client.exceptions.ParameterNotFound:
        return ""
