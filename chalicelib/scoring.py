"""Ask one model's endpoint for the score of one application."""

import math
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.answers import Scored
from chalicelib.errors import (
    EndpointFault,
    EndpointThrottled,
    EndpointUnavailable,
    ModelNotReady,
    ModelRejected,
)
from chalicelib.observability import model_timed

if TYPE_CHECKING:
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

LARGEST_LOGIT = 100  # odds of 10^43: no model says that of a loan

FAULTS: dict[str, type[EndpointFault]] = {
    "ModelNotReadyException": ModelNotReady,
    "ThrottlingException": EndpointThrottled,
    "ServiceUnavailable": EndpointUnavailable,
    "ModelError": ModelRejected,
}


class ScoringEndpoints:
    """The endpoints `<prefix>-<Model>`."""

    def __init__(
        self, runtime: "SageMakerRuntimeClient", prefix: str, features: Collection[str]
    ) -> None:
        self._runtime = runtime
        self._prefix = prefix
        self._features = features

    def score(self, model: str, application: dict[str, Any]) -> dict[str, Any]:
        """The answer of one model, as analisisCredito carries it. Raises an EndpointFault."""
        endpoint = f"{self._prefix}-{model}"
        with model_timed(model):
            answer = _decoded(self._invoke(endpoint, application), endpoint)
        self._scored(answer, endpoint)
        return {**answer, "status": "OK"}

    def score_all(self, model: str, applications: Sequence[dict[str, Any]]) -> list[Scored]:
        """One call, an answer for each application in their order. Raises an EndpointFault."""
        endpoint = f"{self._prefix}-{model}"
        answers = _decoded(self._invoke(endpoint, applications), endpoint)
        if not isinstance(answers, list) or len(answers) != len(applications):
            raise ModelRejected(f"{endpoint} did not give {len(applications)} scores.")
        return [self._scored(answer, endpoint) for answer in answers]

    def _invoke(self, endpoint: str, body: Any) -> bytes:
        try:
            response = self._runtime.invoke_endpoint(
                EndpointName=endpoint,
                ContentType="application/json",
                Accept="application/json",
                Body=msgspec.json.encode(body),
            )
            return response["Body"].read()
        except ClientError as error:
            code = error.response["Error"]["Code"]
            raise FAULTS.get(code, EndpointUnavailable)(f"{endpoint} answered {code}.") from error
        except BotoCoreError as error:
            raise EndpointUnavailable(f"{endpoint} can't be reached.") from error

    def _scored(self, answer: Any, endpoint: str) -> Scored:
        """One model that has gone wrong must not take the others' analysis with it."""
        try:
            scored = msgspec.convert({**answer, "status": "OK"}, Scored)
            logit = scored.baseline + math.fsum(scored.contributions.values())
        except (msgspec.MsgspecError, TypeError, OverflowError) as error:
            raise ModelRejected(f"{endpoint} gave what is not a score.") from error
        if not abs(logit) < LARGEST_LOGIT:
            raise ModelRejected(f"{endpoint} gave a score that can't be: {logit:.6g} in log-odds.")
        if not {*scored.contributions, *scored.unseen, *scored.directions} <= {*self._features}:
            raise ModelRejected(f"{endpoint} spoke of what is no feature of the profile.")
        return scored


def _decoded(body: bytes, endpoint: str) -> Any:
    try:
        return msgspec.json.decode(body)
    except msgspec.MsgspecError as error:
        raise ModelRejected(f"{endpoint} gave what is not a score.") from error
