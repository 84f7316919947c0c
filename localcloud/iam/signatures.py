"""Requests to AWS without a signature: refused, as AWS does."""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

SIGNED = "AWS4-HMAC-SHA256 "
# They have errors in JSON, also for a request that names no operation.
IN_JSON_ONLY = ("apigateway", "dynamodb", "events", "kms", "lambda", "logs", "sagemaker",
                "scheduler", "servicequotas", "ssm", "states")  # fmt: skip
SIGNATURE, CREDENTIAL = "X-Amz-Signature", "X-Amz-Credential"  # of a presigned address
UNKNOWN_OPERATION, INCOMPLETE_BODY = "UnknownOperation", "IncompleteBody"
IN_JSON = {INCOMPLETE_BODY: "Serialization"}  # to which JSON adds Exception
IN_QUERY = {UNKNOWN_OPERATION: "InvalidAction"}
MISSING = ("MissingAuthenticationToken", "Request is missing Authentication Token")

Application = Callable[..., Iterable[bytes]]


def signed_only(application: Application) -> Application:
    """Return `application` behind the refusal of every request that carries no signature of
    version 4, in its header or its query. The signature itself is not verified.

    An anonymous upload would otherwise be trusted: on AWS the buckets block public access.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
    """

    def guarded(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if _is_signed(environ):
            return application(environ, start_response)
        content_type, body = error_of(environ, *MISSING)
        headers = [("Content-Type", content_type), ("Content-Length", str(len(body)))]
        start_response("403 Forbidden", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    return guarded


def _is_signed(environ: dict[str, Any]) -> bool:
    if environ.get("HTTP_AUTHORIZATION", "").startswith(SIGNED):
        return True
    return parse_qs(environ.get("QUERY_STRING", "")).keys() >= {SIGNATURE, CREDENTIAL}


def presigner(query: Mapping[str, Sequence[str]]) -> str:
    """Return the access key of who has signed an address."""
    return query.get(CREDENTIAL, [""])[0].partition("/")[0]


def service_of(environ: dict[str, Any]) -> str:
    """Return the service that the request is signed for, as its credential says."""
    _, _, scope = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")
    parts = scope.partition(",")[0].split("/")
    return parts[-2] if len(parts) > 1 else ""


def error_of(environ: dict[str, Any], code: str, message: str) -> tuple[str, bytes]:
    """Return content type and body in the protocol of the service that was asked; S3 has words of
    its own for who may not.

    https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html and
    https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
    """
    request = uuid.uuid4()
    if "HTTP_X_AMZ_TARGET" in environ or service_of(environ) in IN_JSON_ONLY:
        body = f'{{"__type": "{IN_JSON.get(code, code)}Exception", "message": "{message}"}}'
        return "application/x-amz-json-1.0", body.encode()
    if (environ["REQUEST_METHOD"], environ.get("PATH_INFO")) == ("POST", "/"):
        name = IN_QUERY.get(code, code)
        error = f"<Type>Sender</Type><Code>{name}</Code><Message>{message}</Message>"
        body = (
            f"<ErrorResponse><Error>{error}</Error><RequestId>{request}</RequestId></ErrorResponse>"
        )
        return "text/xml", body.encode()
    if (code, message) == MISSING:
        code, message = "AccessDenied", "Access Denied"
    error = f"<Code>{code}</Code><Message>{message}</Message>"
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error>{error}<RequestId>{request}</RequestId></Error>"
    )
    return "application/xml", body.encode()
