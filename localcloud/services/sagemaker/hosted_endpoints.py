import logging
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

import boto3
from moto.core.utils import utcnow
from moto.sagemaker.models import sagemaker_backends

from localcloud.activity import Activity
from localcloud.iam.authorization import Authorization
from localcloud.services.eventbridge.events import Events
from localcloud.services.sagemaker.artifacts import bucket_and_key
from localcloud.services.sagemaker.container_environment import serving
from localcloud.services.sagemaker.container_role import note_container
from localcloud.services.sagemaker.model_process import (
    ModelAnswer,
    ModelProcess,
    WorkerClosed,
    WorkerFailed,
)
from localcloud.services.sagemaker.serverless_concurrency import ServerlessConcurrency
from localcloud.services.sagemaker.traffic import AT_ONCE, Shifting, baking, pending

log = logging.getLogger("localcloud")

LOOKS_AT_ALARMS = 0.2  # seconds between


class NotLoaded(Exception):
    """The endpoint has no worker, not yet or no longer."""


class RolledBack(Exception):
    """An alarm rang while a new version was tried: the old one answers again."""


class Kept(Protocol):
    """The kept state: a lock, and what is done once a write is on disk."""

    sagemaker: AbstractContextManager[Any]

    def afterwards(self, do: Callable[[], None]) -> None: ...


