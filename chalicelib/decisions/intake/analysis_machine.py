"""Adapter of the EXPRESS state machine analisisCredito."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)

from chalicelib.foundation import observability
from chalicelib.foundation.errors import (
    AnalysisPending,
    AnalysisUnavailable,
    NoModelInService,
    TableUnavailable,
    TooManyRequests,
)
from chalicelib.foundation.text import Text
from chalicelib.scoring import consents

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

NOTHING_DECIDED = AnalysisUnavailable.usual
UNKNOWN = Text(
    es="No se sabe si la solicitud se decidió. Repita la misma petición con su Idempotency-Key, o "
    "consulte GET /predictions/{clientId}.",
    en="It is not known whether the application was decided. Repeat the same request with its "
    "Idempotency-Key, or ask GET /predictions/{clientId}.",
)
NEVER_SENT = (EndpointConnectionError, ConnectTimeoutError, NoCredentialsError)
ENDED = Text(
    es="El análisis terminó como {status}. Inténtelo de nuevo en un momento.",
    en="The analysis ended as {status}. Try again in a moment.",
)
NOT_STORED = Text(
    es="No se sabe si la decisión se guardó, así que no se dio ninguna. Inténtelo de nuevo en un "
    "momento; con una Idempotency-Key, la misma petición se decide una sola vez.",
    en="It is not known whether the decision was stored, so none was given. Try again in a moment; "
    "with an Idempotency-Key, the same request is decided once.",
)
# saveResult returns this and raises nothing: an exception would be an error in the log, an alarm
# and a failed execution, although an application before the first deployment is no fault.
NOT_DECIDED = {"problem": NoModelInService.__name__}

Document = dict[str, Any]


class AnalysisMachine:
    """The state machine. It may run twice for one request: saveResult stores one decision.

    The caller of `run` waits as long as the client's read time-out, time_budgets.PATIENCE_SECONDS.
    `starting` returns the client of `start`, which waits for a start only.
    """

    def __init__(self, client: "SFNClient", arn: str, starting: Callable[[], "SFNClient"]) -> None:
        self._client = client
        self._arn = arn
        self._starting = cache(starting)

    def run(self, request: Document) -> Document:
        """Return the machine's output.

        Raises AnalysisPending after the read time-out, AnalysisUnavailable, TooManyRequests, and
        NoModelInService.
        """
        with _as_problems():
            try:
                execution = self._client.start_sync_execution(**self._execution(request))
            except ReadTimeoutError as error:
                raise AnalysisPending(location(request)) from error
        if execution.get("error") == TableUnavailable.__name__:
            raise AnalysisUnavailable(NOT_STORED)
        if execution["status"] != "SUCCEEDED":
            raise AnalysisUnavailable(ENDED.format(status=execution["status"]))
        output: Document = msgspec.json.decode(execution["output"])
        if output == NOT_DECIDED:
            raise NoModelInService
        return output

    def start(self, request: Document) -> None:
        """Start the machine, which runs at least once.

        A client that repeats an unanswered start may start it twice:
        https://docs.aws.amazon.com/step-functions/latest/dg/express-at-least-once-execution.html
        Raises AnalysisUnavailable and TooManyRequests.
        """
        with _as_problems():
            self._starting().start_execution(**self._execution(request))

    def _execution(self, request: Document) -> Any:
        observability.correlate(request["predictionId"])
        return {
            "stateMachineArn": self._arn,
            "name": request["predictionId"],
            "input": msgspec.json.encode(consents.asked(request)).decode(),
        }


def location(request: Document) -> str:
    """Return the path of a request's decision."""
    return f"/predictions/{request['clientId']}/{request['predictionId']}"


@contextmanager
def _as_problems() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] == "ThrottlingException":
            raise TooManyRequests(NOTHING_DECIDED) from error
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
        raise AnalysisUnavailable(NOTHING_DECIDED if status < 500 else UNKNOWN) from error
    except BotoCoreError as error:
        raise AnalysisUnavailable(
            NOTHING_DECIDED if isinstance(error, NEVER_SENT) else UNKNOWN
        ) from error
