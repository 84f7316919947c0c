"""Files for receivers, written from the code: the events' JSON Schemas and the test vectors.

python -m infrastructure.webhooks.webhook_pages
"""

import base64
import json
from collections.abc import Iterator
from typing import Any

from chalicelib.governance.announcements import webhook_signature
from chalicelib.governance.announcements.announcement import (
    SCHEMA_VERSION,
    TYPES,
    Decided,
    announcement,
    written,
)
from chalicelib.http.openapi import webhook_descriptions
from infrastructure.project import ROOT

SCHEMAS = ROOT / "docs" / "events" / "schemas.json"
VECTORS = ROOT / "docs" / "events" / "webhook_vectors.json"
TITLE = "https://json-schema.org/draft/2020-12/schema"
AT = 1_796_000_000  # of all vectors, in seconds
OLD, NEW, OTHER = (
    webhook_signature.PREFIX + base64.b64encode(bytes([number]) * 32).decode()
    for number in (1, 2, 3)
)
Document = dict[str, Any]


def schemas() -> Document:
    """Return a JSON Schema for each type of event."""
    return {
        "$schema": TITLE,
        "schemaVersion": SCHEMA_VERSION,
        "events": {kind: webhook_descriptions.schema(kind) for kind in TYPES},
    }


def vectors() -> Document:
    """Return calls with what a verifier must make of each."""
    return {
        "specification": "https://www.standardwebhooks.com",
        "vectors": [*_accepted(), *_refused()],
    }


def _accepted() -> Iterator[Document]:
    yield _vector("a call as it was sent", "accepted")
    yield _vector("a call that is signed with two secrets, of which one is known", "accepted",
                  signed=[NEW, OLD])  # fmt: skip
    yield _vector("a call of the old secret, of two that are known", "accepted", known=[NEW, OLD])
    yield _vector("a call at the end of the tolerance", "accepted", now=AT + 300)
    yield _vector("a call of a clock that runs ahead", "accepted", now=AT - 300)
    unicode = "Añadido y más: 信用"
    yield _vector("a body that is not ASCII", "accepted", body=_body(unicode))


def _refused() -> Iterator[Document]:
    body, call = _body(), _vector("", "")
    yield _vector("an altered body", "signature") | {"body": body.replace("client-1", "client-2")}
    yield _vector("a body with one more space", "signature") | {"body": body + " "}
    yield _vector("a body that was parsed and written again", "signature") | {
        "body": json.dumps(json.loads(body))
    }
    yield _with("an altered id", "signature", "webhook-id", "evt_" + "0" * 32)
    yield _with("an altered time", "signature", "webhook-timestamp", str(AT + 60))
    yield _with("a time that is no number", "timestamp", "webhook-timestamp", "now")
    yield _with("an altered signature", "signature", "webhook-signature",
                call["headers"]["webhook-signature"][:-4] + "AAA=")  # fmt: skip
    yield _with("a signature of an unknown version", "signature", "webhook-signature",
                call["headers"]["webhook-signature"].replace("v1,", "v2,"))  # fmt: skip
    yield _with("an empty signature", "signature", "webhook-signature", "")
    yield _without("no signature", "webhook-signature")
    yield _without("no time", "webhook-timestamp")
    yield _without("no id", "webhook-id")
    yield _vector("a call of a secret that is not known", "signature", signed=[OTHER])
    yield _vector("an old call, sent again", "timestamp", now=AT + 301)
    yield _vector("a call of the future", "timestamp", now=AT - 301)
    yield _vector("an event that was handled before", "repeated") | {
        "seen": [call["headers"]["webhook-id"]]
    }
    yield _vector("an event that is being handled", "in hand") | {
        "inHand": [call["headers"]["webhook-id"]]
    }
    other = call["headers"]["webhook-id"]
    yield _vector("a body of another event", "id", body='{"id": "evt_1"}', identity=other)
    yield _vector("a body that is no object", "id", body='["evt_1"]', identity=other)
    yield _vector("a body that is no JSON", "body", body="evt_1", identity=other)


def _vector(
    name: str,
    expected: str,
    *,
    signed: list[str] | None = None,
    known: list[str] | None = None,
    now: int = AT,
    body: str = "",
    identity: str = "",
) -> Document:
    body = body or _body()
    identity = identity or json.loads(body)["id"]
    headers = webhook_signature.headers(identity, AT, body.encode(), signed or [OLD])
    return {
        "name": name,
        "secrets": known or [OLD],
        "now": now,
        "seen": [],
        "inHand": [],
        "headers": headers,
        "body": body,
        "expected": expected,
    }


def _with(name: str, expected: str, header: str, value: str) -> Document:
    vector = _vector(name, expected)
    return vector | {"headers": vector["headers"] | {header: value}}


def _without(name: str, header: str) -> Document:
    vector = _vector(name, "unsigned")
    return vector | {"headers": {n: v for n, v in vector["headers"].items() if n != header}}


def _body(client: str = "client-1") -> str:
    prediction = "019a000000000000000000000000000f"
    data = Decided(client, prediction)
    return written(
        announcement("DecisionMade", f"{client}/{prediction}", "2026-11-29T10:00:00.000Z", data)
    )


def main() -> None:
    for path, content in ((SCHEMAS, schemas()), (VECTORS, vectors())):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text_of(content), encoding="utf-8")
        print(path.relative_to(ROOT))


def text_of(content: Document) -> str:
    """Return the text of a file."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    main()
