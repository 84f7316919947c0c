"""Strict reader of a request's JSON body, the same behind API Gateway and on one machine."""

from email.message import Message
from typing import Any

from chalice.app import Request

from chalicelib.foundation.errors import InvalidRequest, RequestTooLarge, UnsupportedMediaType
from chalicelib.foundation.strict_json import value_of

LARGEST_BODY = 64 * 1024
# API Gateway decompresses these before it calls the function.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-enable-compression.html
CODINGS = ("gzip", "deflate", "identity", "")


def json_body(request: Request) -> Any:
    """Return the body's value.

    Raises UnsupportedMediaType unless it is application/json in UTF-8, RequestTooLarge over 64 KB,
    and InvalidRequest unless it is strict JSON whose objects give each name once.
    """
    coding = request.headers.get("content-encoding", "").strip().lower()
    if coding not in CODINGS or not _is_json(request.headers.get("content-type", "")):
        raise UnsupportedMediaType
    body = request.raw_body
    if len(body) > LARGEST_BODY:
        raise RequestTooLarge
    try:
        return value_of(body if isinstance(body, bytes) else body.encode())
    except InvalidRequest as fault:
        # It says that it is compressed, and came as it was sent: it is something else.
        raise UnsupportedMediaType if coding not in ("identity", "") else fault from fault


def _is_json(content_type: str) -> bool:
    header = Message()
    header["Content-Type"] = content_type
    charset = str(header.get_param("charset", "utf-8")).lower()
    return header.get_content_type() == "application/json" and charset in ("utf-8", "utf8")
