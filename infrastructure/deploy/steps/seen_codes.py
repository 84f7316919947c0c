"""Codes that the models in service have seen, for a request that they may decide."""

from collections.abc import Iterator
from typing import Any

import boto3

from chalicelib.foundation.errors import InvalidArtifact
from chalicelib.foundation.settings import Settings
from chalicelib.models import artifact
from chalicelib.models.endpoints import ModelEndpoints
from chalicelib.models.model_bucket import ModelBucket
from chalicelib.profile import Profile

MOST_REQUESTS = 5

Document = dict[str, Any]
Codes = dict[str, list[str]]


def in_service(settings: Settings, profile: Profile) -> Codes:
    """Return the codes that each model in service has seen, by feature and sorted."""
    client, capacity = boto3.client("sagemaker"), profile.endpoint[settings.stage]
    endpoints = ModelEndpoints(client, settings.prefix, "", capacity, profile.sagemaker)
    bucket = ModelBucket(boto3.client("s3"), settings.model_bucket)
    found: dict[str, set[str]] = {}
    for model in profile.models:
        if live := endpoints.live(model):
            try:
                body = bucket.verified_artifact(model, live["version"])
            except InvalidArtifact:
                continue  # it is gone; the endpoint answers, and so may the request as it is
            for feature, codes in artifact.seen_codes(body).items():
                found[feature] = found.get(feature, {*codes}) & {*codes}
    return {feature: sorted(codes) for feature, codes in found.items()}


def with_seen(sent: Document, codes: Codes) -> Iterator[Document]:
    """Yield the request with codes that the models have seen instead of any that they have not: one
    request for each of a few such codes, or the request as it is.
    """
    application = sent["application"]
    strange = [
        name
        for name, known in codes.items()
        if known and name in application and application[name] not in known
    ]
    for n in range(MOST_REQUESTS if strange else 1):
        replaced = {name: codes[name][n * len(codes[name]) // MOST_REQUESTS] for name in strange}
        yield {**sent, "application": {**application, **replaced}}
