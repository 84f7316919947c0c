"""Views of the viewer at /docs, which need no key: it shows what GET /openapi.json says."""

from typing import Any

from chalice.app import Request, Response

from chalicelib.foundation.errors import NotFound
from chalicelib.http.viewer import viewer_files
from chalicelib.http.web import Headers, published

# Swagger UI sets styles by script, which style-src allows; its icons are data.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
GUARDED: Headers = {"Content-Security-Policy": POLICY}
KEPT: Headers = {"Cache-Control": "public, max-age=31536000, immutable"}


def viewer(request: Request) -> Any:
    if str(request.context.get("path", "")).endswith("/"):
        return Response("", {"Location": "../docs"}, status_code=308)  # for the page's own links
    return published(request, viewer_files.page(), "text/html; charset=utf-8", GUARDED)


def viewer_file(request: Request, name: str) -> Any:
    """Answer a file that the page names. Raises NotFound."""
    if name not in viewer_files.files():
        raise NotFound
    place, kind = viewer_files.files()[name]
    return published(request, viewer_files.text_of(place), kind, GUARDED | KEPT)
