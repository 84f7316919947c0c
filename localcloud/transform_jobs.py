"""SageMaker Batch Transform: a model's process over files in S3, an output for each."""

import logging
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
from moto.core.utils import utcnow
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import sagemaker_backends

from localcloud.activity import Activity
from localcloud.artifacts import bucket_and_key, download_prefix
from localcloud.authorization import Authorization
from localcloud.container_role import note_container
from localcloud.events import Events
from localcloud.model_process import InvocationFailed, ModelProcess, WorkerFailed

log = logging.getLogger("localcloud")

RUNNING = ("InProgress", "Stopping")
MEGABYTE = 1 << 20
DIED = (
    "InternalServerError: the embedded cloud stopped while this job was running; "
    "create it again under another name"
)
_PAYLOAD = 6  # MaxPayloadInMB has this default


class TransformJobs:
    """Runs each job in a process of its own, at most two at a time."""

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
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="transform")
        self._closing = threading.Event()

    def start(self, job: Any) -> None:
        job.transform_job_status = "InProgress"
        job.transform_start_time = job.transform_end_time = job.failure_reason = None
        self._activity.begin(job.arn)
        self._pool.submit(self._run, job)

    def stop(self, job: Any) -> None:
        if job.transform_job_status not in RUNNING:
            raise ValidationError(
                message="The request was rejected because the transform job is in status "
                f"{job.transform_job_status}."
            )
        job.transform_job_status = "Stopping"
        self._tell(job)

    def close(self) -> None:
        self._closing.set()
        self._pool.shutdown(cancel_futures=True)

    def _run(self, job: Any) -> None:
        status, reason = "Failed", None
        model = sagemaker_backends[self._account][self._region].describe_model(job.model_name)
        try:
            with (
                tempfile.TemporaryDirectory(prefix="transform-", dir=self._work) as folder,
                self._authorization.acting_as(
                    model.execution_role_arn, "sagemaker", "transform job"
                ),
            ):
                container = model.primary_container
                note_container(
                    self._authorization, container["Image"], "TransformJobs", self._region
                )
                status, reason = self._carry_out(job, container, Path(folder))
        except (WorkerFailed, InvocationFailed) as error:
            reason = f"AlgorithmError: {error}"
        except Exception as error:  # the process boundary: the job answers for it
            log.exception("transform job %s", job.transform_job_name)
            reason = f"InternalServerError: {type(error).__name__}: {error}"
        finally:
            _end(job, status, reason)
            self._tell(job)
            self._activity.end(job.arn)

    def _carry_out(
        self, job: Any, container: dict[str, Any], folder: Path
    ) -> tuple[str, str | None]:
        s3 = boto3.client("s3", region_name=self._region)
        source = job.transform_input["DataSource"]["S3DataSource"]["S3Uri"]
        if download_prefix(s3, source, folder / "in") == 0:
            return "Failed", f"ClientError: {source} matched no files on s3; upload them first"
        bucket, key = bucket_and_key(container["ModelDataUrl"])
        archive = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        environment = {**(container.get("Environment") or {}), **(job.environment or {})}
        process = ModelProcess(archive, environment, self._work)
        try:
            job.transform_start_time = utcnow()
            for path in sorted(path for path in (folder / "in").rglob("*") if path.is_file()):
                answered = b"".join(self._answers(job, process, path))
                if self._is_unwanted(job):
                    return ("Failed", DIED) if self._closing.is_set() else ("Stopped", None)
                into, prefix = bucket_and_key(job.transform_output["S3OutputPath"])
                name = f"{path.relative_to(folder / 'in').as_posix()}.out"
                s3.put_object(Bucket=into, Key=f"{prefix.rstrip('/')}/{name}", Body=answered)
        finally:
            process.close()
        return "Completed", None

    def _answers(self, job: Any, process: ModelProcess, path: Path) -> Iterator[bytes]:
        content_type = job.transform_input.get("ContentType", "")
        accept = job.transform_output.get("Accept") or content_type
        by_line = job.transform_output.get("AssembleWith") == "Line"
        for body in _requests(job, path):
            if self._is_unwanted(job):
                return
            answer = process.invoke(body, content_type, accept).body
            yield answer.removesuffix(b"\n") + b"\n" if by_line else answer

    def _is_unwanted(self, job: Any) -> bool:
        return self._closing.is_set() or job.transform_job_status == "Stopping"

    def _tell(self, job: Any) -> None:
        log.info("transform job %s: %s", job.transform_job_name, job.transform_job_status)
        self.changed()
        self._events.report(
            "aws.sagemaker",
            "SageMaker Transform Job State Change",
            {
                "TransformJobName": job.transform_job_name,
                "TransformJobArn": job.arn,
                "TransformJobStatus": job.transform_job_status,
                "FailureReason": job.failure_reason,
            },
        )


def _requests(job: Any, path: Path) -> Iterator[bytes]:
    """The file, its lines, or as many of them at once as a payload may hold."""
    if job.transform_input.get("SplitType") != "Line":
        yield path.read_bytes()
        return
    payload = (job.max_payload_in_mb or _PAYLOAD) * MEGABYTE
    together = job.batch_strategy != "SingleRecord"
    waiting: list[bytes] = []
    size = 0
    with path.open("rb") as lines:
        for line in lines:
            if waiting and (not together or size + len(line) > payload):
                yield b"".join(waiting)
                waiting, size = [], 0
            waiting.append(line)
            size += len(line)
    if waiting:
        yield b"".join(waiting)


def failed_when_the_process_died(job: Any) -> None:
    if job.transform_job_status in RUNNING:
        _end(job, "Failed", DIED)


def _end(job: Any, status: str, reason: str | None) -> None:
    job.transform_job_status = status
    job.transform_end_time = job.last_modified_time = utcnow()
    job.failure_reason = reason[:1024] if reason else None
