"""HTTP at its edge: bodies in, problems out."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

import msgspec
from botocore.exceptions import BotoCoreError, ClientError
from chalice.app import CORSConfig, Request, Response

from chalicelib import observability
from chalicelib.errors import (
    AnalysisPending,
    AnalysisUnavailable,
    InvalidRequest,
    Problem,
    RequestTooLarge,
    UnsupportedMediaType,
)
from chalicelib.profile import Language, Profile

LARGEST_BODY = 64 * 1024

CORS = CORSConfig(allow_headers=["x-api-key", "Idempotency-Key", "Accept-Language"])


P = ParamSpec("P")


def answers_problems(view: Callable[P, Any]) -> Callable[P, Any]:
    """Chalice turns a view's exceptions into 500 before any middleware sees them."""

    @wraps(view)
    def answered(*args: P.args, **kwargs: P.kwargs) -> Any:
        started = time.perf_counter()
        answer = answer_or_problem(*args, **kwargs)
        status = answer.status_code if isinstance(answer, Response) else 200
        if isinstance(answer, dict) and "predictionId" in answer:
            observability.correlate(answer["predictionId"])
        observability.answered(view.__name__, status, time.perf_counter() - started)
        return answer

    @observability.observed
    @wraps(view)
    def answer_or_problem(*args: P.args, **kwargs: P.kwargs) -> Any:
        try:
            return view(*args, **kwargs)
        except Problem as problem:
            return _problem(problem)
        except AnalysisPending as pending:
            body = {"predictionUrl": pending.location}
            return Response(body, {"Location": pending.location}, status_code=202)
        except (ClientError, BotoCoreError):
            return _problem(AnalysisUnavailable("A service did not answer. Try again in a moment."))

    return answered


def json_body(request: Request) -> Any:
    """Raises the problem with what is not JSON of at most 64 KB."""
    media_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if media_type != "application/json":
        raise UnsupportedMediaType("Send the body as application/json.")
    if len(request.raw_body) > LARGEST_BODY:
        raise RequestTooLarge("Send 64 KB at most.")
    try:
        return msgspec.json.decode(request.raw_body)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise InvalidRequest(f"The body is not JSON: {error}.") from error


def language(request: Request, profile: Profile) -> Language:
    """Spanish or English, whichever the caller names first; else the profile's."""
    for wanted in request.headers.get("accept-language", "").lower().split(","):
        if wanted.strip()[:2] == "en":
            return "en"
        if wanted.strip()[:2] == "es":
            return "es"
    return profile.product.language


def _problem(problem: Problem) -> Response:
    return Response(
        problem.to_payload(),
        {"Content-Type": "application/problem+json"},
        status_code=problem.status,
    )
