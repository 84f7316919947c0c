"""The analysis of one application: POST /predict, saveResult, and a client's predictions."""

import hashlib
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)

from chalicelib.decisions.application import CORRECT, CreditApplication
from chalicelib.decisions.decision import REQUESTED_BY, decision_record
from chalicelib.decisions.predictions import PREDICTION_ID
from chalicelib.foundation import observability
from chalicelib.foundation.errors import (
    AnalysisPending,
    AnalysisUnavailable,
    IdempotencyConflict,
    InvalidRequest,
    NoModelInService,
    PredictionNotFound,
    TableUnavailable,
    TooManyRequests,
)
from chalicelib.foundation.text import Language, Text
from chalicelib.profile import Profile
from chalicelib.scoring import consents
from chalicelib.scoring.branch_results import Answer, Scored, Unavailable

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
LIMIT_RANGE = Text(es="debe ser de 1 a 100", en="must be 1 to 100")
CURSOR_FORM = Text(
    es="debe ser el valor de next de la página anterior; sin él, la primera",
    en="must be the value of next in the page before; leave it out for the first page",
)
KEY_LENGTH = Text(es="debe tener de 1 a 255 caracteres", en="must be 1 to 255 characters")
KEY_REPEATED = Text(es="debe venir una sola vez", en="must come only once")

LIMIT = re.compile(r"[1-9][0-9]?|100")

Document = dict[str, Any]


class Predictions(Protocol):
    def add(self, prediction: Document) -> Document: ...
    def claim(self, client_id: str, key: str, claim: Document) -> Document: ...
    def get(self, client_id: str, prediction_id: str) -> Document: ...
    def newest(self, client_id: str, limit: int, before: str | None) -> list[Document]: ...


class Machine(Protocol):
    def run(self, request: Document) -> Document: ...


class AnalysisMachine:
    """The EXPRESS state machine analisisCredito.

    Its caller waits as long as the client's read time-out, time_budgets.PATIENCE_SECONDS.
    """

    def __init__(self, client: "SFNClient", arn: str) -> None:
        self._client = client
        self._arn = arn

    def run(self, request: Document) -> Document:
        """Return the machine's output.

        Raises AnalysisPending after the read time-out, AnalysisUnavailable, TooManyRequests, and
        NoModelInService.
        """
        observability.correlate(request["predictionId"])
        try:
            execution = self._client.start_sync_execution(
                stateMachineArn=self._arn,
                name=request["predictionId"],
                input=msgspec.json.encode(consents.asked(request)).decode(),
            )
        except ReadTimeoutError as error:
            raise AnalysisPending(location(request)) from error
        except ClientError as error:
            if error.response["Error"]["Code"] == "ThrottlingException":
                raise TooManyRequests(NOTHING_DECIDED) from error
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
            raise AnalysisUnavailable(NOTHING_DECIDED if status < 500 else UNKNOWN) from error
        except BotoCoreError as error:
            raise AnalysisUnavailable(
                NOTHING_DECIDED if isinstance(error, NEVER_SENT) else UNKNOWN
            ) from error
        if execution.get("error") == TableUnavailable.__name__:
            raise AnalysisUnavailable(NOT_STORED)
        if execution["status"] != "SUCCEEDED":
            raise AnalysisUnavailable(ENDED.format(status=execution["status"]))
        output: Document = msgspec.json.decode(execution["output"])
        if output == NOT_DECIDED:
            raise NoModelInService
        return output


def only_key(idempotency_keys: Sequence[str]) -> str | None:
    """Return the idempotency key, None without any. Raises InvalidRequest for several: which of
    them names the request is not clear.
    """
    if len(idempotency_keys) > 1:
        raise _invalid_key(KEY_REPEATED)
    return next(iter(idempotency_keys), None)


def _invalid_key(fault: Text) -> InvalidRequest:
    fields = "Idempotency-Key"
    return InvalidRequest(CORRECT.format(count=1, fields=fields), {fields: fault})


def analyse(
    application: CreditApplication,
    language: Language,
    idempotency_key: str | None,
    machine: Machine,
    predictions: Predictions,
    ever_served: Callable[[], bool],
    requested_by: Document | None = None,
) -> Document:
    """Return the stored prediction, without the application.

    A repeat with the same idempotency key returns the same prediction. `requested_by` is the person
    who asks, by their verified token; the prediction keeps them.

    Raises NoModelInService before a key is claimed if no model `ever_served`: nothing is stored,
    so the key is free for another application.
    """
    request = new_request(application, language) | _asked_by(requested_by)
    if idempotency_key is None:
        return answer(machine.run(request))
    if not 1 <= len(idempotency_key) <= 255:
        raise _invalid_key(KEY_LENGTH)
    return analyse_once(request, idempotency_key, machine, predictions, ever_served)


