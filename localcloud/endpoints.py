import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
from moto.core.utils import utcnow
from moto.sagemaker.models import sagemaker_backends

from localcloud.activity import Activity
from localcloud.artifacts import bucket_and_key
from localcloud.authorization import Authorization
from localcloud.container_role import note_container
from localcloud.events import Events
from localcloud.model_process import (
    ModelAnswer,
    ModelProcess,
    WorkerClosed,
    WorkerFailed,
)

log = logging.getLogger("localcloud")


class NotLoaded(Exception):
    """No worker stands behind this endpoint yet, or any more."""


class Endpoints:
    """One worker process for each endpoint."""

    def __init__(
        self,
        account: str,
        region: str,
        activity: Activity,
        events: Events,
        work: Path,
        authorization: Authorization,
    ) -> None:
        self.changed: Callable[[], None] = lambda: None
        self._account = account
        self._region = region
        self._activity = activity
        self._events = events
        self._work = work
        self._authorization = authorization
        self._workers: dict[str, ModelProcess] = {}
        self._deployments = ThreadPoolExecutor(3, thread_name_prefix="deployment")

    @property
    def records(self) -> dict[str, Any]:
        return sagemaker_backends[self._account][self._region].endpoints

    def deploy(self, endpoint: Any, config_name: str, status: str) -> None:
        """Loads what the configuration names, then swaps. `status`: Creating or Updating."""
        self._activity.begin(endpoint.arn)
        self._enter(endpoint, status, None)
        self._deployments.submit(self._deploy, endpoint, config_name)

    def remove(self, name: str) -> None:
        worker = self._workers.pop(name, None)
        if worker:
            worker.close()

    def invoke(self, name: str, body: bytes, content_type: str, accept: str) -> ModelAnswer:
        while worker := self._workers.get(name):
            try:
                return worker.invoke(body, content_type, accept)
            except WorkerClosed:
                continue  # an update swapped it while this request waited for its turn
        raise NotLoaded

    def worker_pid(self, name: str) -> int:
        return self._workers[name].pid

    def close(self) -> None:
        self._deployments.shutdown(wait=True, cancel_futures=True)
        for name in list(self._workers):
            self.remove(name)

    def _deploy(self, endpoint: Any, config_name: str) -> None:
        name = endpoint.endpoint_name
        try:
            worker = self._load(name, config_name)
        except Exception as error:  # noqa: BLE001 - the process boundary: the endpoint says why it failed
            log.warning("endpoint %s could not load %s: %s", name, config_name, error)
            status = "InService" if name in self._workers else "Failed"
            self._enter(endpoint, status, _reason(error))
        else:
            before = self._workers.get(name)
            self._workers[name] = worker
            if before:
                before.close()
            self._adopt(endpoint, config_name)
            self._enter(endpoint, "InService", None)
        finally:
            self._activity.end(endpoint.arn)

    def _load(self, endpoint_name: str, config_name: str) -> ModelProcess:
        backend = sagemaker_backends[self._account][self._region]
        variant = backend.endpoint_configs[config_name].production_variants[0]
        model = backend.describe_model(variant["ModelName"])
        container = model.primary_container
        bucket, key = bucket_and_key(container["ModelDataUrl"])
        s3 = boto3.client("s3", region_name=self._region)
        with self._authorization.acting_as(model.execution_role_arn, "sagemaker", "endpoint"):
            logs = f"Endpoints/{endpoint_name}"
            note_container(self._authorization, container["Image"], logs, self._region)
            archive = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return ModelProcess(archive, container.get("Environment") or {}, self._work)

    def _adopt(self, endpoint: Any, config_name: str) -> None:
        config = sagemaker_backends[self._account][self._region].endpoint_configs[config_name]
        endpoint.endpoint_config_name = config_name
        endpoint.production_variants = endpoint._process_production_variants(
            config.production_variants
        )

    def _enter(self, endpoint: Any, status: str, reason: str | None) -> None:
        endpoint.endpoint_status, endpoint.failure_reason = status, reason
        endpoint.last_modified_time = utcnow()
        log.info("endpoint %s: %s", endpoint.endpoint_name, status)
        self.changed()
        self._events.report(
            "aws.sagemaker",
            "SageMaker Endpoint State Change",
            {
                "EndpointName": endpoint.endpoint_name,
                "EndpointArn": endpoint.arn,
                "EndpointConfigName": endpoint.endpoint_config_name,
                "EndpointStatus": {"InService": "IN_SERVICE"}.get(status, status.upper()),
                "FailureReason": reason,
            },
        )


def _reason(error: Exception) -> str:
    if isinstance(error, WorkerFailed):
        return (
            "The primary container for production variant AllTraffic did not pass the ping "
            f"health check: {str(error)[-900:]}"
        )
    return f"{type(error).__name__}: {error}"[:1024]
