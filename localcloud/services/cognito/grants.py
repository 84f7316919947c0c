"""Authorization codes: what was asked for, who signed in, and how often a password was wrong."""

import hashlib
import hmac
import re
import secrets
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

TRANSACTION_SECONDS = 600
CODE_SECONDS = 300  # https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html
REFRESH_SECONDS = 8 * 3600  # as the bank's app client asks for
FREE_ATTEMPTS = 5
LONGEST_LOCK_SECONDS = 900
MOST = 1000  # of each kind: the oldest go
# https://www.rfc-editor.org/rfc/rfc7636#section-4
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")

T = TypeVar("T")
Clock = Callable[[], float]


@dataclass(frozen=True)
class Asked:
    """A request for a code, whose client and redirect_uri are known."""

    pool_id: str
    client_id: str
    redirect_uri: str
    state: str
    challenge: str


@dataclass(frozen=True)
class Grant:
    """A person who has signed in for a request."""

    asked: Asked
    username: str

    def is_proved_by(self, verifier: str) -> bool:
        """Return whether the verifier is that of the request's challenge (S256)."""
        digest = hashlib.sha256(verifier.encode()).digest()
        given = urlsafe_b64encode(digest).rstrip(b"=").decode()
        return bool(VERIFIER.fullmatch(verifier)) and hmac.compare_digest(
            given, self.asked.challenge
        )


class Vouchers(Generic[T]):
    """Values by names that nobody can guess, for some seconds."""

    def __init__(self, seconds: float, clock: Clock = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._kept: dict[str, tuple[float, T]] = {}
        self._turn = threading.Lock()

    def issue(self, value: T) -> str:
        name = secrets.token_urlsafe(32)
        with self._turn:
            while len(self._kept) >= MOST:
                del self._kept[next(iter(self._kept))]
            self._kept[name] = (self._clock() + self._seconds, value)
        return name

    def look_up(self, name: str) -> T | None:
        until, value = self._kept.get(name, (0.0, None))
        return value if self._clock() < until else None

    def take(self, name: str) -> T | None:
        """Return the value, once."""
        with self._turn:
            until, value = self._kept.pop(name, (0.0, None))
        return value if self._clock() < until else None


class Attempts:
    """Wrong passwords by user name. After five each further one locks twice as long.

    https://docs.aws.amazon.com/cognito/latest/developerguide/authentication.html
    """

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._wrong: dict[str, tuple[int, float]] = {}

    def is_locked(self, username: str) -> bool:
        return self._clock() < self._wrong.get(username, (0, 0.0))[1]

    def was_wrong(self, username: str) -> None:
        count = self._wrong.get(username, (0, 0.0))[0] + 1
        if username not in self._wrong and len(self._wrong) >= MOST:
            del self._wrong[next(iter(self._wrong))]
        locks = min(2 ** min(count - FREE_ATTEMPTS, 20), LONGEST_LOCK_SECONDS)
        until = self._clock() + locks if count >= FREE_ATTEMPTS else 0.0
        self._wrong[username] = (count, until)

    def was_right(self, username: str) -> None:
        self._wrong.pop(username, None)
