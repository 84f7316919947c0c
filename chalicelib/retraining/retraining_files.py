"""Adapter of a retraining's files in the data bucket, and of its upload to the model bucket."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from chalicelib.foundation.settings import JOB_PREFIX, MODEL_PREFIX, REPORT_PREFIX
from chalicelib.models import artifact

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class RetrainingFiles:
    """A retraining's files in the data bucket, and the upload of its challenger."""

    def __init__(self, s3: "S3Client", data: str, models: str) -> None:
        self._s3 = s3
        self._data = data
        self._models = models

    def url(self, key: str) -> str:
        return f"s3://{self._data}/{key}"

    def read(self, key: str) -> bytes:
        return self._s3.get_object(Bucket=self._data, Key=key)["Body"].read()

    def read_if_there(self, key: str) -> bytes | None:
        try:
            return self.read(key)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchKey":
                raise
            return None

    def artifact(self, job: str) -> bytes:
        """Return a training's artifact. Raises InvalidArtifact if it is too large."""
        response = self._s3.get_object(Bucket=self._data, Key=artifact_key(job))
        artifact.require_size(response["ContentLength"])
        return response["Body"].read()

    def artifact_if_there(self, job: str) -> bytes | None:
        """Return a training's artifact, or None. S3 answers 403 for a missing object to a role that
        may not list it, so the key is listed first. Raises InvalidArtifact.
        """
        found = self._s3.list_objects_v2(Bucket=self._data, Prefix=artifact_key(job))
        return self.artifact(job) if found.get("Contents") else None

    def write(self, key: str, body: bytes, content_type: str) -> None:
        self._s3.put_object(Bucket=self._data, Key=key, Body=body, ContentType=content_type)

    def promote(self, model: str, version: str, body: bytes) -> None:
        """Upload an artifact to the key that invokes createEndpointModel."""
        key = f"{MODEL_PREFIX}{model}/{version}/model.tar.gz"
        self._s3.put_object(Bucket=self._models, Key=key, Body=body)


def artifact_key(job: str) -> str:
    return f"{JOB_PREFIX}/{job}/output/model.tar.gz"


def report_key(model: str, version: str) -> str:
    return f"{REPORT_PREFIX}{version}/{model}/"
