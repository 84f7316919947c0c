"""Views of policies over time."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

from chalice.app import Request

from chalicelib.governance.policies.policy_desk import PolicyDesk
from chalicelib.governance.policies.policy_swap_set import newest_decided
from chalicelib.http.request_body import json_body
from chalicelib.http.routes.request_context import acting, query_of
from chalicelib.services import services


def policies(request: Request) -> Any:
    return _desk().overview()


def policy(request: Request, version: str) -> Any:
    return _desk().document(version)


def draft_policy(request: Request) -> Any:
    return _desk().draft(json_body(request), acting(request))


def policy_swap_set(request: Request, draft: str) -> Any:
    newest = partial(newest_decided, services().predictions, datetime.now(UTC).date())
    return _desk().swap_set(draft, newest, query_of(request).get("decisions", "1000"))


def approve_policy(request: Request, draft: str) -> Any:
    return _desk().approve(draft, acting(request))


def roll_policy_back(request: Request) -> Any:
    return _desk().roll_back(json_body(request), acting(request))


def _desk() -> PolicyDesk:
    using = services()
    return PolicyDesk(using.policies, using.profile, datetime.now(UTC))
