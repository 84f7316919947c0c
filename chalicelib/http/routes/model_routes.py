"""Views of challengers that wait for a person."""

from datetime import UTC, datetime
from typing import Any

from chalice.app import Request

from chalicelib.governance.sign_offs.sign_off_desk import SignOffDesk
from chalicelib.http.request_body import json_body
from chalicelib.people.caller import signed_in
from chalicelib.services import services


def challengers(request: Request) -> Any:
    return _desk().overview()


def sign_off(request: Request, model: str, challenger: str) -> Any:
    return _desk().sign_off(model, challenger, json_body(request), signed_in(request.context))


def _desk() -> SignOffDesk:
    using = services()
    parts = (using.registry, using.profile, using.endpoints, using.models)
    return SignOffDesk(*parts, datetime.now(UTC))
