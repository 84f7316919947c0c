"""Probe of an endpoint: a real and cheap call with an empty list of applications."""

from typing import TYPE_CHECKING

from chalicelib.foundation.errors import ModelRejected
from chalicelib.scoring.endpoint_invocation import ask

if TYPE_CHECKING:
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

NOTHING = b"[]"


class Probes:
    """Probes of the endpoints `<prefix>-<Model>`; the client's read time-out is their patience."""

    def __init__(self, runtime: "SageMakerRuntimeClient", prefix: str) -> None:
        self._runtime = runtime
        self._prefix = prefix

    def ask(self, model: str) -> None:
        """Return if the model answers. Raises an EndpointFault."""
        endpoint = f"{self._prefix}-{model}"
        if ask(self._runtime, endpoint, NOTHING).strip() != NOTHING:
            raise ModelRejected(f"{endpoint} answered no applications with scores.")
