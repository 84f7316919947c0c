"""The edge of HTTP: answers, problems and languages."""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from botocore.exceptions import BotoCoreError, ClientError
from chalice.app import Chalice, Request, Response

from chalicelib.foundation import observability
from chalicelib.foundation.errors import AnalysisPending, InternalError, Problem, ServiceUnavailable
from chalicelib.foundation.text import Language, asks_for, preferred
from chalicelib.http.path_ids import require_ids
from chalicelib.http.preferences import RESPOND_ASYNC
from chalicelib.people.access import PEOPLE

PROBLEM_TYPE = "application/problem+json"
# An answer holds what a person applied for: no cache on the way may keep it.
NOT_STORED = {"Cache-Control": "no-store"}

# A page that loads nothing, runs nothing and stands in no frame.
PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"

REPLAYED = {"Idempotent-Replayed": "true"}  # the answer was there before the request

P = ParamSpec("P")
View = Callable[Concatenate[Request, P], Any]
Headers = dict[str, str | list[str]]


@dataclass(frozen=True)
class Answer:
    """An answer with headers of its own."""

    body: dict[str, Any]
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Answering:
    """A decorator that gives a view its request, and answers what it returns or raises in the
    caller's language, `usual` if the caller names none.

    `admit` raises a Problem if the caller may not call the route. An id in the path that can't be
    one is a Problem, too. A middleware cannot do it: Chalice turns a view's exceptions into its own
    500 before.
    """

    app: Chalice
    usual: Callable[[], Language]
    admit: Callable[[Request], None]

    def __call__(self, view: View[P]) -> Callable[P, Response]:
        @wraps(view)
        def requested(*args: P.args, **kwargs: P.kwargs) -> Response:
            try:
                self.admit(self._request)
                require_ids(self._request)
                return _answer(view(self._request, *args, **kwargs))
            except (Problem, AnalysisPending, ClientError, BotoCoreError) as raised:
                return self._answer_to(raised)

        asked = observability.observed(requested)

        @wraps(view)
        def answered(*args: P.args, **kwargs: P.kwargs) -> Response:
            started = time.perf_counter()
            try:
                answer = asked(*args, **kwargs)
            except Exception as fault:  # noqa: BLE001 - the edge: it is logged by its name already
                answer = self._answer_to(fault)
            seconds = time.perf_counter() - started
            observability.answered(view.__name__, answer.status_code, seconds)
            return answer

        return answered

    @property
    def _request(self) -> Request:
        """The request that a view answers: Chalice has one while it does."""
        return cast("Request", self.app.current_request)

    def _answer_to(self, raised: Exception) -> Response:
        said_in = language(self._request, self.usual())
        match raised:
            case AnalysisPending():
                return _pending(raised, self._request)
            case Problem():
                return _problem(raised, said_in)
            case ClientError() | BotoCoreError():
                return _problem(ServiceUnavailable(), said_in)
        return _problem(InternalError(), said_in)


def _pending(pending: AnalysisPending, request: Request) -> Response:
    prefix = PEOPLE if request.path.startswith(PEOPLE) else ""
    location = base_path(request.context.get("path", ""), request.path) + prefix + pending.location
    headers: Headers = {"Location": location, "Retry-After": str(pending.retry_after), **NOT_STORED}
    headers |= {"Preference-Applied": RESPOND_ASYNC} if pending.is_asked else {}
    headers |= REPLAYED if pending.is_replayed else {}
    return Response({"predictionUrl": location}, headers, status_code=202)


def base_path(asked: str, resource: str) -> str:
    """Return what precedes the API's own path in the caller's URL.

    That is the stage on a host of API Gateway; a base path, or nothing, on the bank's own. `asked`
    is the event's requestContext.path: https://gist.github.com/GREsau/444c7d4d0bb9e8c82dd1a585931028bd
    """
    own = resource.count("/")
    return "/".join(asked.rstrip("/").split("/")[:-own])


def language(request: Request, usual: Language) -> Language:
    """Return the language that the caller prefers, else the usual."""
    return preferred(request.headers.get("accept-language", ""), usual)


def header_values(request: Request, name: str) -> list[str]:
    """Return each value of a header, in their order.

    API Gateway keeps the last one alone in `headers`. `chalice local` sends no `multiValueHeaders`.
    """
    several = request.to_original_event().get("multiValueHeaders") or {}
    for known, values in several.items():
        if known.lower() == name:
            return [str(value) for value in values]
    return [request.headers[name]] if name in request.headers else []


def wants_html(request: Request) -> bool:
    """Return whether the caller is a browser, or asks as one."""
    return asks_for("text/html", request.headers.get("accept", ""))


def html(page: str, said_in: Language) -> Response:
    """Return a page that loads nothing and runs nothing."""
    headers: Headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Language": said_in,
        "Content-Security-Policy": PAGE_POLICY,
        **NOT_STORED,
    }
    return Response(page, headers)


def published(
    request: Request, text: str, content_type: str, more: Headers | None = None
) -> Response:
    """Return what is the same for every caller, or 304 to one that has it already. Without `more`
    headers of its own a cache asks each time whether it has changed.

    The gateway compresses the text for who accepts it, and leaves the headers as they are: the ETag
    is weak, as it is that of each coding. https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3.3
    """
    etag = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
    headers: Headers = {"ETag": f"W/{etag}", "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    headers |= {"Content-Type": content_type} | (more or {})
    known = request.headers.get("if-none-match", "").split(",")
    if {etag, "*"} & {one.strip().removeprefix("W/") for one in known}:
        return Response("", headers, status_code=304)
    return Response(text, headers)


def _answer(said: Any) -> Response:
    """Return the answer, in the language that its texts are in, if it has any."""
    if isinstance(said, Response):
        return said
    headers: Headers = {**NOT_STORED}
    if isinstance(said, Answer):
        headers |= said.headers
        said = said.body
    if isinstance(said, dict) and "language" in said:
        headers["Content-Language"] = said["language"]
    if isinstance(said, dict) and "predictionId" in said:
        observability.correlate(said["predictionId"])
    return Response(said, headers)


def _problem(problem: Problem, said_in: Language) -> Response:
    headers: Headers = {"Content-Type": PROBLEM_TYPE, "Content-Language": said_in, **NOT_STORED}
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if problem.retry_after:
        headers["Retry-After"] = str(problem.retry_after)
    body = problem.to_payload(lambda text: text.said_in(said_in))
    return Response(body, headers, status_code=problem.status)
