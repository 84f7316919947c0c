"""Sign in to a stage's user pool in a browser, and print the ID token (code and PKCE).

python -m infrastructure.operate.sign_in_flow --stage dev
"""

import argparse
import hashlib
import hmac
import secrets
import sys
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import boto3
import requests
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.foundation.settings import STAGES, Settings
from infrastructure import embedded
from infrastructure.deploy.steps import user_pool
from infrastructure.deploy.steps.user_pool import UserPool
from infrastructure.project import InvalidConfig, app_name

CALLBACK = "http://localhost:8765/signed-in"  # as in the template's PeopleClient
PATIENCE_SECONDS = 300
SECONDS = 30
SIGNED_IN = b"You have signed in. The token is in the terminal; close this page.\n"


class NotSignedIn(Exception):
    """No token was issued; the message says why."""


def _secret() -> str:
    return secrets.token_urlsafe(48)


@dataclass(frozen=True)
class Flow:
    """A sign-in with code and PKCE.

    https://www.rfc-editor.org/rfc/rfc7636
    """

    base: str  # the domain of the user pool
    client_id: str
    verifier: str = field(default_factory=_secret, repr=False)
    state: str = field(default_factory=_secret, repr=False)

    @property
    def url(self) -> str:
        """The page on which a person signs in."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": CALLBACK,
            "scope": "openid",
            "state": self.state,
            "code_challenge": urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return f"{self.base}/oauth2/authorize?{urlencode(query)}"

    def token(self, redirected_to: str) -> str:
        """Return the ID token for the address that the sign-in led to. Raises NotSignedIn."""
        query = parse_qs(urlsplit(redirected_to).query)
        state, code = query.get("state", [""])[0], query.get("code", [""])[0]
        if not hmac.compare_digest(state.encode(), self.state.encode()) or not code:
            raise NotSignedIn(f"No code came back: {query.get('error', ['another state'])[0]}.")
        form = {
            "grant_type": "authorization_code",
            "client_id": self.client_id,
            "redirect_uri": CALLBACK,
            "code": code,
            "code_verifier": self.verifier,
        }
        answer = requests.post(f"{self.base}/oauth2/token", data=form, timeout=SECONDS)
        if answer.status_code != 200:
            raise NotSignedIn(f"The token endpoint answered {answer.status_code}: {answer.text}")
        return str(answer.json()["id_token"])


def flow(pool: UserPool) -> Flow:
    """Return a new sign-in to the pool."""
    return Flow(pool.authority, pool.client_id)


def redirected() -> str:
    """Wait for the browser at CALLBACK, and return the address that it asks for.

    Raises NotSignedIn after five minutes, or if the port is taken.
    """
    found: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if urlsplit(self.path).path == urlsplit(CALLBACK).path:
                found.append(self.path)
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "text/plain")
            self.end_headers()
            self.wfile.write(SIGNED_IN if found else b"")

        def log_message(self, *_: object) -> None:
            """Log nothing: the address has the code."""

    port = urlsplit(CALLBACK).port or 0
    try:
        server = HTTPServer(("127.0.0.1", port), Handler)
    except OSError as error:
        raise NotSignedIn(f"Port {port} is in use: another sign-in may be waiting.") from error
    until = time.monotonic() + PATIENCE_SECONDS
    with server:
        while not found:  # a browser may ask for an icon, too
            server.timeout = until - time.monotonic()
            if server.timeout <= 0:
                raise NotSignedIn(f"Nobody signed in within {PATIENCE_SECONDS} seconds.")
            server.handle_request()
    return found[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stage", required=True, choices=STAGES)
    given = parser.parse_args()
    embedded.reach()
    try:
        client = boto3.client("cloudformation")
        settings = Settings(app_name(), given.stage, client.meta.region_name)
        started = flow(user_pool.of_stage(client, settings))
        print(f"Sign in here:\n\n{started.url}\n", file=sys.stderr)
        print(started.token(redirected()))
    except (NotSignedIn, BotoCoreError, ClientError, InvalidConfig) as fault:
        sys.exit(str(fault))


if __name__ == "__main__":
    main()
