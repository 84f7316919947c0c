"""Orders to eraseClient, whose role may delete: DELETE /people/clients/{clientId}, and the hourly
watch, which has unfinished erasures finished.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.foundation.errors import InvalidRequest
from chalicelib.foundation.request_fields import NOT_ONE_OF, naming
from chalicelib.foundation.text import Language, Text
from chalicelib.governance.erasure.erasure_problems import ErasureUnfinished

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

Document = dict[str, Any]

# A code, no free text: a text might name the client for good.
REASONS = ("CLIENT_REQUEST", "CONSENT_WITHDRAWN", "UNLAWFUL_DATA", "COURT_ORDER")


class Eraser:
    """The function eraseClient, as the API invokes it."""

    def __init__(self, client: "LambdaClient", function: str) -> None:
        self._client = client
        self._function = function

    def erase(self, event: Document) -> Document:
        """Return the function's answer. Raises ErasureUnfinished."""
        try:
            answer = self._client.invoke(
                FunctionName=self._function, Payload=json.dumps(event).encode()
            )
            said: Document = json.loads(answer["Payload"].read())
        except (ClientError, BotoCoreError) as error:
            raise ErasureUnfinished from error
        if "FunctionError" in answer:
            raise ErasureUnfinished
        return said


def erase(
    client_id: str,
    query: Mapping[str, str],
    person: Mapping[str, str],
    eraser: Eraser,
    language: Language,
) -> Document:
    """Erase a client, and return the answer in one language. Raises InvalidRequest and
    ErasureUnfinished.
    """
    if query.get("reason") not in REASONS:
        fault = NOT_ONE_OF.format(values=", ".join(REASONS))
        raise naming(InvalidRequest, {"reason": fault}, outside=True)
    done = eraser.erase({"clientId": client_id, "reason": query["reason"], "by": dict(person)})
    for one in done["classes"]:
        if "law" in one:
            one["law"] = Text(**one["law"]).said_in(language)
    return done | {"language": language}


def watch(at: datetime, eraser: Eraser) -> None:
    """Have eraseClient finish and sweep earlier erasures. Raises ErasureUnfinished, so that the
    watch fails and its alarm rings.
    """
    eraser.erase({"watch": at.isoformat()})
