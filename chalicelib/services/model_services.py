"""The desk of models with its collaborators, built when a person asks for it."""

from datetime import datetime
from functools import cache

import boto3

from chalicelib.foundation.text import Language
from chalicelib.governance.model_acts.artifact_upload import ArtifactUpload
from chalicelib.governance.model_acts.model_act_bucket import ModelActBucket
from chalicelib.governance.model_acts.model_desk import ModelDesk
from chalicelib.services import Services
from chalicelib.services.client_times import BATCHES, QUICK


def model_desk(using: Services, now: datetime, language: Language) -> ModelDesk:
    prefix = using.settings.prefix
    return ModelDesk(
        using.profile,
        prefix,
        using.models,
        using.endpoints,
        _acts(using),
        _uploads(using),
        using.registry,
        using.reports,
        lambda model, version: using.retraining_files.artifact_if_there(
            f"{prefix}-{model}-{version}"
        ),
        now,
        language,
    )


@cache
def _acts(using: Services) -> ModelActBucket:
    return ModelActBucket(boto3.client("s3", config=QUICK), using.settings.data_bucket)


@cache
def _uploads(using: Services) -> ArtifactUpload:
    return ArtifactUpload(boto3.client("s3", config=BATCHES), using.settings.model_bucket)
