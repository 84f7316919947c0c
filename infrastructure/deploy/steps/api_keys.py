"""API keys of a stage: one a scope, all in the stage's usage plan.

Each key's scope is in its name, `<stage>-<app>-<scope>`. A parameter has the scopes by the keys'
ids, for the API's function. A key named `<stage>-<app>` is older than the scopes and has all.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.foundation.settings import Settings
from chalicelib.people import key_scopes
from chalicelib.people.access import Scope

if TYPE_CHECKING:
    from mypy_boto3_apigateway import APIGatewayClient
    from mypy_boto3_ssm import SSMClient

EVERY_SCOPE = frozenset(Scope)
DESCRIPTION = "Scopes of the API keys, by the keys' ids. make deploy and make key write it."


class NoApi(Exception):
    """The stage has no API, or no such key."""


@dataclass(frozen=True, slots=True)
class Key:
    """An API key; `scope` is None if it is older than the scopes."""

    id: str
    value: str
    scope: Scope | None

    @property
    def scopes(self) -> frozenset[Scope]:
        return frozenset([self.scope]) if self.scope else EVERY_SCOPE


def keys(client: "APIGatewayClient", settings: Settings) -> list[Key]:
    """Return the keys of this stage, the newest first."""
    named = {f"{settings.prefix}-{scope}": scope for scope in Scope} | {settings.prefix: None}
    pages = client.get_paginator("get_api_keys").paginate(
        nameQuery=settings.prefix, includeValues=True
    )
    found = [key for page in pages for key in page["items"] if key["name"] in named]
    found.sort(key=lambda key: key["createdDate"], reverse=True)
    return [Key(key["id"], key["value"], named[key["name"]]) for key in found]


def record(client: "APIGatewayClient", ssm: "SSMClient", settings: Settings) -> list[Key]:
    """Write the scopes of the keys that there are, and return these keys.

    Safe to repeat: the parameter is put only if it differs.
    """
    found, name = keys(client, settings), settings.key_scopes_parameter
    value = key_scopes.written({key.id: key.scopes for key in found})
    if _recorded(ssm, name) != value:
        ssm.put_parameter(
            Name=name, Value=value, Type="String", Description=DESCRIPTION, Overwrite=True
        )
    return found


def complete(
    client: "APIGatewayClient", ssm: "SSMClient", plan: str, settings: Settings
) -> list[Key]:
    """Create the key of each scope that has none, and put all keys in the usage plan.

    A key is in the parameter before it is in the plan, so that no key works without its scope.
    """
    there = {key.scope for key in keys(client, settings)}
    for scope in Scope:
        if scope not in there:
            _create(client, scope, settings)
    found = record(client, ssm, settings)
    pages = client.get_paginator("get_usage_plan_keys").paginate(usagePlanId=plan)
    in_plan = {key["id"] for page in pages for key in page["items"]}
    for key in found:
        if key.id not in in_plan:
            client.create_usage_plan_key(usagePlanId=plan, keyId=key.id, keyType="API_KEY")
    return found


def newest(client: "APIGatewayClient", settings: Settings, scope: Scope | None) -> str:
    """Return the value of the newest key of a scope; None is that of every scope. Raises NoApi."""
    for key in keys(client, settings):
        if key.scope == scope:
            return key.value
    if scope is None:
        raise NoApi(
            f"{settings.stage} has no key of every scope: each has one, SCOPE={{{_all()}}}."
        )
    raise NoApi(
        f"{settings.stage} has no API key for {scope} yet: make deploy STAGE={settings.stage}."
    )


def rotate(
    client: "APIGatewayClient", ssm: "SSMClient", plan: str, scope: Scope, settings: Settings
) -> None:
    """Create a key of the scope. The old key works until `retire`."""
    _create(client, scope, settings)
    complete(client, ssm, plan, settings)


def retire(
    client: "APIGatewayClient", ssm: "SSMClient", settings: Settings, scope: Scope | None
) -> int:
    """Delete all keys of a scope but the newest; of every scope, all. Return how many."""
    of_scope = [key for key in keys(client, settings) if key.scope == scope]
    old = of_scope[1:] if scope else of_scope
    for key in old:
        client.delete_api_key(apiKey=key.id)
    record(client, ssm, settings)
    return len(old)


def delete(client: "APIGatewayClient", ssm: "SSMClient", settings: Settings) -> Iterator[str]:
    """Delete the keys and their parameter, and yield each."""
    for key in keys(client, settings):
        client.delete_api_key(apiKey=key.id)
        yield f"API key {key.id}"
    if _recorded(ssm, settings.key_scopes_parameter):
        ssm.delete_parameter(Name=settings.key_scopes_parameter)
        yield f"parameter {settings.key_scopes_parameter}"


def _create(client: "APIGatewayClient", scope: Scope, settings: Settings) -> None:
    tags = {"project": settings.app_name, "stage": settings.stage, "scope": str(scope)}
    client.create_api_key(name=f"{settings.prefix}-{scope}", enabled=True, tags=tags)


def _recorded(ssm: "SSMClient", name: str) -> str:
    """Return the parameter's value; empty if there is none."""
    try:
        return ssm.get_parameter(Name=name)["Parameter"]["Value"]
    except ssm.exceptions.ParameterNotFound:
        return ""


def _all() -> str:
    return ", ".join(Scope)