def analyse_once(
    request: Document,
    key: str,
    machine: Machine,
    predictions: Predictions,
    ever_served: Callable[[], bool],
    requested_by: Document | None = None,
) -> Document:
    """Return the prediction of the first request of this client with this key.

    Raises IdempotencyConflict if that was another application, and NoModelInService.
    """
    if not ever_served():
        raise NoModelInService
    first = _claimed(request | _asked_by(requested_by), key, predictions)
    try:
        return answer(predictions.get(first["clientId"], first["predictionId"]))
    except PredictionNotFound:
        return answer(machine.run(first))


def record(
    event: Document,
    profile: Profile,
    predictions: Predictions,
    ever_served: Callable[[], bool],
    *,
    review_only: bool = False,
    open_case: Callable[[Document], None] | None = None,
) -> Document:
    """Decide by the answers of the three models, and return the decision as stored (saveResult).

    `open_case` gets what is left to a person, before it is stored. NOT_DECIDED is not stored.
    """
    answers: dict[str, Answer] = msgspec.convert(event["models"], dict[str, Answer])
    is_silent = not any(isinstance(answer, Scored) for answer in answers.values())
    if is_silent and not ever_served():
        return {**NOT_DECIDED}
    decided = decision_record(event, answers, profile, review_only=review_only)
    if open_case and decided["decision"] == "REVIEW" and "counterOfferOf" not in decided:
        open_case(decided)
    stored = predictions.add(decided)
    causes = {name: one.cause() for name, one in answers.items() if isinstance(one, Unavailable)}
    observability.decided(stored, causes)
    return stored


def page(client_id: str, query: Mapping[str, str], predictions: Predictions) -> Document:
    """Return a client's predictions, the newest first.

    `next` is the cursor of the following page. Raises InvalidRequest, which names `limit`, `cursor`
    or both.
    """
    text, cursor = query.get("limit", "20"), query.get("cursor")
    faults = {}
    if not LIMIT.fullmatch(text):
        faults["limit"] = LIMIT_RANGE
    if cursor is not None and not PREDICTION_ID.fullmatch(cursor):
        faults["cursor"] = CURSOR_FORM
    if faults:
        names = ", ".join(faults)
        raise InvalidRequest(CORRECT.format(count=len(faults), fields=names), faults)
    found = predictions.newest(client_id, int(text), cursor)
    following = found[-1]["predictionId"] if len(found) == int(text) else None
    return {"predictions": [answer(prediction) for prediction in found], "next": following}


def answer(prediction: Document) -> Document:
    """Return a prediction without its application, evidence and the person who asked for it, which
    stay in the table.
    """
    recorded = ("application", "evidence", REQUESTED_BY)
    return {name: value for name, value in prediction.items() if name not in recorded}


def location(request: Document) -> str:
    return f"/predictions/{request['clientId']}/{request['predictionId']}"


def new_request(application: CreditApplication, language: Language) -> Document:
    now = datetime.now(UTC)
    return {
        # 12 digits of milliseconds, then chance: ids sort by time.
        "predictionId": f"{int(now.timestamp() * 1000):012x}{secrets.token_hex(10)}",
        "clientId": application.client_id,
        "createdAt": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "language": language,
        "application": application.values,
        **consents.recorded(application.consents),
    }


def _claimed(request: Document, key: str, predictions: Predictions) -> Document:
    """Return the request with the prediction id, time and person of the first with this key.

    Raises IdempotencyConflict for another application.
    """
    claim = {
        "createdAt": request["createdAt"],
        "claimedId": request["predictionId"],
        "applicationHash": consents.hash_of(request),
    }
    claim |= _asked_by(request.get(REQUESTED_BY))
    first = predictions.claim(request["clientId"], claim_key(key), claim)
    if first["applicationHash"] != claim["applicationHash"]:
        raise IdempotencyConflict
    own = {name: value for name, value in request.items() if name != REQUESTED_BY}
    claimed = {"predictionId": first["claimedId"], "createdAt": first["createdAt"]}
    return own | claimed | _asked_by(first.get(REQUESTED_BY))


def _asked_by(person: Document | None) -> Document:
    """Return who asked, as a request and a claim keep it; nothing if a key did."""
    return {REQUESTED_BY: person} if person else {}


def claim_key(idempotency_key: str) -> str:
    """Return the name under which the table keeps a claim of the key."""
    return hashlib.sha256(idempotency_key.encode()).hexdigest()
