from pathlib import Path
from typing import Any

import boto3
from moto.core.utils import utcnow

from localcloud.services.sagemaker.artifacts import download_prefix, download_tar, upload_tar
from localcloud.services.sagemaker_jobs.job_logs import keep
from localcloud.services.sagemaker_jobs.jobs import Jobs, Surroundings
from localcloud.services.sagemaker_jobs.training_process import Outcome, TrainingProcess

OVERDUE = "MaxRuntimeExceeded"


class TrainingJobs(Jobs):
    kind = "Training"

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around)
        self._processes: dict[str, TrainingProcess] = {}

    def begin(self, job: Any) -> None:
        _enter(job, "InProgress", "Starting", "Preparing the instances for training")
        job.training_start_time = job.training_end_time = None
        job.model_artifacts = job.failure_reason = job.training_time_in_seconds = None
        job.final_metric_data_list = []
        self._processes[job.training_job_name] = TrainingProcess(job.training_job_name)

    def role_and_image(self, job: Any) -> tuple[str, str]:
        return job.role_arn, job.algorithm_specification["TrainingImage"]

    def interrupt(self, job: Any) -> None:
        self._enter(job, "Stopping", "Stopping", "Stopping the training job")
        self._processes[job.training_job_name].stop()

    def close(self) -> None:
        for process in list(self._processes.values()):
            process.kill()
        super().close()

    def told(self, job: Any) -> dict[str, Any]:
        return {"SecondaryStatus": job.secondary_status, "ModelArtifacts": job.model_artifacts}

    @classmethod
    def end(cls, job: Any, status: str, reason: str | None) -> None:
        super().end(job, status, reason)
        secondary = OVERDUE if job.secondary_status == OVERDUE else status
        _enter(job, status, secondary, reason or "Training job " + status.lower())
        began = job.training_start_time or job.training_end_time
        job.training_time_in_seconds = int((job.training_end_time - began).total_seconds())

    def carry_out(self, job: Any, folder: Path) -> tuple[str, str | None]:
        try:
            return self._train(job, folder)
        except DataNotFound as error:
            return "Failed", f"ClientError: {error}"
        finally:
            del self._processes[job.training_job_name]

    def _train(self, job: Any, folder: Path) -> tuple[str, str | None]:
        self._enter(job, "InProgress", "Downloading", "Downloading input data")
        self._download(job, folder)
        self._enter(job, "InProgress", "Training", "Training image download completed.")
        job.training_start_time = utcnow()
        isolated = getattr(job, "enable_network_isolation", False)
        around = self._around
        container = (
            around.isolated(folder)
            if isolated
            else around.container(job.role_arn, "training-job", folder)
        )
        outcome = self._processes[job.training_job_name].run(job, folder, container)
        job.final_metric_data_list = outcome.metrics
        keep(self.logs, around.region, "TrainingJobs", job.training_job_name, outcome.lines)
        if outcome.reason is None or outcome.stopped:
            self._enter(job, job.training_job_status, "Uploading", "Uploading generated model")
            self._upload(job, folder)
        if outcome.timed_out:
            job.secondary_status = OVERDUE
        return _status(outcome)

    def _download(self, job: Any, folder: Path) -> None:
        s3 = boto3.client("s3", region_name=self._around.region)
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
        s3 = boto3.client("s3", region_name=self._around.region)
        output = f"{job.output_data_config['S3OutputPath'].rstrip('/')}/{job.training_job_name}"
        if upload_tar(s3, folder / "model", f"{output}/output/model.tar.gz"):
            job.model_artifacts = {"S3ModelArtifacts": f"{output}/output/model.tar.gz"}
        upload_tar(s3, folder / "output" / "data", f"{output}/output/output.tar.gz")

    def _enter(self, job: Any, status: str, secondary: str, message: str) -> None:
        _enter(job, status, secondary, message)
        self.tell(job)


class DataNotFound(Exception):
    pass


def _status(outcome: Outcome) -> tuple[str, str | None]:
    if outcome.stopped:
        return "Stopped", None
    if outcome.reason is not None:
        return "Failed", outcome.reason
    return "Completed", None


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
