"""An artifact in S3 becomes a SageMaker endpoint, or a refusal."""

from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import ClientError

from chalicelib import artifact
from chalicelib.containers import image_uri
from chalicelib.errors import EndpointBusy, InvalidArtifact
from chalicelib.model_bucket import ModelBucket
from chalicelib.profile import Endpoint, Profile, SageMaker

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

    from chalicelib.notifications import NotificationTopic

Document = dict[str, Any]

SETTLED = ("InService", "Failed")


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
            "failure": endpoint.get("FailureReason", ""),
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
    at: str,
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
        bucket.accept(model, version, body, artifact.verify(body, model, version, profile))
    except InvalidArtifact as fault:
        topic.publish("rejected", key, str(fault))
        return
    bucket.arrived(model, version, at)
    converge(model, bucket, endpoints, topic)


def converge(
    model: str, bucket: ModelBucket, endpoints: ModelEndpoints, topic: "NotificationTopic"
) -> None:
    """Towards the newest arrival. A busy endpoint is left alone: its next event comes back here."""
    newest = bucket.newest_arrival(model)
    if newest is None or newest.attempted:
        return
    try:
        changed = endpoints.put(model, newest.version, bucket.verified_url(model, newest.version))
    except EndpointBusy:
        return
    bucket.attempted(model, newest)
    if changed:
        topic.publish("deployed", f"{model} {newest.version}", f"{newest.at}")


def changed(
    endpoint: str,
    profile: Profile,
    bucket: ModelBucket,
    endpoints: ModelEndpoints,
    topic: "NotificationTopic",
) -> None:
    """endpointChanged: tell how a deployment ended, then take what arrived in the meantime."""
    model = endpoint.rpartition("-")[2]
    live = endpoints.live(model) if model in profile.models else None
    if live is None or live["status"] not in SETTLED:
        return
    if live["failure"]:
        topic.publish("failed", f"{model} {live['version']}", live["failure"])
    else:
        topic.publish("in service", f"{model} {live['version']}", live["since"])
    converge(model, bucket, endpoints, topic)


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


def _says(error: ClientError, text: str) -> bool:
    """SageMaker has one error code, ValidationException, and tells things apart by their words."""
    return text in error.response["Error"].get("Message", "")
