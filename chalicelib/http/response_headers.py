"""Headers of every answer: security, and the pages of other origins that may read it."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from chalice.app import Response

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
    "Accept", "Accept-Language", "Authorization", "Content-Type", "Idempotency-Key",
    "If-None-Match", "Prefer", "x-api-key",
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


def completed(answer: Response, origin: str, listed: Collection[str]) -> Response:
    """Return an answer with the headers of all; those that it has itself stay."""
    given: Mapping[str, Any] = answer.headers
    shared = shared_with(origin, listed)
    answer.headers = {**SECURITY, **shared, **given}
    if varying := [one["Vary"] for one in (given, shared) if "Vary" in one]:
        answer.headers["Vary"] = ", ".join(varying)
    return answer
