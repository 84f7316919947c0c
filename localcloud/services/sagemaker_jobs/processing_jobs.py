"""SageMaker Processing: any script between S3 and S3, in a process of its own.

A container's /opt/ml is a folder here: where an entrypoint or an argument names /opt/ml/…, the
process is given that folder's path instead.
"""

from pathlib import Path
from typing import Any

import boto3
from moto.core.utils import utcnow

from localcloud.services.sagemaker.artifacts import download_prefix, upload_files
from localcloud.services.sagemaker_jobs.job_logs import keep
from localcloud.services.sagemaker_jobs.jobs import Jobs, Surroundings
from localcloud.services.sagemaker_jobs.script_process import Ended, ScriptProcess

ROOT = "/opt/ml"
_DAY = 24 * 3600  # MaxRuntimeInSeconds has this default


class ProcessingJobs(Jobs):
    kind = "Processing"

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around)
        self._processes: dict[str, ScriptProcess] = {}

    def begin(self, job: Any) -> None:
        job.processing_job_status = "InProgress"
        job.processing_start_time = job.processing_end_time = None
        job.failure_reason = job.exit_message = None
        self._processes[job.processing_job_name] = ScriptProcess(job.processing_job_name)

    def role_and_image(self, job: Any) -> tuple[str, str]:
        return job.role_arn, job.app_specification["ImageUri"]

    def interrupt(self, job: Any) -> None:
        job.processing_job_status, job.last_modified_time = "Stopping", utcnow()
        self.tell(job)
        self._processes[job.processing_job_name].stop()

    def close(self) -> None:
        for process in list(self._processes.values()):
            process.kill()
        super().close()

    def told(self, job: Any) -> dict[str, Any]:
        return {"ExitMessage": job.exit_message}

    def carry_out(self, job: Any, folder: Path) -> tuple[str, str | None]:
        try:
            return self._between_s3(job, folder)
        finally:
            del self._processes[job.processing_job_name]

    def _between_s3(self, job: Any, folder: Path) -> tuple[str, str | None]:
        s3 = boto3.client("s3", region_name=self._around.region)
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
        keep(self.logs, self._around.region, "ProcessingJobs", job.processing_job_name, ended.lines)
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
        isolated = (job.network_config or {}).get("EnableNetworkIsolation", False)
        around = self._around
        given = (
            around.isolated(folder)
            if isolated
            else around.container(job.role_arn, "processing-job", folder)
        )
        own = {name: here(text, folder) for name, text in (job.environment or {}).items()}
        return {**given, **own}


def here(text: str, folder: Path) -> str:
    return text.replace(ROOT, str(folder))


def _message(folder: Path) -> str | None:
    """Return the message that a container left in /opt/ml/output/message."""
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
