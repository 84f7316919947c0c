"""Views of models: their challengers, which wait for a person, and people's acts on each model."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from chalice.app import Request

from chalicelib.governance.sign_offs.sign_off_desk import SignOffDesk
from chalicelib.http.request_body import json_body
from chalicelib.http.routes.request_context import acting, language_of
from chalicelib.people.caller import signed_in
from chalicelib.services import services

if TYPE_CHECKING:
    from chalicelib.governance.model_acts.model_desk import ModelDesk


def challengers(request: Request) -> Any:
    return _sign_offs().overview()


def sign_off(request: Request, model: str, challenger: str) -> Any:
    return _sign_offs().sign_off(model, challenger, json_body(request), signed_in(request.context))


def upload(request: Request, model: str) -> Any:
    return _models(request).upload(model, json_body(request), acting(request))


def roll_back(request: Request, model: str) -> Any:
    return _models(request).roll_back(model, json_body(request), acting(request))


def history(request: Request, model: str) -> Any:
    return _models(request).history(model)


def standing(request: Request, model: str, version: str) -> Any:
    return _models(request).standing(model, version)


def card(request: Request, model: str, version: str) -> Any:
    return _models(request).card(model, version)


def _sign_offs() -> SignOffDesk:
    using = services()
    parts = (using.registry, using.profile, using.endpoints, using.models)
    return SignOffDesk(*parts, datetime.now(UTC))


def _models(request: Request) -> "ModelDesk":
    from chalicelib.services.model_services import model_desk  # few requests need it

    return model_desk(services(), datetime.now(UTC), language_of(request))
