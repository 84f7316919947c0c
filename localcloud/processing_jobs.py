"""SageMaker Processing: any script between S3 and S3, in a process of its own.

A container's /opt/ml is a folder here: where an entrypoint or an argument names /opt/ml/…, the
process is given that folder's path instead.
"""

import logging
import os
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
from moto.core.utils import utcnow
from moto.sagemaker.exceptions import ValidationError

from localcloud.activity import Activity
from localcloud.artifacts import download_prefix, upload_files
from localcloud.authorization import Authorization, as_operator
from localcloud.container_role import note_container
from localcloud.events import Events
from localcloud.job_logs import keep
from localcloud.script_process import Ended, ScriptProcess

log = logging.getLogger("localcloud")

ROOT = "/opt/ml"
RUNNING = ("InProgress", "Stopping")
_DAY = 24 * 3600  # MaxRuntimeInSeconds has this default
_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "AccessKeyId",
    "AWS_SECRET_ACCESS_KEY": "SecretAccessKey",
    "AWS_SESSION_TOKEN": "SessionToken",
}


class ProcessingJobs:
    """Runs each job in a process of its own, at most two at a time. `address` is the port that
    speaks AWS, opened when the first job needs it."""

    def __init__(
        self,
        region: str,
        activity: Activity,
        events: Events,
        work: Path,
        logs: Path | None,
        authorization: Authorization,
        address: Callable[[], str],
    ) -> None:
        self.changed: Callable[[], None] = lambda: None
        self._region = region
        self._activity = activity
        self._events = events
        self._work = work
        self._logs = logs
        self._authorization = authorization
        self._address = address
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="processing")
        self._processes: dict[str, ScriptProcess] = {}

    def start(self, job: Any) -> None:
        job.processing_job_status = "InProgress"
        job.processing_start_time = job.processing_end_time = None
        job.failure_reason = job.exit_message = None
        self._processes[job.processing_job_name] = ScriptProcess(job.processing_job_name)
        self._activity.begin(job.arn)
        self._pool.submit(self._run, job)

    def stop(self, job: Any) -> None:
        if job.processing_job_status not in RUNNING:
            raise ValidationError(
                message="The request was rejected because the processing job is in status "
                f"{job.processing_job_status}."
            )
        self._enter(job, "Stopping")
        self._processes[job.processing_job_name].stop()

    def close(self) -> None:
        for process in list(self._processes.values()):
            process.kill()
        self._pool.shutdown(cancel_futures=True)

    def _run(self, job: Any) -> None:
        status, reason = "Failed", None
        try:
            with (
                tempfile.TemporaryDirectory(prefix="processing-", dir=self._work) as folder,
                self._authorization.acting_as(job.role_arn, "sagemaker", "processing job"),
            ):
                image = job.app_specification["ImageUri"]
                note_container(self._authorization, image, "ProcessingJobs", self._region)
                status, reason = self._carry_out(job, Path(folder))
        except Exception as error:  # the process boundary: the job answers for it
            log.exception("processing job %s", job.processing_job_name)
            reason = f"InternalServerError: {type(error).__name__}: {error}"
        finally:
            del self._processes[job.processing_job_name]
            _end(job, status, reason)
            self._tell(job)
            self._activity.end(job.arn)

    def _carry_out(self, job: Any, folder: Path) -> tuple[str, str | None]:
        s3 = boto3.client("s3", region_name=self._region)
        for given in job.processing_inputs or []:
            source, where = given["S3Input"]["S3Uri"], here(given["S3Input"]["LocalPath"], folder)
            if download_prefix(s3, source, Path(where)) == 0:
                return "Failed", (
                    f"ClientError: Data download failed: {source} matched no files on s3; "
                    f"upload what input {given['InputName']} names first"
                )
        outputs = (job.processing_output_config or {}).get("Outputs", [])
        for wanted in outputs:
            Path(here(wanted["S3Output"]["LocalPath"], folder)).mkdir(parents=True, exist_ok=True)
        job.processing_start_time = utcnow()
        ended = self._execute(job, folder)
        keep(self._logs, self._region, "ProcessingJobs", job.processing_job_name, ended.lines)
        job.exit_message = _message(folder)
        if ended.code == 0 or ended.stopped:
            for wanted in outputs:
                where = here(wanted["S3Output"]["LocalPath"], folder)
                upload_files(s3, Path(where), wanted["S3Output"]["S3Uri"])
        return _status(ended)

    def _execute(self, job: Any, folder: Path) -> Ended:
        (folder / "output").mkdir(exist_ok=True)
        said = job.app_specification
        words = [*said["ContainerEntrypoint"], *said.get("ContainerArguments", [])]
        seconds = (job.stopping_condition or {}).get("MaxRuntimeInSeconds", _DAY)
        process = self._processes[job.processing_job_name]
        command = [here(word, folder) for word in words]
        return process.run(command, folder, self._environment(job, folder), seconds)

    def _environment(self, job: Any, folder: Path) -> dict[str, str]:
        python = Path(sys.executable).parent
        machines = {name: text for name, text in os.environ.items() if not name.startswith("AWS_")}
        machines.pop("PYTHONPATH", None)  # a container has its own code only
        isolated = (job.network_config or {}).get("EnableNetworkIsolation", False)
        return {
            **machines,
            "PATH": f"{python}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "PYTHONUNBUFFERED": "1",
            "OMP_WAIT_POLICY": "PASSIVE",  # threads that wait must not keep others from the cores
            **({} if isolated else self._access(job)),
            **{name: here(text, folder) for name, text in (job.environment or {}).items()},
        }

    def _access(self, job: Any) -> dict[str, str]:
        """Its role's credentials, and of nobody else."""
        with as_operator():
            session = boto3.client("sts").assume_role(
                RoleArn=job.role_arn, RoleSessionName="processing job"
            )
        given = session["Credentials"]
        return {
            **{name: given[part] for name, part in _CREDENTIALS.items()},  # type: ignore[literal-required]
            "AWS_REGION": self._region,
            "AWS_DEFAULT_REGION": self._region,
            "AWS_ENDPOINT_URL": self._address(),
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def _enter(self, job: Any, status: str) -> None:
        job.processing_job_status, job.last_modified_time = status, utcnow()
        self._tell(job)

    def _tell(self, job: Any) -> None:
        log.info("processing job %s: %s", job.processing_job_name, job.processing_job_status)
        self.changed()
        self._events.report(
            "aws.sagemaker",
            "SageMaker Processing Job State Change",
            {
                "ProcessingJobName": job.processing_job_name,
                "ProcessingJobArn": job.arn,
                "ProcessingJobStatus": job.processing_job_status,
                "FailureReason": job.failure_reason,
                "ExitMessage": job.exit_message,
            },
        )


def here(text: str, folder: Path) -> str:
    return text.replace(ROOT, str(folder))


def failed_when_the_process_died(job: Any) -> None:
    if job.processing_job_status in RUNNING:
        _end(
            job,
            "Failed",
            "InternalServerError: the embedded cloud stopped while this job was running; "
            "create it again under another name",
        )


def _message(folder: Path) -> str | None:
    """What a container leaves in /opt/ml/output/message."""
    message = folder / "output" / "message"
    return message.read_text("utf-8")[:1024] if message.exists() else None


def _status(ended: Ended) -> tuple[str, str | None]:
    if ended.timed_out:
        return "Stopped", "MaxRuntimeExceeded: the job ran longer than its MaxRuntimeInSeconds"
    if ended.stopped:
        return "Stopped", None
    if ended.code:
        last = "\n".join(ended.lines[-20:])[-800:]
        return "Failed", f"AlgorithmError: , exit code: {ended.code}\n{last}"
    return "Completed", None


def _end(job: Any, status: str, reason: str | None) -> None:
    job.processing_job_status = status
    job.processing_end_time = job.last_modified_time = utcnow()
    job.failure_reason = reason[:1024] if reason else None
