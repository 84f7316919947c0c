import logging
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
from moto.core.utils import utcnow
from moto.sagemaker.exceptions import ValidationError

from localcloud.activity import Activity
from localcloud.artifacts import download_prefix, download_tar, upload_tar
from localcloud.authorization import Authorization
from localcloud.container_role import note_container
from localcloud.events import Events
from localcloud.job_logs import keep
from localcloud.training_process import Outcome, TrainingProcess

log = logging.getLogger("localcloud")

RUNNING = ("InProgress", "Stopping")


class TrainingJobs:
    """Runs each training job as a process of its own, at most two at a time."""

    def __init__(
        self,
        region: str,
        activity: Activity,
        events: Events,
        work: Path,
        logs: Path | None,
        authorization: Authorization,
    ) -> None:
        self.changed: Callable[[], None] = lambda: None
        self._region = region
        self._activity = activity
        self._events = events
        self._work = work
        self._logs = logs
        self._authorization = authorization
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="training")
        self._processes: dict[str, TrainingProcess] = {}

    def start(self, job: Any) -> None:
        _enter(job, "InProgress", "Starting", "Preparing the instances for training")
        job.training_start_time = job.training_end_time = None
        job.model_artifacts = job.failure_reason = job.training_time_in_seconds = None
        job.final_metric_data_list = []
        self._processes[job.training_job_name] = TrainingProcess(job.training_job_name)
        self._activity.begin(job.arn)
        self._pool.submit(self._run, job)

    def stop(self, job: Any) -> None:
        if job.training_job_status not in RUNNING:
            raise ValidationError(
                message="The request was rejected because the training job is in status "
                f"{job.training_job_status}."
            )
        self._enter(job, "Stopping", "Stopping", "Stopping the training job")
        self._processes[job.training_job_name].stop()

    def close(self) -> None:
        for process in list(self._processes.values()):
            process.kill()
        self._pool.shutdown(cancel_futures=True)

    def _run(self, job: Any) -> None:
        try:
            with (
                tempfile.TemporaryDirectory(prefix="training-", dir=self._work) as folder,
                self._authorization.acting_as(job.role_arn, "sagemaker", "training job"),
            ):
                image = job.algorithm_specification["TrainingImage"]
                note_container(self._authorization, image, "TrainingJobs", self._region)
                self._train(job, Path(folder))
        except Exception as error:  # the process boundary: the job answers for it
            log.exception("training job %s", job.training_job_name)
            _end(job, "Failed", "Failed", f"InternalServerError: {type(error).__name__}: {error}")
        finally:
            del self._processes[job.training_job_name]
            self._tell(job)
            self._activity.end(job.arn)

    def _train(self, job: Any, folder: Path) -> None:
        process = self._processes[job.training_job_name]
        self._enter(job, "InProgress", "Downloading", "Downloading input data")
        try:
            self._download(job, folder)
        except DataNotFound as error:
            _end(job, "Failed", "Failed", f"ClientError: {error}")
            return
        self._enter(job, "InProgress", "Training", "Training image download completed.")
        job.training_start_time = utcnow()
        outcome = process.run(job, folder)
        job.final_metric_data_list = outcome.metrics
        keep(self._logs, self._region, "TrainingJobs", job.training_job_name, outcome.lines)
        if outcome.reason is None or outcome.stopped:
            self._enter(job, job.training_job_status, "Uploading", "Uploading generated model")
            self._upload(job, folder)
        _end(job, *_status(outcome))

    def _download(self, job: Any, folder: Path) -> None:
        s3 = boto3.client("s3", region_name=self._region)
        submitted = job.hyper_parameters["sagemaker_submit_directory"].strip('"')
        download_tar(s3, submitted, folder / "code")
        for channel in job.input_data_config or []:
            source = channel["DataSource"]["S3DataSource"]["S3Uri"]
            into = folder / "input" / "data" / channel["ChannelName"]
            if download_prefix(s3, source, into) == 0:
                raise DataNotFound(
                    f"Data download failed: S3 key {source} matched no files on s3; "
                    f"upload the data of channel {channel['ChannelName']} first"
                )

    def _upload(self, job: Any, folder: Path) -> None:
        s3 = boto3.client("s3", region_name=self._region)
        output = f"{job.output_data_config['S3OutputPath'].rstrip('/')}/{job.training_job_name}"
        if upload_tar(s3, folder / "model", f"{output}/output/model.tar.gz"):
            job.model_artifacts = {"S3ModelArtifacts": f"{output}/output/model.tar.gz"}
        upload_tar(s3, folder / "output" / "data", f"{output}/output/output.tar.gz")

    def _enter(self, job: Any, status: str, secondary: str, message: str) -> None:
        _enter(job, status, secondary, message)
        self._tell(job)

    def _tell(self, job: Any) -> None:
        log.info("training job %s: %s", job.training_job_name, job.secondary_status)
        self.changed()
        self._events.report(
            "aws.sagemaker",
            "SageMaker Training Job State Change",
            {
                "TrainingJobName": job.training_job_name,
                "TrainingJobArn": job.arn,
                "TrainingJobStatus": job.training_job_status,
                "SecondaryStatus": job.secondary_status,
                "FailureReason": job.failure_reason,
                "ModelArtifacts": job.model_artifacts,
            },
        )


class DataNotFound(Exception):
    pass


def failed_when_the_process_died(job: Any) -> None:
    if job.training_job_status in RUNNING:
        _end(
            job,
            "Failed",
            "Failed",
            "InternalServerError: the embedded cloud stopped while this job was running; "
            "create it again under another name",
        )


def _status(outcome: Outcome) -> tuple[str, str, str | None]:
    if outcome.timed_out:
        return "Stopped", "MaxRuntimeExceeded", None
    if outcome.stopped:
        return "Stopped", "Stopped", None
    if outcome.reason is not None:
        return "Failed", "Failed", outcome.reason
    return "Completed", "Completed", None


def _enter(job: Any, status: str, secondary: str, message: str) -> None:
    now = utcnow()
    job.training_job_status, job.secondary_status = status, secondary
    job.last_modified_time = now
    transitions = job.secondary_status_transitions
    if secondary == "Starting":
        transitions.clear()
    elif transitions:
        transitions[-1]["EndTime"] = now
    transitions.append({"Status": secondary, "StartTime": now, "StatusMessage": message})


def _end(job: Any, status: str, secondary: str, reason: str | None) -> None:
    _enter(job, status, secondary, reason or "Training job " + status.lower())
    job.training_end_time = job.last_modified_time
    began = job.training_start_time or job.training_end_time
    job.training_time_in_seconds = int((job.training_end_time - began).total_seconds())
    if reason:
        job.failure_reason = reason[:1024]
