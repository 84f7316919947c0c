"""Ask one model's endpoint for the score of one application."""

import math
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.decision import Scored
from chalicelib.errors import (
    EndpointFault,
    EndpointThrottled,
    EndpointUnavailable,
    ModelNotReady,
    ModelRejected,
)

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
        try:
            response = self._runtime.invoke_endpoint(
                EndpointName=endpoint,
                ContentType="application/json",
                Accept="application/json",
                Body=msgspec.json.encode(application),
            )
            body = response["Body"].read()
        except ClientError as error:
            code = error.response["Error"]["Code"]
            raise FAULTS.get(code, EndpointUnavailable)(f"{endpoint} answered {code}.") from error
        except BotoCoreError as error:
            raise EndpointUnavailable(f"{endpoint} can't be reached.") from error
        return self._checked(body, endpoint)

    def _checked(self, body: bytes, endpoint: str) -> dict[str, Any]:
        """One model that has gone wrong must not take the others' analysis with it."""
        try:
            answer = msgspec.json.decode(body)
            scored = msgspec.convert({**answer, "status": "OK"}, Scored)
            logit = scored.baseline + math.fsum(scored.contributions.values())
        except (msgspec.MsgspecError, TypeError, OverflowError) as error:
            raise ModelRejected(f"{endpoint} gave what is not a score.") from error
        if not abs(logit) < LARGEST_LOGIT or not scored.contributions.keys() <= set(self._features):
            raise ModelRejected(f"{endpoint} gave a score that can't be: {logit:.6g} in log-odds.")
        return {**answer, "status": "OK"}
