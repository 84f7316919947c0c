"""The sheet of hostile requests, tests/data/hostile_requests.jsonl: each with its expected answer.

A line has a method, a path, headers (null takes one away), and a body: text, bytes in Base64, or
the `change` of a valid application. `KEY` stands for the API key, and `<x*65>` for 65 times x.
"""

import base64
import json
import re
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

SHEET = Path(__file__).parent / "data" / "hostile_requests.jsonl"
REPEAT = re.compile(r"<(.)\*(\d+)>")

Row = dict[str, Any]


class Answered(NamedTuple):
    status: int
    headers: HTTPMessage
    body: bytes


def rows() -> list[Row]:
    return [json.loads(line) for line in SHEET.read_text(encoding="utf-8").splitlines()]


def send(row: Row, url: str, key: str, valid: Mapping[str, Any]) -> Answered:
    """Send a row's request byte for byte: no library may correct its path, headers or body.

    `url` may have a path, before that of the row.
    """
    place = urlsplit(url)
    connection = HTTPConnection(str(place.netloc), timeout=30)
    try:
        connection.putrequest(row["method"], place.path + _filled(row["path"], key),
                              skip_accept_encoding=True)  # fmt: skip
        body = _body(row, valid)
        for name, value in _headers(row, key, body).items():
            connection.putheader(name, value.encode())
        connection.endheaders(body)
        answer = connection.getresponse()
        return Answered(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


def _headers(row: Row, key: str, body: bytes) -> dict[str, str]:
    usual = {"x-api-key": key, "Accept-Language": "en", "Content-Type": "application/json"}
    given = {name: value and _filled(value, key) for name, value in row.get("headers", {}).items()}
    sent = {name: value for name, value in (usual | given).items() if value is not None}
    return sent | ({"Content-Length": str(len(body))} if body else {})


def _body(row: Row, valid: Mapping[str, Any]) -> bytes:
    if "base64" in row:
        return base64.b64decode(row["base64"])
    if "change" not in row:
        return _filled(row.get("body", "")).encode()
    body = json.loads(json.dumps(valid))
    for name, value in row["change"].items():
        outer, dot, inner = name.partition(".")
        holder = body[outer] if dot else body
        holder[_filled(inner) if dot else outer] = value
    return _filled(json.dumps(body, ensure_ascii=False)).encode()


def _filled(text: str, key: str = "") -> str:
    repeated = REPEAT.sub(lambda found: found[1] * int(found[2]), text)
    return repeated.replace("KEY", key) if key else repeated
