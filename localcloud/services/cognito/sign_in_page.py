"""The page on which a person signs in. It loads nothing and runs nothing."""

from html import escape
from urllib.parse import urlsplit

from werkzeug.wrappers import Response

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sign in to {domain}</title>
<meta name="viewport" content="width=device-width">
<style>body{{font:1rem/1.5 sans-serif;max-width:22rem;margin:4rem auto;padding:0 1rem}}
label,input,button{{display:block;width:100%;box-sizing:border-box;margin:.5rem 0;font:inherit}}
</style></head><body>
<h1>Sign in to {domain}</h1>
<p>The embedded cloud's user pool, on this machine only.</p>
<p role="alert">{fault}</p>
<form method="post" action="/cognito/{domain}/login" autocomplete="off">
<input type="hidden" name="transaction" value="{transaction}">
<label>User name <input name="username" required autofocus></label>
<label>Password <input name="password" type="password" required></label>
<button>Sign in</button></form></body></html>
"""


def form(domain: str, transaction: str, redirect_uri: str, fault: str = "") -> Response:
    """Return the form. `fault` says why it is shown again; the status is 200 then, too, as
    Cognito's is.
    """
    # Browsers hold the redirect that answers a form to form-action, too.
    place = urlsplit(redirect_uri)
    policy = (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action 'self' {place.scheme}://{place.netloc}"
    )
    headers = {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        # Without a referrer a browser would name no origin of the form, and the port refuses that.
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
    shown = {"domain": domain, "transaction": transaction, "fault": fault}
    body = _PAGE.format(**{name: escape(text) for name, text in shown.items()})
    return Response(body, 200, headers, content_type="text/html; charset=utf-8")


def refusal(fault: str) -> Response:
    """Return the answer to a request that leads nowhere."""
    return Response(f"{fault}\n", 400, {"Cache-Control": "no-store"}, content_type="text/plain")
