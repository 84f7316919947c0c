"""A user pool's domain: sign-in with code and PKCE, the token endpoint, and the pool's keys.

The AWS port serves it at /cognito/<domain>/…, where AWS has
https://<domain>.auth.<region>.amazoncognito.com/…; the keys are at /<pool id>/.well-known/….
"""

import json
import re
import secrets
import threading
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlencode

from moto.cognitoidp.models import UserStatus, cognitoidp_backends
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from localcloud.kept_state.durability import Kept
from localcloud.kept_state.memory.hashed_passwords import HashedPassword
from localcloud.kept_state.sqlite.disk import NotStored
from localcloud.services.cognito import sign_in_page
from localcloud.services.cognito.grants import (
    CHALLENGE,
    CODE_SECONDS,
    REFRESH_SECONDS,
    TRANSACTION_SECONDS,
    Asked,
    Attempts,
    Grant,
    Vouchers,
)
from localcloud.services.cognito.tokens import issuer
from localcloud.services.cognito.user_pools import has_key

ADDRESS = re.compile(
    r"/cognito/(?P<domain>[a-z0-9-]+)/(?P<page>oauth2/authorize|login|logout|oauth2/token)"
)
KEYS = re.compile(r"/(?P<pool>[\w-]+_\w+)/\.well-known/(?P<page>jwks\.json|openid-configuration)")
LARGEST_FORM = 8192
WRONG = "Incorrect user name or password."
LOCKED = "Password attempts exceeded. Try again later."
NOT_CONFIRMED = (
    "This password must be changed first, which this page can't do: aws cognito-idp "
    "admin-set-user-password --permanent."
)
SECOND_FACTOR = "This pool asks for a second factor, which the embedded cloud does not have."

Application = Callable[..., Iterable[bytes]]


