"""Strict reader of a request's JSON body, the same behind API Gateway and on one machine."""

from email.message import Message
from typing import Any

from chalice.app import Request

from chalicelib.foundation.errors import RequestTooLarge, UnsupportedMediaType
from chalicelib.foundation.strict_json import value_of

LARGEST_BODY = 64 * 1024
# API Gateway decompresses these before it calls the function.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-enable-compression.html
CODINGS = ("gzip", "deflate", "identity", "")
FIRST_BYTE = {"gzip": b"\x1f", "deflate": b"x"}  # no JSON begins so


def json_body(request: Request) -> Any:
    """Return the body's value.

    Raises UnsupportedMediaType unless it is application/json in UTF-8, RequestTooLarge over 64 KB,
    and InvalidRequest unless it is strict JSON whose objects give each name once.
    """
    coding = request.headers.get("content-encoding", "").strip().lower()
    if coding not in CODINGS or not _is_json(request.headers.get("content-type", "")):
        raise UnsupportedMediaType
    given = request.raw_body
    body = given if isinstance(given, bytes) else given.encode()
    if len(body) > LARGEST_BODY:
        raise RequestTooLarge
    if coding in FIRST_BYTE and body.startswith(FIRST_BYTE[coding]):
        raise UnsupportedMediaType  # compressed twice, or no gateway has decompressed it
    return value_of(body)


def _is_json(content_type: str) -> bool:
    header = Message()
    header["Content-Type"] = content_type
    charset = str(header.get_param("charset", "utf-8")).lower()
    return header.get_content_type() == "application/json" and charset in ("utf-8", "utf8")
