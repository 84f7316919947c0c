"""SageMaker's requests for training jobs, where moto's answers are made up."""

import copy
from collections.abc import Callable
from typing import Any

from moto.core.responses import EmptyResult
from moto.sagemaker.exceptions import ResourceInUseException, ValidationError

from localcloud.services.sagemaker_jobs.training_jobs import TrainingJobs
from localcloud.services.servicequotas.account_quotas import Quotas

SCRIPT_MODE = {"sagemaker_program", "sagemaker_submit_directory"}


def create_training_job(jobs: TrainingJobs, quotas: Quotas) -> Callable[[Any], Any]:
    """Replace moto's action, whose jobs are Completed at once and leave nothing."""

    def replace(original: Any) -> Any:
        def create(self: Any) -> Any:
            name = self._get_param("TrainingJobName")
            algorithm = copy.deepcopy(self._get_param("AlgorithmSpecification"))
            _refuse_what_cannot_run(self, name)
            with quotas.for_job("training", self._get_param("ResourceConfig")):
                answer = original(self)
                job = self.sagemaker_backend.training_jobs[name]
                job.algorithm_specification = algorithm  # moto puts its own metrics there
                job.environment = self._get_param("Environment") or {}
                jobs.start(job)
            return answer

        return create

    return replace


def stop_training_job(jobs: TrainingJobs) -> Callable[[None], Any]:
    """Replace moto's SageMakerResponse, which has no such action."""

    def replace(_absent: None) -> Any:
        def stop(self: Any) -> Any:
            name = self._get_param("TrainingJobName")
            self.sagemaker_backend.describe_training_job(name)  # says it if there is none
            jobs.stop(self.sagemaker_backend.training_jobs[name])
            return EmptyResult()

        return stop

    return replace


def _refuse_what_cannot_run(request: Any, name: str) -> None:
    existing = request.sagemaker_backend.training_jobs.get(name)
    if existing:
        raise ResourceInUseException(
            message="Training job names must be unique within an AWS account and region, and a "
            f"training job with this name already exists ({existing.arn})"
        )
    missing = SCRIPT_MODE - set(request._get_param("HyperParameters") or {})
    if missing:
        raise ValidationError(
            message="The embedded cloud trains in script mode only; add the hyperparameters "
            + ", ".join(sorted(missing))
        )
