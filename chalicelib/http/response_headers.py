"""Headers of every answer: security, limits, and the pages of other origins that may read it."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, cast

from chalice.app import Chalice, Request, Response

from chalicelib.profile.tables.api_tables import Api, Limits

Headers = dict[str, str]

# OWASP's list for APIs; a page has a policy of its own:
# https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html#security-headers
SECURITY: Headers = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",  # on http a browser ignores it
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
ASKED = (
    "Accept", "Accept-Language", "Authorization", "Content-Encoding", "Content-Type",
    "Idempotency-Key", "If-None-Match", "Prefer", "x-api-key",
)  # fmt: skip
ANSWERED = (
    "Content-Language", "ETag", "Idempotent-Replayed", "Link", "Location", "Preference-Applied",
    "RateLimit-Policy", "Retry-After", "WWW-Authenticate",
)  # fmt: skip
PREFLIGHT_SECONDS = 600  # so long a browser keeps the answer to OPTIONS


def shared_with(origin: str, listed: Collection[str]) -> Headers:
    """Return the headers that let a page of this origin read an answer; none for another origin.

    A cache must not give one page's answer to another: https://fetch.spec.whatwg.org/#cors-protocol
    """
    if not listed:
        return {}
    if origin not in listed:
        return {"Vary": "Origin"}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": ", ".join(ANSWERED),
        "Vary": "Origin",
    }


def preflight(origin: str, listed: Collection[str], methods: Iterable[str]) -> Response:
    """Return the answer to OPTIONS: what a page of a listed origin may ask of a path."""
    headers: dict[str, Any] = {"Allow": ", ".join(sorted(methods))}
    if origin in listed:
        headers |= {
            "Access-Control-Allow-Methods": headers["Allow"],
            "Access-Control-Allow-Headers": ", ".join(ASKED),
            "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
        }
    return Response("", headers, status_code=204)


def limits(of_stage: Limits, *, keyed: bool) -> Headers:
    """Return the limits of a route: of the API key, if it needs one, and of all its callers.

    API Gateway does not tell what is left of them, so that the field RateLimit is not there:
    https://www.ietf.org/archive/id/draft-ietf-httpapi-ratelimit-headers-11.html
    """
    shown = {"key": of_stage.key} if keyed else {}
    shown["route"] = of_stage.route
    policies = (f'"{name}";q={limit.rate};w=1' for name, limit in shown.items())
    return {"RateLimit-Policy": ", ".join(policies)}


def completed(
    answer: Response, origin: str, listed: Collection[str], limited: Mapping[str, str]
) -> Response:
    """Return an answer with the headers of all; those that it has itself stay."""
    given: Mapping[str, Any] = answer.headers
    shared = shared_with(origin, listed)
    answer.headers = {**SECURITY, **limited, **shared, **given}
    if varying := [one["Vary"] for one in (given, shared) if "Vary" in one]:
        answer.headers["Vary"] = ", ".join(varying)
    return answer


def complete(app: Chalice, api: Callable[[], Api], stage: str) -> None:
    """Complete the answers of all routes that there are, and have each path answer OPTIONS."""

    @app.middleware("http")
    def answer(request: Any, get_response: Any) -> Any:
        keyed = app.routes[request.path][request.method].api_key_required
        limited = limits(api().limits[stage], keyed=bool(keyed))
        origin = request.headers.get("origin", "")
        return completed(get_response(request), origin, api().origins, limited)

    def options(**_: str) -> Response:
        request = cast("Request", app.current_request)  # a view has one
        methods, origin = app.routes[request.path], request.headers.get("origin", "")
        return preflight(origin, api().origins, methods)

    for path in [*app.routes]:
        app.route(path, methods=["OPTIONS"], content_types=["*/*"])(options)
