"""An artifact in S3 becomes a SageMaker endpoint, or a refusal."""

from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import ClientError

from chalicelib import artifact
from chalicelib.artifact import Artifact
from chalicelib.containers import image_uri
from chalicelib.errors import EndpointBusy, InvalidArtifact
from chalicelib.profile import Endpoint, Profile, SageMaker
from chalicelib.settings import MANIFEST_PREFIX, VERIFIED_PREFIX

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient

    from chalicelib.notifications import NotificationTopic

Document = dict[str, Any]


class ModelBucket:
    """Artifacts, and beside them the manifests of those that were accepted."""

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3 = s3
        self.name = bucket

    def read_artifact(self, key: str) -> bytes:
        """Raises InvalidArtifact for what is too large to be a model."""
        response = self._s3.get_object(Bucket=self.name, Key=key)
        if response["ContentLength"] > artifact.LARGEST_ARCHIVE:
            limit = artifact.LARGEST_ARCHIVE // 2**20
            raise InvalidArtifact(f"It is larger than {limit} MiB, more than any model needs.")
        return response["Body"].read()

    def accept(self, model: str, version: str, body: bytes, accepted: Artifact) -> None:
        """Keeps the bytes that were verified; the manifest, written last, marks them accepted.

        A version stays what it was when it first came. Raises InvalidArtifact if it changed.
        """
        earlier = self.manifest(model, version)
        if earlier is None:
            self._s3.put_object(Bucket=self.name, Key=_verified_key(model, version), Body=body)
            key = _manifest_key(model, version)
            self._s3.put_object(Bucket=self.name, Key=key, Body=accepted.manifest_body)
        elif earlier != accepted.manifest_body:
            raise InvalidArtifact(
                f"{version} exists with other content: upload it as a new version."
            )

    def verified_url(self, model: str, version: str) -> str:
        """Not the upload's own key: what lies there may change after it was verified."""
        return f"s3://{self.name}/{_verified_key(model, version)}"

    def manifest(self, model: str, version: str) -> bytes | None:
        try:
            response = self._s3.get_object(Bucket=self.name, Key=_manifest_key(model, version))
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchKey":
                raise
            return None
        return response["Body"].read()


class ModelEndpoints:
    """The endpoints `<prefix>-<Model>`; a model and a configuration a version."""

    def __init__(
        self,
        client: "SageMakerClient",
        prefix: str,
        role_arn: str,
        endpoint: Endpoint,
        sagemaker: SageMaker,
    ) -> None:
        self._client = client
        self._prefix = prefix
        self._role_arn = role_arn
        self._endpoint = endpoint
        self._sagemaker = sagemaker

    def live(self, model: str) -> Document | None:
        """Status, version and since when; nothing if there is no endpoint yet."""
        try:
            endpoint = self._client.describe_endpoint(EndpointName=f"{self._prefix}-{model}")
        except ClientError as error:
            if not _says(error, "Could not find"):
                raise
            return None
        config = endpoint["EndpointConfigName"]
        return {
            "status": endpoint["EndpointStatus"],
            "version": config.removeprefix(f"{self._prefix}-{model}-"),
            "since": endpoint["LastModifiedTime"].isoformat(timespec="seconds"),
        }

    def put(self, model: str, version: str, artifact_url: str) -> bool:
        """Whether anything changed. Raises EndpointBusy while another version is being deployed."""
        live = self.live(model)
        if live and live["status"] == "Failed":  # AWS updates no endpoint that never came up
            self._client.delete_endpoint(EndpointName=f"{self._prefix}-{model}")
            live = None
        if live and live["version"] == version:
            return False
        if live and live["status"] != "InService":
            raise EndpointBusy(f"The endpoint of {model} is {live['status']}.")
        self._create_model(f"{self._prefix}-{model}-{version}", artifact_url)
        self._create_configuration(f"{self._prefix}-{model}-{version}")
        change = self._client.update_endpoint if live else self._client.create_endpoint
        change(
            EndpointName=f"{self._prefix}-{model}",
            EndpointConfigName=f"{self._prefix}-{model}-{version}",
        )
        return True

    def _create_model(self, name: str, artifact_url: str) -> None:
        try:
            self._client.describe_model(ModelName=name)
        except ClientError as error:
            if not _says(error, "Could not find"):
                raise
            self._client.create_model(
                ModelName=name,
                ExecutionRoleArn=self._role_arn,
                PrimaryContainer={
                    "Image": image_uri(self._sagemaker.image, self._client.meta.region_name),
                    "ModelDataUrl": artifact_url,
                    "Environment": {
                        "SAGEMAKER_PROGRAM": "inference.py",
                        "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
                    },
                },
                EnableNetworkIsolation=self._sagemaker.network_isolation,
            )

    def _create_configuration(self, name: str) -> None:
        try:
            self._client.describe_endpoint_config(EndpointConfigName=name)
        except ClientError as error:
            if not _says(error, "Could not find"):
                raise
            self._client.create_endpoint_config(
                EndpointConfigName=name,
                ProductionVariants=[
                    {
                        "VariantName": "AllTraffic",
                        "ModelName": name,
                        "ServerlessConfig": {
                            "MemorySizeInMB": self._endpoint.memory_mb,
                            "MaxConcurrency": self._endpoint.max_concurrency,
                        },
                    }
                ],
            )


def deploy(
    key: str,
    prefix: str,
    profile: Profile,
    bucket: ModelBucket,
    endpoints: ModelEndpoints,
    topic: "NotificationTopic",
) -> None:
    """createEndpointModel: what is not a valid, matching, untampered artifact changes nothing."""
    try:
        model, version = artifact.identity(key, prefix)
        body = bucket.read_artifact(key)
        accepted = artifact.verify(body, model, version, profile)
        bucket.accept(model, version, body, accepted)
    except InvalidArtifact as fault:
        topic.publish("rejected", key, str(fault))
        return
    if endpoints.put(model, version, bucket.verified_url(model, version)):
        topic.publish("deployed", f"{model} {version}", f"SHA-256 {accepted.sha256}")


def inventory(profile: Profile, bucket: ModelBucket, endpoints: ModelEndpoints) -> Document:
    """GET /models: what answers for each model of the profile, since when, and what it showed."""
    return {"models": {model: _described(model, bucket, endpoints) for model in profile.models}}


def _described(model: str, bucket: ModelBucket, endpoints: ModelEndpoints) -> Document:
    live = endpoints.live(model)
    if live is None:
        return {"status": "NOT_DEPLOYED"}
    manifest = bucket.manifest(model, live["version"])
    if manifest is None:
        return live
    lineage = msgspec.json.decode(manifest)
    shown = ("method", "snapshot", "window", "rows", "bads", "metrics")
    return live | {name: lineage[name] for name in shown}


def _manifest_key(model: str, version: str) -> str:
    return f"{MANIFEST_PREFIX}{model}/{version}.json"


def _verified_key(model: str, version: str) -> str:
    return f"{VERIFIED_PREFIX}{model}/{version}/model.tar.gz"


def _says(error: ClientError, text: str) -> bool:
    """SageMaker has one error code, ValidationException, and tells things apart by their words."""
    return text in error.response["Error"].get("Message", "")
