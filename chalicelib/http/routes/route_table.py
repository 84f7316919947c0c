"""Table of the API's routes and their views; `chalicelib.people.access` says who may call each."""

from collections.abc import Callable
from typing import Any

from chalicelib.http.routes import (
    batch_routes,
    console_routes,
    decision_routes,
    list_routes,
    model_routes,
    policy_routes,
    review_routes,
    rights_routes,
    service_routes,
    viewer_routes,
)

View = Callable[..., Any]

_DECISION = "/predictions/{clientId}/{predictionId}"

ROUTES: tuple[tuple[str, str, View], ...] = (
    ("POST", "/predict", decision_routes.predict),
    ("GET", "/decisions", list_routes.decisions),
    ("GET", "/predictions/{clientId}", list_routes.predictions),
    ("GET", _DECISION, decision_routes.prediction),
    ("POST", f"{_DECISION}/outcome", decision_routes.outcome),
    ("GET", f"{_DECISION}/change", rights_routes.change_needed),
    ("POST", f"{_DECISION}/trial", rights_routes.try_changes),
    ("GET", f"{_DECISION}/replay", decision_routes.replay),
    ("GET", f"{_DECISION}/evidence", decision_routes.evidence),
    ("GET", f"{_DECISION}/offer", rights_routes.offer),
    ("POST", f"{_DECISION}/offer", rights_routes.take_offer),
    ("GET", f"{_DECISION}/explanation", rights_routes.explain),
    ("POST", f"{_DECISION}/contest", rights_routes.contest),
    ("DELETE", "/clients/{clientId}", rights_routes.erase),
    ("POST", "/batches", batch_routes.batches),
    ("GET", "/batches/{batchId}", batch_routes.batch),
    ("GET", "/reviews", review_routes.reviews),
    ("POST", f"{_DECISION}/review", review_routes.review),
    ("POST", f"{_DECISION}/review/claim", review_routes.claim_review),
    ("POST", f"{_DECISION}/review/release", review_routes.release_review),
    ("GET", "/portfolio", review_routes.portfolio),
    ("GET", "/policies", policy_routes.policies),
    ("GET", "/policies/{version}", policy_routes.policy),
    ("POST", "/policies", policy_routes.draft_policy),
    ("GET", "/policy-drafts/{draft}/swap-set", policy_routes.policy_swap_set),
    ("POST", "/policy-drafts/{draft}/approval", policy_routes.approve_policy),
    ("POST", "/policy-rollback", policy_routes.roll_policy_back),
    ("GET", "/models", service_routes.models),
    ("GET", "/challengers", model_routes.challengers),
    ("POST", "/challengers/{model}/{challenger}/sign-off", model_routes.sign_off),
    ("GET", "/models/{model}/history", model_routes.history),
    ("GET", "/models/{model}/versions/{version}", model_routes.standing),
    ("GET", "/models/{model}/versions/{version}/card", model_routes.card),
    ("POST", "/models/{model}/artifacts", model_routes.upload),
    ("POST", "/models/{model}/rollback", model_routes.roll_back),
    ("GET", "/product", console_routes.product),
    ("GET", "/ready", service_routes.ready),
)
# Without a key or a token.
OPEN: tuple[tuple[str, View], ...] = (
    ("/health", service_routes.health),
    ("/openapi.json", service_routes.openapi),
    ("/docs", viewer_routes.viewer),
    ("/docs/{name}", viewer_routes.viewer_file),
    ("/", console_routes.console),
    ("/console/{name}", console_routes.console_file),
)
