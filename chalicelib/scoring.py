"""Ask one model's endpoint for the score of one application."""

from collections.abc import Sequence
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
        return _checked(self._invoke(endpoint, application), endpoint)

    def score_all(self, model: str, applications: Sequence[dict[str, Any]]) -> list[Scored]:
        """One call, an answer for each application in their order. Raises an EndpointFault."""
        endpoint = f"{self._prefix}-{model}"
        body = self._invoke(endpoint, applications)
        try:
            answers = [_scored(answer) for answer in msgspec.json.decode(body)]
        except (msgspec.MsgspecError, TypeError) as error:
            raise ModelRejected(f"{endpoint} gave what is not a list of scores.") from error
        if len(answers) != len(applications):
            raise ModelRejected(f"{endpoint} gave {len(answers)} for {len(applications)} scores.")
        return answers

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


def _checked(body: bytes, endpoint: str) -> dict[str, Any]:
    try:
        answer = msgspec.json.decode(body)
        _scored(answer)
    except (msgspec.MsgspecError, TypeError) as error:
        raise ModelRejected(f"{endpoint} gave what is not a score.") from error
    return {**answer, "status": "OK"}


def _scored(answer: Any) -> Scored:
    return msgspec.convert({**answer, "status": "OK"}, Scored)
