"""Presigned requests are what their address was signed for, and come in time; S3 refuses others.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
"""

import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from localcloud.iam.signatures import SIGNATURE, error_of

Application = Callable[..., Iterable[bytes]]
SecretOf = Callable[[str], str | None]  # the secret of an access key

Refusal = tuple[str, str]  # code and message
NO_KEY = ("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
EARLY, LATE = ("AccessDenied", "Request is not valid yet"), ("AccessDenied", "Request has expired")
PARAMETERS = (
    "AuthorizationQueryParametersError",
    "X-Amz-Credential, X-Amz-Date, X-Amz-Expires and X-Amz-SignedHeaders must be whole.",
)
TWO = ("InvalidArgument", "Only one auth mechanism allowed.")
ALTERED = (
    "SignatureDoesNotMatch",
    "The request signature we calculated does not match the signature you provided.",
)
MORE = ("AccessDenied", "There were headers present in the request which were not signed")
OF_STATUS_400 = (PARAMETERS, TWO)
LONGEST, SKEW = timedelta(days=7), timedelta(minutes=15)


def as_presigned(application: Application, secret_of: SecretOf) -> Application:
    """Return `application` behind the refusal of presigned requests that are altered or late. What
    a browser asks before a request of another origin (OPTIONS) is signed by nobody.
    """

    def guarded(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        is_asking = environ["REQUEST_METHOD"] == "OPTIONS"
        error = None if is_asking else _error(environ, secret_of, datetime.now(UTC))
        if error is None:
            return application(environ, start_response)
        content_type, body = error_of(environ, *error)
        headers = [("Content-Type", content_type), ("Content-Length", str(len(body)))]
        start_response("400 Bad Request" if error in OF_STATUS_400 else "403 Forbidden", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    return guarded


def _error(environ: dict[str, Any], secret_of: SecretOf, now: datetime) -> Refusal | None:
    query = parse_qs(environ["QUERY_STRING"])
    if SIGNATURE not in query:
        return None
    if "HTTP_AUTHORIZATION" in environ:
        return TWO
    try:
        signed = _Signed.of(query)
    except (KeyError, ValueError, OverflowError):
        return PARAMETERS
    secret = secret_of(signed.key)
    return NO_KEY if secret is None else _judged(signed, secret, environ, now)


def _judged(
    signed: "_Signed", secret: str, environ: dict[str, Any], now: datetime
) -> Refusal | None:
    if not hmac.compare_digest(signed.by(secret, environ).encode(), signed.signature.encode()):
        return ALTERED
    if any(_name(one) not in signed.headers for one in environ if one.startswith("HTTP_X_AMZ_")):
        return MORE
    if now < signed.at - SKEW:
        return EARLY
    return LATE if now > signed.at + signed.lasting else None


@dataclass(frozen=True)
class _Signed:
    """The parameters of a presigned address."""

    key: str
    region: str
    service: str
    at: datetime
    lasting: timedelta
    headers: list[str]
    signature: str

    @classmethod
    def of(cls, query: Mapping[str, list[str]]) -> "_Signed":
        """Parse a query. Raises KeyError, ValueError and OverflowError."""
        given = {name: one for name, (one,) in query.items() if name.startswith("X-Amz-")}
        key, _, region, service, _ = given["X-Amz-Credential"].split("/")
        at = datetime.strptime(given["X-Amz-Date"] + "+0000", "%Y%m%dT%H%M%SZ%z")
        lasting = timedelta(seconds=int(given["X-Amz-Expires"]))
        if not timedelta() < lasting <= LONGEST:
            raise ValueError(lasting)
        headers = given["X-Amz-SignedHeaders"].split(";")
        return cls(key, region, service, at, lasting, headers, given[SIGNATURE])

    def by(self, secret: str, environ: dict[str, Any]) -> str:
        """Return the signature of a request by a secret."""
        signer = S3SigV4QueryAuth(Credentials(self.key, secret), self.service, self.region)
        request = _signed_part(environ, self.headers, f"{self.at:%Y%m%dT%H%M%SZ}")
        return str(signer.signature(
            signer.string_to_sign(request, signer.canonical_request(request)), request
        ))  # fmt: skip


def _signed_part(environ: dict[str, Any], names: Iterable[str], at: str) -> AWSRequest:
    """Return what the signature is about: the method, the address and the headers that it names."""
    path, _, query = environ["RAW_URI"].partition("?")
    unsigned = "&".join(one for one in query.split("&") if not one.startswith(f"{SIGNATURE}="))
    url = f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST', '')}{path}?{unsigned}"
    headers = {name: _header(environ, name) for name in names}
    request = AWSRequest(environ["REQUEST_METHOD"], url, headers)
    request.context["timestamp"] = at
    return request


def _name(variable: str) -> str:
    return variable.removeprefix("HTTP_").replace("_", "-").lower()


def _header(environ: dict[str, Any], name: str) -> str:
    plain = name.replace("-", "_").upper()
    return str(environ.get(f"HTTP_{plain}", environ.get(plain, "")))
