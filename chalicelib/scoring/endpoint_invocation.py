"""Invocation of one model's endpoint, for one application or many."""

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    ReadTimeoutError,
)

from chalicelib.foundation.errors import (
    EndpointFault,
    EndpointThrottled,
    EndpointTimeout,
    EndpointUnavailable,
    ModelNotReady,
    ModelRejected,
    OutOfTime,
)
from chalicelib.foundation.observability import model_timed
from chalicelib.scoring.branch_results import Scored
from chalicelib.scoring.circuit import Circuit
from chalicelib.scoring.time_budgets import (
    LAST_ATTEMPT_SECONDS,
    LAST_THROTTLED_SECONDS,
    LAST_TIMEOUT_SECONDS,
)

if TYPE_CHECKING:
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

LARGEST_LOGIT = 100  # odds of 10^43: beyond any real score

TIMED_OUT = "invocation timed out"  # in the text of a ModelError

FAULTS: dict[str, type[EndpointFault]] = {
    "ModelNotReadyException": ModelNotReady,
    "ThrottlingException": EndpointThrottled,
    "ServiceUnavailable": EndpointUnavailable,
    "ModelError": ModelRejected,
}


class ScoringEndpoints:
    """The endpoints `<prefix>-<Model>`, each behind a circuit.

    `testing` returns a client with a short time-out. It calls an endpoint whose circuit is tested,
    and it makes the attempts that begin late.
    """

    def __init__(
        self,
        runtime: "SageMakerRuntimeClient",
        prefix: str,
        features: Collection[str],
        testing: "Callable[[], SageMakerRuntimeClient]",
        circuit: Callable[[], Circuit] = Circuit,
    ) -> None:
        self._runtime = runtime
        self._prefix = prefix
        self._features = features
        self._testing = testing
        self._circuits = defaultdict[str, Circuit](circuit)

    def score(self, model: str, event: dict[str, Any]) -> dict[str, Any]:
        """Return the answer of one model as JSON for analisisCredito. Raises an EndpointFault.

        `startedAt` of the event is the start of the execution, in ISO 8601. An attempt that begins
        late waits for a second only. analisisCredito does not retry OutOfTime, which ends a branch
        at a late time-out, and without a call once a throttled endpoint was asked for long enough.
        """
        endpoint, started = f"{self._prefix}-{model}", event.get("startedAt")
        waited = _seconds_since(started)
        if waited > LAST_THROTTLED_SECONDS:
            raise OutOfTime(f"{endpoint} was not called again after {waited:.1f} s.")
        try:
            with model_timed(model):
                answer = _decoded(self._invoke(endpoint, event["application"], waited), endpoint)
        except EndpointTimeout as fault:
            if (waited := _seconds_since(started)) > LAST_TIMEOUT_SECONDS:
                raise OutOfTime(f"{endpoint} did not answer within {waited:.1f} s.") from fault
            raise
        self._scored(answer, endpoint)
        return {**answer, "status": "OK"}

    def score_all(self, model: str, applications: Sequence[dict[str, Any]]) -> list[Scored]:
        """Return an answer for each application, in order, by one call. Raises an EndpointFault."""
        endpoint = f"{self._prefix}-{model}"
        answers = _decoded(self._invoke(endpoint, applications), endpoint)
        if not isinstance(answers, list) or len(answers) != len(applications):
            raise ModelRejected(f"{endpoint} did not give {len(applications)} scores.")
        return [self._scored(answer, endpoint) for answer in answers]

    def _invoke(self, endpoint: str, body: Any, waited: float = 0) -> bytes:
        with self._circuits[endpoint].calling(endpoint, waited) as waits_briefly:
            is_short = waits_briefly or waited > LAST_ATTEMPT_SECONDS
            runtime = self._testing() if is_short else self._runtime
            return ask(runtime, endpoint, msgspec.json.encode(body))

    def _scored(self, answer: Any, endpoint: str) -> Scored:
        """Parse an answer.

        Raises ModelRejected, so that a broken model does not fail the others' analysis.
        """
        try:
            scored = msgspec.convert({**answer, "status": "OK"}, Scored)
            logit = scored.baseline + math.fsum(scored.contributions.values())
        except (msgspec.MsgspecError, TypeError, OverflowError) as error:
            raise ModelRejected(f"{endpoint} gave what is not a score.") from error
        if not abs(logit) < LARGEST_LOGIT:
            raise ModelRejected(f"{endpoint} gave an impossible score: {logit:.6g} in log-odds.")
        if not {*scored.contributions, *scored.unseen, *scored.directions} <= {*self._features}:
            raise ModelRejected(f"{endpoint} named a feature that the profile lacks.")
        return scored


def ask(runtime: "SageMakerRuntimeClient", endpoint: str, body: bytes) -> bytes:
    """Return the body of the endpoint's answer. Raises an EndpointFault by the kind of fault.

    Without a container a request waits for one or gets ModelNotReadyException. A container that is
    silent for 60 s is a ModelError. https://docs.aws.amazon.com/sagemaker/latest/
    APIReference/API_runtime_InvokeEndpoint.html
    """
    try:
        response = runtime.invoke_endpoint(
            EndpointName=endpoint,
            ContentType="application/json",
            Accept="application/json",
            Body=body,
        )
        return response["Body"].read()
    except (ReadTimeoutError, ConnectTimeoutError) as error:
        raise EndpointTimeout(f"{endpoint} did not answer in time.") from error
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "ModelError" and TIMED_OUT in error.response["Error"].get("Message", ""):
            raise EndpointTimeout(f"The container of {endpoint} did not answer in time.") from error
        raise FAULTS.get(code, EndpointUnavailable)(f"{endpoint} answered {code}.") from error
    except BotoCoreError as error:
        raise EndpointUnavailable(f"{endpoint} can't be reached.") from error


def _seconds_since(started_at: str | None) -> float:
    """Return the age of an execution. A state machine of an earlier release does not send its
    start: its calls count as first attempts.
    """
    if started_at is None:
        return 0
    return (datetime.now(UTC) - datetime.fromisoformat(started_at)).total_seconds()


def _decoded(body: bytes, endpoint: str) -> Any:
    try:
        return msgspec.json.decode(body)
    except msgspec.MsgspecError as error:
        raise ModelRejected(f"{endpoint} gave what is not a score.") from error