class Endpoints:
    """One worker process for each endpoint, and one more while a new version is tried."""

    def __init__(
        self,
        account: str,
        region: str,
        activity: Activity,
        events: Events,
        work: Path,
        authorization: Authorization,
        kept: Kept,
    ) -> None:
        self.changed: Callable[[], None] = lambda: None
        self._once_stored = kept.afterwards
        self._turn = kept.sagemaker  # of requests to SageMaker: no deployment ends within one
        self._account = account
        self._region = region
        self._activity = activity
        self._events = events
        self._work = work
        self._authorization = authorization
        self._workers: dict[str, ModelProcess] = {}
        self._updates: dict[str, tuple[str, str, Shifting]] = {}  # that begin once it answers
        self._tried: dict[str, tuple[ModelProcess, float]] = {}  # and its share of the traffic
        self.concurrency = ServerlessConcurrency()
        self._closing = threading.Event()
        self._deployments = ThreadPoolExecutor(3, thread_name_prefix="deployment")

    @property
    def records(self) -> dict[str, Any]:
        return sagemaker_backends[self._account][self._region].endpoints

    def deploy(
        self, endpoint: Any, config_name: str, status: str, shifting: Shifting = AT_ONCE
    ) -> None:
        """Load the configuration's models, then swap to them. `status`: Creating or Updating."""
        variants = self._variants(config_name)  # now: the configuration may be deleted meanwhile
        endpoint.moves_to = config_name  # counts against the account's quotas from now on
        endpoint.moves_by = shifting
        endpoint.pending_deployment_summary = pending(config_name, variants)
        self._enter(endpoint, status, None)
        self._once_stored(lambda: self._begin(endpoint, config_name, variants, shifting))

    def resume(self, endpoint: Any) -> None:
        """Start an endpoint whose process died. An update that was under way begins again behind
        the version that answered: on AWS it would have gone on.
        """
        if endpoint.endpoint_status == "Updating":
            shifting = getattr(endpoint, "moves_by", AT_ONCE)  # states of before have none
            self._activity.begin(f"{endpoint.arn} goes on")
            self._updates[endpoint.endpoint_name] = (endpoint.moves_to, "Updating", shifting)
        self.deploy(endpoint, endpoint.endpoint_config_name, "Creating")

    def remove(self, name: str) -> None:
        """Stop the endpoint's process once its deletion is on disk."""
        self._once_stored(lambda: self._stop(name))

    def _begin(
        self, endpoint: Any, config_name: str, variants: list[dict[str, Any]], shifting: Shifting
    ) -> None:
        self._activity.begin(endpoint.arn)
        self._deployments.submit(self._deploy, endpoint, config_name, variants, shifting)

    def _stop(self, name: str) -> None:
        worker = self._workers.pop(name, None)
        if worker:
            worker.close()

    def invoke(self, name: str, body: bytes, content_type: str, accept: str) -> ModelAnswer:
        while worker := self._turn_of(name):
            try:
                return worker.invoke(body, content_type, accept)
            except WorkerClosed:
                continue  # an update swapped it while this request waited for its turn
        raise NotLoaded

    def worker_pid(self, name: str) -> int:
        return self._workers[name].pid

    def close(self) -> None:
        self._closing.set()
        self._deployments.shutdown(wait=True, cancel_futures=True)
        for name in list(self._workers):
            self._stop(name)

    def _turn_of(self, name: str) -> ModelProcess | None:
        tried, share = self._tried.get(name, (None, 0.0))
        return tried if random.random() < share else self._workers.get(name)

    def _deploy(
        self, endpoint: Any, config_name: str, variants: list[dict[str, Any]], shifting: Shifting
    ) -> None:
        name = endpoint.endpoint_name
        try:
            model = self._model(config_name, variants)
            worker = self._load(name, model)
            self._try(endpoint, model.execution_role_arn, worker, shifting)
        except Exception as error:  # noqa: BLE001 - the process boundary: the endpoint says why it failed
            log.warning("endpoint %s could not load %s: %s", name, config_name, error)
            status = "InService" if name in self._workers else "Failed"
            self._end(endpoint, status, _reason(error))
        else:
            self._swap(name, worker)
            with self._turn:
                endpoint.endpoint_config_name = config_name
                endpoint.production_variants = endpoint._process_production_variants(variants)
                self._end(endpoint, "InService", None)

    def _swap(self, name: str, worker: ModelProcess) -> None:
        before = self._workers.get(name)
        self._workers[name] = worker
        self._tried.pop(name, None)
        if before:
            before.close()

    def _end(self, endpoint: Any, status: str, reason: str | None) -> None:
        """Tell of it last: whoever is told may begin the next deployment at once."""
        try:
            with self._turn:
                endpoint.moves_to = endpoint.pending_deployment_summary = None
                self._enter(endpoint, status, reason)
        finally:
            self._activity.end(endpoint.arn)
        if update := self._updates.pop(endpoint.endpoint_name, None):
            if status == "InService":
                self.deploy(endpoint, *update)
            self._activity.end(f"{endpoint.arn} goes on")

    def _try(self, endpoint: Any, role: str, worker: ModelProcess, shifting: Shifting) -> None:
        """Try a version. Raises RolledBack if an alarm rings before it has all traffic for good."""
        name = endpoint.endpoint_name
        try:
            for share, seconds in shifting.phases():
                self._tried[name] = (worker, share)
                if seconds:
                    baking(endpoint.pending_deployment_summary, share)
                self._bake(role, shifting.alarms, seconds)
        except Exception:
            del self._tried[name]
            worker.close()
            raise

    def _bake(self, role: str, alarms: tuple[str, ...], seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if ringing := self._ringing(role, alarms):
                raise RolledBack(f"the alarms {', '.join(ringing)} rang during the deployment")
            if self._closing.wait(LOOKS_AT_ALARMS):
                raise RolledBack("the embedded cloud stopped during the deployment")

    def _ringing(self, role: str, alarms: tuple[str, ...]) -> list[str]:
        """Return whether an alarm is in ALARM, asked under the model's role as SageMaker does."""
        cloudwatch = boto3.client("cloudwatch", region_name=self._region)
        with self._authorization.acting_as(role, "sagemaker", "endpoint"):
            described = [cloudwatch.describe_alarms(AlarmNames=[name]) for name in alarms]
        return [
            alarm["AlarmName"]
            for one in described
            for alarm in one["MetricAlarms"]
            if alarm["StateValue"] == "ALARM"
        ]

    def _model(self, config_name: str, variants: list[dict[str, Any]]) -> Any:
        if not variants:
            raise NotLoaded(f"Could not find endpoint configuration {config_name}")
        backend = sagemaker_backends[self._account][self._region]
        return backend.describe_model(variants[0]["ModelName"])

    def _variants(self, config_name: str) -> list[dict[str, Any]]:
        backend = sagemaker_backends[self._account][self._region]
        config = backend.endpoint_configs.get(config_name)
        return list(config.production_variants) if config else []

    def _load(self, endpoint_name: str, model: Any) -> ModelProcess:
        container = model.primary_container
        bucket, key = bucket_and_key(container["ModelDataUrl"])
        s3 = boto3.client("s3", region_name=self._region)
        with self._authorization.acting_as(model.execution_role_arn, "sagemaker", "endpoint"):
            logs = f"Endpoints/{endpoint_name}"
            note_container(self._authorization, container["Image"], logs, self._region)
            archive = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return ModelProcess(archive, serving(container, self._region), self._work)

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
