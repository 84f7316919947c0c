"""Ask one model's endpoint for the score of one application."""

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
from chalicelib.observability import model_timed

if TYPE_CHECKING:
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

FAULTS: dict[str, type[EndpointFault]] = {
    "ModelNotReadyException": ModelNotReady,
    "ThrottlingException": EndpointThrottled,
    "ServiceUnavailable": EndpointUnavailable,
    "ModelError": ModelRejected,
}


class ScoringEndpoints:
    """The endpoints `<prefix>-<Model>`."""

    def __init__(self, runtime: "SageMakerRuntimeClient", prefix: str) -> None:
        self._runtime = runtime
        self._prefix = prefix

    def score(self, model: str, application: dict[str, Any]) -> dict[str, Any]:
        """The answer of one model, as analisisCredito carries it. Raises an EndpointFault."""
        endpoint = f"{self._prefix}-{model}"
        try:
            with model_timed(model):
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
        return _checked(body, endpoint)


def _checked(body: bytes, endpoint: str) -> dict[str, Any]:
    try:
        answer = msgspec.json.decode(body)
        msgspec.convert({**answer, "status": "OK"}, Scored)
    except (msgspec.MsgspecError, TypeError) as error:
        raise ModelRejected(f"{endpoint} gave what is not a score.") from error
    return {**answer, "status": "OK"}
