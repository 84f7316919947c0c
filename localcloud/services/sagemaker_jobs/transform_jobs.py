"""SageMaker Batch Transform: a model's process over files in S3, an output for each."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
from moto.core.utils import utcnow
from moto.sagemaker.models import sagemaker_backends

from localcloud.services.sagemaker.artifacts import bucket_and_key, download_prefix
from localcloud.services.sagemaker.container_environment import serving
from localcloud.services.sagemaker.model_process import InvocationFailed, ModelProcess, WorkerFailed
from localcloud.services.sagemaker_jobs.jobs import DIED, Jobs, Surroundings

MEGABYTE = 1 << 20
_PAYLOAD = 6  # MaxPayloadInMB has this default


class TransformJobs(Jobs):
    kind = "Transform"

    def __init__(self, around: Surroundings, account: str) -> None:
        super().__init__(around)
        self._account = account
        self._closing = threading.Event()

    def begin(self, job: Any) -> None:
        job.transform_job_status = "InProgress"
        job.transform_start_time = job.transform_end_time = job.failure_reason = None

    def role_and_image(self, job: Any) -> tuple[str, str]:
        model = self._model(job)
        return model.execution_role_arn, model.primary_container["Image"]

    def interrupt(self, job: Any) -> None:
        job.transform_job_status = "Stopping"
        self.tell(job)

    def told(self, job: Any) -> dict[str, Any]:
        return {"ModelName": job.model_name}

    def close(self) -> None:
        self._closing.set()
        super().close()

    def carry_out(self, job: Any, folder: Path) -> tuple[str, str | None]:
        try:
            return self._between_s3(job, self._model(job).primary_container, folder)
        except (WorkerFailed, InvocationFailed) as error:
            return "Failed", f"AlgorithmError: {error}"

    def _model(self, job: Any) -> Any:
        backend = sagemaker_backends[self._account][self._around.region]
        return backend.describe_model(job.model_name)

    def _between_s3(
        self, job: Any, container: dict[str, Any], folder: Path
    ) -> tuple[str, str | None]:
        s3 = boto3.client("s3", region_name=self._around.region)
        source = job.transform_input["DataSource"]["S3DataSource"]["S3Uri"]
        if download_prefix(s3, source, folder / "in") == 0:
            return "Failed", f"ClientError: {source} matched no files on s3; upload them first"
        bucket, key = bucket_and_key(container["ModelDataUrl"])
        archive = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        environment = {**serving(container, self._around.region), **(job.environment or {})}
        process = ModelProcess(archive, environment, self._around.work)
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


def _requests(job: Any, path: Path) -> Iterator[bytes]:
    """Yield the requests of a file: whole, by line, or as many lines as a payload may hold."""
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
