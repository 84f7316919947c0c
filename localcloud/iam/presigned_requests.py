"""Presigned requests are what their address was signed for, and come in time; S3 refuses others.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
"""

import hmac
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from localcloud.iam.signatures import error_of

Application = Callable[..., Iterable[bytes]]
SecretOf = Callable[[str], str | None]  # the secret of an access key

SIGNATURE = "X-Amz-Signature"
NO_KEY = ("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
EXPIRED = ("AccessDenied", "Request has expired")
PARAMETERS = (
    "AuthorizationQueryParametersError",
    "X-Amz-Credential, X-Amz-Date, X-Amz-Expires and X-Amz-SignedHeaders must be whole.",
)
ALTERED = (
    "SignatureDoesNotMatch",
    "The request signature we calculated does not match the signature you provided.",
)
STATUSES = {PARAMETERS: "400 Bad Request"}
LONGEST = timedelta(days=7)


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
        start_response(STATUSES.get(error, "403 Forbidden"), headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    return guarded


def _error(environ: dict[str, Any], secret_of: SecretOf, now: datetime) -> tuple[str, str] | None:
    given = {name: found[0] for name, found in parse_qs(environ["QUERY_STRING"]).items()}
    if SIGNATURE not in given:
        return None
    try:
        key, _, region, service, _ = given["X-Amz-Credential"].split("/")
        signed_at = datetime.strptime(given["X-Amz-Date"] + "+0000", "%Y%m%dT%H%M%SZ%z")
        lasting = timedelta(seconds=int(given["X-Amz-Expires"]))
        names = given["X-Amz-SignedHeaders"].split(";")
    except (KeyError, ValueError, OverflowError):
        return PARAMETERS
    if not timedelta() < lasting <= LONGEST:
        return PARAMETERS
    secret = secret_of(key)
    if secret is None:
        return NO_KEY
    signer = S3SigV4QueryAuth(Credentials(key, secret), service, region)
    request = _signed_part(environ, names, given["X-Amz-Date"])
    wanted = signer.signature(
        signer.string_to_sign(request, signer.canonical_request(request)), request
    )
    if not hmac.compare_digest(wanted.encode(), given[SIGNATURE].encode()):
        return ALTERED
    return EXPIRED if now > signed_at + lasting else None


def _signed_part(environ: dict[str, Any], names: Iterable[str], at: str) -> AWSRequest:
    """Return what the signature is about: the method, the address and the headers that it names."""
    path, _, query = environ["RAW_URI"].partition("?")
    unsigned = "&".join(one for one in query.split("&") if not one.startswith(f"{SIGNATURE}="))
    url = f"{environ['wsgi.url_scheme']}://{environ['HTTP_HOST']}{path}?{unsigned}"
    headers = {name: _header(environ, name) for name in names}
    request = AWSRequest(environ["REQUEST_METHOD"], url, headers)
    request.context["timestamp"] = at
    return request


def _header(environ: dict[str, Any], name: str) -> str:
    plain = name.replace("-", "_").upper()
    return str(environ.get(f"HTTP_{plain}", environ.get(plain, "")))
