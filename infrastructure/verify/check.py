"""A check of a deployed stage against its account, and how it ended."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import boto3
from botocore.config import Config

from chalicelib import profile
from chalicelib.foundation.settings import Settings
from chalicelib.people.access import Scope
from chalicelib.profile import Profile
from infrastructure import embedded
from infrastructure.deploy.steps import api_keys, chalice_deploy, deployed_api

TIMES = Config(connect_timeout=5, read_timeout=60, retries={"mode": "standard", "max_attempts": 4})

Ending = Literal["proved", "failed", "not applicable"]


@dataclass(frozen=True, slots=True)
class Result:
    """Ending of a check, with its reason."""

    ending: Ending
    reason: str


def proved(reason: str) -> Result:
    return Result("proved", reason)


def failed(reason: str) -> Result:
    return Result("failed", reason)


def not_applicable(reason: str) -> Result:
    return Result("not applicable", reason)


class Stage:
    """A deployed stage: its names, and clients for its account."""

    def __init__(self, settings: Settings, account: str) -> None:
        self.settings = settings
        self.account = account
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = boto3.client(service, config=TIMES)  # type: ignore[call-overload]
        return self._clients[service]

    @cached_property
    def profile(self) -> Profile:
        return profile.load()

    @cached_property
    def api(self) -> str:
        """Return the REST API's id. Raises functions.NoApi, or TwoApis."""
        return chalice_deploy.only_api(self.client("apigateway"), self.settings)

    @cached_property
    def url(self) -> str:
        return embedded.api_url(self.api, deployed_api.GATEWAY_STAGE, self.settings.region)

    @cached_property
    def api_key(self) -> str:
        """Raises api.NoApi if there is none."""
        return api_keys.newest(self.client("apigateway"), self.settings, Scope.SCORING)

    def endpoint(self, model: str) -> str:
        return f"{self.settings.prefix}-{model}"


@dataclass(frozen=True, slots=True)
class Check:
    """A row of the list.

    `command` is what a person types for the same; without `run` nobody else can. `writes`: it
    changes something, and needs YES=yes. `lacks`: what the embedded cloud has not of it.
    """

    name: str
    what: str
    unproved: str
    command: str
    run: Callable[[Stage], Result] | None = None
    writes: bool = False
    lacks: str = ""