class SignIn:
    """The domains of the account's user pools."""

    def __init__(self, kept: Kept, account: str, region: str) -> None:
        self._kept = kept
        self._backend = cognitoidp_backends[account][region]
        self._transactions = Vouchers[Asked](TRANSACTION_SECONDS)
        self._codes = Vouchers[Grant](CODE_SECONDS)
        self._refreshing = Vouchers[Grant](REFRESH_SECONDS)
        self._attempts = Attempts()
        self._making_a_key = threading.Lock()

    def before(self, application: Application) -> Application:
        """Return `application` for all but the addresses of user pools."""

        def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            answer = self._answer(Request(environ))
            return (answer or application)(environ, start_response)

        return serve

    def _answer(self, request: Request) -> Response | None:
        request.max_content_length = request.max_form_memory_size = LARGEST_FORM
        if found := KEYS.fullmatch(request.path):
            known = self._backend.user_pools.get(found["pool"])
            return self._published(known, found["page"], request) if known else None
        if not (found := ADDRESS.fullmatch(request.path)):
            return None
        domain = self._backend.user_pool_domains.get(found["domain"])
        pool = self._backend.user_pools.get(domain.user_pool_id) if domain else None
        if pool is None:
            return Response("There is no such domain.\n", 404)
        try:
            return self._page(request, found["page"], pool)
        except RequestEntityTooLarge:
            return Response("The form is too large.\n", 413)
        except NotStored:
            return Response("The disk takes no writes.\n", 503)

    def _page(self, request: Request, page: str, pool: Any) -> Response:
        method, answer = {
            "oauth2/authorize": ("GET", self._authorize),
            "login": ("POST", self._sign_in),
            "logout": ("GET", self._sign_out),
            "oauth2/token": ("POST", self._token),
        }[page]
        if request.method != method:
            return Response("", 405, {"Allow": method})
        return answer(request, pool)

    def _authorize(self, request: Request, pool: Any) -> Response:
        """Show the form, or lead back with an error; nowhere if the client does not know where to.

        https://docs.aws.amazon.com/cognito/latest/developerguide/authorization-endpoint.html
        """
        given = request.args
        client = pool.clients.get(given.get("client_id", ""))
        if client is None:
            return sign_in_page.refusal("There is no such app client.")
        uri = given.get("redirect_uri", "")
        if uri not in client.extended_config.get("CallbackURLs", []):
            return sign_in_page.refusal("The redirect_uri is not one of the client's.")
        if error := _error_of(given, client):
            return redirect(_with(uri, error=error, state=given.get("state", "")))
        state, challenge = given.get("state", ""), given["code_challenge"]
        asked = Asked(pool.id, client.id, uri, state, challenge)
        return sign_in_page.form(pool.domain.domain, self._transactions.issue(asked), uri)

    def _sign_in(self, request: Request, pool: Any) -> Response:
        transaction = request.form.get("transaction", "")
        asked = self._transactions.look_up(transaction)
        if asked is None or asked.pool_id != pool.id:
            return sign_in_page.refusal("This page has expired. Start again.")
        username = request.form.get("username", "")
        fault = self._fault(pool, username, request.form.get("password", ""))
        if fault:
            return sign_in_page.form(pool.domain.domain, transaction, asked.redirect_uri, fault)
        self._transactions.take(transaction)
        code = self._codes.issue(Grant(asked, _user(pool, username).username))
        return redirect(_with(asked.redirect_uri, code=code, state=asked.state))

    def _sign_out(self, request: Request, pool: Any) -> Response:
        """Lead back to an address of the client's. There is no session to end: each sign-in asks
        for the password.

        https://docs.aws.amazon.com/cognito/latest/developerguide/logout-endpoint.html
        """
        client = pool.clients.get(request.args.get("client_id", ""))
        uri = request.args.get("logout_uri", "")
        if client is None or uri not in client.extended_config.get("LogoutURLs", []):
            return sign_in_page.refusal("The logout_uri is not one of the client's.")
        return redirect(uri)

    def _fault(self, pool: Any, username: str, password: str) -> str:
        """Return why this person may not sign in; empty if they may."""
        if self._attempts.is_locked(username.casefold()):
            return LOCKED
        user = _user(pool, username)
        # An unknown name takes as long as a wrong password.
        expected = HashedPassword.of((user and user.password) or secrets.token_hex())
        is_right = expected == password
        if not (user and user.enabled and is_right):
            self._attempts.was_wrong(username.casefold())
            return WRONG
        self._attempts.was_right(username.casefold())
        if user.status != UserStatus.CONFIRMED:
            return NOT_CONFIRMED
        return SECOND_FACTOR if pool.mfa_config == "ON" else ""

    def _token(self, request: Request, pool: Any) -> Response:
        """Exchange a code for tokens, once.

        https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html
        """
        given, origin = request.form, request.headers.get("Origin")
        shared = {"Access-Control-Allow-Origin": origin, "Vary": "Origin"} if origin else {}
        headers = {"Cache-Control": "no-store", **shared}
        kind = given.get("grant_type")
        if kind not in ("authorization_code", "refresh_token"):
            return _json({"error": "unsupported_grant_type"}, 400, headers)
        by_code = kind == "authorization_code"
        grant = self._granted(given, pool) if by_code else self._renewed(given, pool)
        user = _user(pool, grant.username) if grant else None
        if grant is None or user is None or not user.enabled:
            return _json({"error": "invalid_grant"}, 400, headers)
        return _json(self._tokens(pool, grant, renewable=by_code), 200, headers)

    def _granted(self, given: Any, pool: Any) -> Grant | None:
        grant = self._codes.take(given.get("code", ""))
        return grant if grant and _fits(grant, given, pool) else None

    def _renewed(self, given: Any, pool: Any) -> Grant | None:
        """Return the grant of a refresh token of this client, which stays good for its hours."""
        grant = self._refreshing.look_up(given.get("refresh_token", ""))
        its_own = (pool.id, given.get("client_id"))
        is_its = grant and (grant.asked.pool_id, grant.asked.client_id) == its_own
        return grant if is_its else None

    def _tokens(self, pool: Any, grant: Grant, *, renewable: bool) -> dict[str, Any]:
        with self._making_a_key:
            if not has_key(pool):  # it is on disk before a token is signed with it
                with self._kept.writing():
                    _ = pool.json_web_key
                    self._kept.keep_pools()
        client, username = grant.asked.client_id, grant.username
        _, origin = pool.create_refresh_token(client, username)
        access, _ = pool.create_access_token(client, username, origin_jti=origin)
        identity, seconds = pool.create_id_token(client, username, origin_jti=origin)
        tokens = {"id_token": identity, "access_token": access}
        tokens |= {"refresh_token": self._refreshing.issue(grant)} if renewable else {}
        return {**tokens, "token_type": "Bearer", "expires_in": seconds}

    def _published(self, pool: Any, page: str, request: Request) -> Response:
        if page == "jwks.json":
            keys = [pool.json_web_key.as_dict(private=False)] if has_key(pool) else []
            return _json({"keys": keys}, 200, {})
        here = request.host_url.rstrip("/")
        endpoints = f"{here}/cognito/{pool.domain.domain}/oauth2" if pool.domain else ""
        found = {
            "issuer": issuer(pool),
            "jwks_uri": f"{here}/{pool.id}/.well-known/jwks.json",
            "authorization_endpoint": f"{endpoints}/authorize",
            "token_endpoint": f"{endpoints}/token",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }
        return _json(found, 200, {})


def _error_of(given: Any, client: Any) -> str:
    """Return OAuth's error of a request for a code; empty if there is none.

    Cognito lets a public client leave out the challenge; here it is required.
    """
    if given.get("response_type") != "code":
        return "unsupported_response_type"
    scopes = given.get("scope", "openid").split()
    if not scopes or {*scopes} - {*client.extended_config.get("AllowedOAuthScopes", [])}:
        return "invalid_scope"
    is_s256 = given.get("code_challenge_method") == "S256"
    proves = is_s256 and CHALLENGE.fullmatch(given.get("code_challenge", ""))
    return "" if proves else "invalid_request"


def _fits(grant: Grant, given: Any, pool: Any) -> bool:
    """Return whether the one who has the code is the one who asked for it."""
    asked = grant.asked
    return (
        asked.pool_id == pool.id
        and given.get("client_id") == asked.client_id
        and given.get("redirect_uri") == asked.redirect_uri
        and grant.is_proved_by(given.get("code_verifier", ""))
    )


def _user(pool: Any, username: str) -> Any:
    """Return the user of this name, whose case may differ; None if there is none."""
    wanted = username.casefold()
    return next((one for one in pool.users.values() if one.username.casefold() == wanted), None)


def _with(uri: str, **more: str) -> str:
    added = urlencode({name: value for name, value in more.items() if value})
    return f"{uri}{'&' if '?' in uri else '?'}{added}"


def _json(content: Any, status: int, headers: dict[str, str]) -> Response:
    return Response(json.dumps(content), status, headers, content_type="application/json")
