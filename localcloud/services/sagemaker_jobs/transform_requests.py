"""SageMaker's requests for transform jobs, where moto's answers are made up."""

from collections.abc import Callable, Iterator
from typing import Any

from moto.core.responses import EmptyResult
from moto.sagemaker.exceptions import ResourceInUseException, ValidationError

from localcloud.services.sagemaker_jobs.transform_jobs import TransformJobs
from localcloud.services.servicequotas.account_quotas import Quotas

_SPLITS = (None, "None", "Line")


def create_transform_job(jobs: TransformJobs, quotas: Quotas) -> Callable[[Any], Any]:
    """Replace moto's action, whose jobs are Completed at once and leave nothing."""

    def replace(original: Any) -> Any:
        def create(self: Any) -> Any:
            name = self._get_param("TransformJobName")
            if existing := self.sagemaker_backend.transform_jobs.get(name):
                raise ResourceInUseException(
                    message="Job name must be unique within an AWS account and region, and a job "
                    f"with this name already exists ({existing.arn})"
                )
            self.sagemaker_backend.describe_model(self._get_param("ModelName"))  # or says it
            if faults := list(_what_cannot_run(self)):
                raise ValidationError(message="; ".join(faults))
            with quotas.for_job("transform", self._get_param("TransformResources")):
                answer = original(self)
                jobs.start(self.sagemaker_backend.transform_jobs[name])
            return answer

        return create

    return replace


def stop_transform_job(jobs: TransformJobs) -> Callable[[None], Any]:
    """Replace moto's SageMakerResponse, which has no such action."""

    def replace(_absent: None) -> Any:
        def stop(self: Any) -> Any:
            name = self._get_param("TransformJobName")
            self.sagemaker_backend.describe_transform_job(name)  # says it if there is none
            jobs.stop(self.sagemaker_backend.transform_jobs[name])
            return EmptyResult()

        return stop

    return replace


def _what_cannot_run(request: Any) -> Iterator[str]:
    given = request._get_param("TransformInput")
    if given["DataSource"]["S3DataSource"]["S3DataType"] != "S3Prefix":
        yield "The embedded cloud reads an S3Prefix only"
    if given.get("SplitType") not in _SPLITS:
        yield f"The embedded cloud splits by Line or not at all, not by {given['SplitType']}"
    if given.get("CompressionType") not in (None, "None"):
        yield "The embedded cloud reads files that are not compressed"
    if request._get_param("DataProcessing"):
        yield "The embedded cloud knows no DataProcessing: leave out the filters and the join"
