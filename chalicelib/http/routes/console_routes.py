"""Views of the console: its page and files, which need no token, and the product for its forms.

A browser asks for the page and its files once: what they need is imported then.
"""

from typing import Any

from chalice.app import Request, Response

from chalicelib.foundation.errors import NotFound
from chalicelib.http.routes.request_context import language_of
from chalicelib.http.routes.viewer_routes import KEPT
from chalicelib.http.web import Headers, published
from chalicelib.people.caller import signed_in
from chalicelib.services import services


def console(request: Request) -> Any:
    from chalicelib.http.console import console_files
    from chalicelib.services.console_services import sign_in

    path = str(request.context.get("path", "/"))
    if not path.endswith("/"):  # for the page's own links
        return Response("", {"Location": f"{path.rpartition('/')[2]}/"}, status_code=308)
    place = sign_in().place()
    headers: Headers = {"Content-Security-Policy": console_files.policy(place)}
    return published(request, console_files.page(place), "text/html; charset=utf-8", headers)


def console_file(request: Request, name: str) -> Any:
    """Answer a file that the page names. Raises NotFound."""
    from chalicelib.http.console.console_files import files

    if name not in files():
        raise NotFound
    text, kind = files()[name]
    return published(request, text, kind, KEPT)


def product(request: Request) -> Any:
    from chalicelib.http.console.product_form import product_form

    using, person = services(), signed_in(request.context)
    return product_form(using.profile_in_force(), person, language_of(request))
