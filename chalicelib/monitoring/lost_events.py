"""Repetition of SageMaker's events that may be lost, by watchTraining and updateData.

AWS documents state changes of endpoints and jobs, but not whether serverless endpoints send any,
and EventBridge delivers only while its rule is enabled:
https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
The functions that get these events ask SageMaker for the state, so a second event changes nothing.
"""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from chalicelib.foundation.settings import Settings
from chalicelib.retraining.data_bucket import DataBucket
from chalicelib.retraining.training_history import TrainingHistory

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

LOOKS_BACK = timedelta(days=3)  # the watch runs daily; it may fail twice


class Sender(Protocol):
    def endpoint_changed(self, model: str) -> None: ...
    def training_changed(self, job: str) -> None: ...


class FunctionsThatWait:
    """The functions that wait for SageMaker's events.

    They are invoked asynchronously, so that each event has retries of its own and its own message
    in the queue of failures.
    """

    def __init__(self, client: "LambdaClient", settings: Settings) -> None:
        self._client = client
        self._settings = settings

    def endpoint_changed(self, model: str) -> None:
        endpoint = f"{self._settings.prefix}-{model}"
        self._send("endpointChanged", "Endpoint", {"EndpointName": endpoint})

    def training_changed(self, job: str) -> None:
        self._send("trainingChanged", "Training Job", {"TrainingJobName": job})

    def _send(self, function: str, kind: str, detail: dict[str, Any]) -> None:
        event = {
            "version": "0", "id": "lost", "account": "", "time": "", "resources": [],
            "region": self._settings.region, "source": "appvengers.lost-events",
            "detail-type": f"SageMaker {kind} State Change", "detail": detail,
        }  # fmt: skip
        self._client.invoke(
            FunctionName=self._settings.function(function),
            InvocationType="Event",
            Payload=json.dumps(event).encode(),
        )


def send_endpoints(models: Iterable[str], functions: Sender) -> None:
    for model in models:
        functions.endpoint_changed(model)


def send_trainings(
    at: datetime, history: TrainingHistory, data: DataBucket, functions: Sender
) -> None:
    """Send the event of each training that ended lately and has no notice."""
    told = data.trainings_told()
    for job in history.ended_since(at - LOOKS_BACK):
        if job not in told:
            functions.training_changed(job)
