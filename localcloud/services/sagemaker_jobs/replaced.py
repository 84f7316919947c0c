"""Replaced symbols of SageMaker's jobs."""

from localcloud.seam import ABSENT, Replaced
from localcloud.services.sagemaker_jobs import (
    processing_requests,
    training_requests,
    transform_requests,
)
from localcloud.services.sagemaker_jobs.processing_jobs import ProcessingJobs
from localcloud.services.sagemaker_jobs.training_jobs import TrainingJobs
from localcloud.services.sagemaker_jobs.transform_jobs import TransformJobs
from localcloud.services.servicequotas.account_quotas import Quotas

_SAGEMAKER = "moto.sagemaker.responses:SageMakerResponse"


def replaced(
    training_jobs: TrainingJobs,
    processing_jobs: ProcessingJobs,
    transform_jobs: TransformJobs,
    quotas: Quotas,
) -> list[Replaced]:
    return [
        Replaced(
            _SAGEMAKER,
            "create_training_job",
            "(self)",
            training_requests.create_training_job(training_jobs, quotas),
            "moto's jobs are Completed at once, with made up metrics and no artifact",
        ),
        Replaced(
            _SAGEMAKER,
            "stop_training_job",
            ABSENT,
            training_requests.stop_training_job(training_jobs),
            "missing",
        ),
        Replaced(
            _SAGEMAKER,
            "create_processing_job",
            "(self)",
            processing_requests.create_processing_job(processing_jobs, quotas),
            "moto's jobs are Completed at once and run nothing",
        ),
        Replaced(
            _SAGEMAKER,
            "stop_processing_job",
            "(self)",
            processing_requests.stop_processing_job(processing_jobs),
            "there is a process to stop",
        ),
        Replaced(
            _SAGEMAKER,
            "create_transform_job",
            "(self)",
            transform_requests.create_transform_job(transform_jobs, quotas),
            "moto's jobs are Completed at once and run nothing",
        ),
        Replaced(
            _SAGEMAKER,
            "stop_transform_job",
            ABSENT,
            transform_requests.stop_transform_job(transform_jobs),
            "missing",
        ),
    ]
