"""SageMaker's requests for processing jobs, where moto's answers are made up."""

from collections.abc import Callable, Iterator
from typing import Any

from moto.core.responses import EmptyResult
from moto.sagemaker.exceptions import ResourceInUseException, ValidationError

from localcloud.services.sagemaker_jobs.processing_jobs import ROOT, ProcessingJobs
from localcloud.services.servicequotas.account_quotas import Quotas

_BELOW = f"{ROOT}/processing/"


def create_processing_job(jobs: ProcessingJobs, quotas: Quotas) -> Callable[[Any], Any]:
    """Replace moto's action, whose jobs are Completed at once and leave nothing."""

    def replace(original: Any) -> Any:
        def create(self: Any) -> Any:
            name = self._get_param("ProcessingJobName")
            _refuse_a_name_in_use(self, name)
            if faults := list(_what_cannot_run(self)):
                raise ValidationError(message="; ".join(faults))
            with quotas.for_job(
                "processing", self._get_param("ProcessingResources")["ClusterConfig"]
            ):
                answer = original(self)
                job = self.sagemaker_backend.processing_jobs[name]
                job.environment = self._get_param("Environment") or {}
                job.processing_resources = self._get_param("ProcessingResources")
                jobs.start(job)
            return answer

        return create

    return replace


def stop_processing_job(jobs: ProcessingJobs) -> Callable[[Any], Any]:
    """Replace moto's action, which changes a status and stops no process."""

    def replace(_original: Any) -> Any:
        def stop(self: Any) -> Any:
            name = self._get_param("ProcessingJobName")
            self.sagemaker_backend.describe_processing_job(name)  # says it if there is none
            jobs.stop(self.sagemaker_backend.processing_jobs[name])
            return EmptyResult()

        return stop

    return replace


def _refuse_a_name_in_use(request: Any, name: str) -> None:
    existing = request.sagemaker_backend.processing_jobs.get(name)
    if existing:
        raise ResourceInUseException(
            message="Job name must be unique within an AWS account and region, and a job with this "
            f"name already exists ({existing.arn})"
        )


def _what_cannot_run(request: Any) -> Iterator[str]:
    if not request._get_param("AppSpecification").get("ContainerEntrypoint"):
        yield "The embedded cloud has no images: add the ContainerEntrypoint"
    config = request._get_param("ProcessingOutputConfig") or {}
    for one in [*(request._get_param("ProcessingInputs") or []), *config.get("Outputs", [])]:
        place = one.get("S3Input") or one.get("S3Output")
        if not place:
            yield "The embedded cloud knows inputs and outputs in S3 only"
        elif not f"{place['LocalPath']}/".startswith(_BELOW):
            yield f"LocalPath {place['LocalPath']} must begin with {_BELOW}"
        elif "S3Output" in one and place.get("S3UploadMode") != "EndOfJob":
            yield "The embedded cloud uploads at the end of a job: set S3UploadMode EndOfJob"
