"""Adapter of SageMaker's endpoints `<prefix>-<Model>`.

Each version has a model and an endpoint configuration of its own.
"""

from collections.abc import Callable, Mapping
from datetime import UTC
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from chalicelib.foundation.errors import EndpointBusy, EndpointGoing, EndpointOnInstances
from chalicelib.models.containers import SERVING, image_uri
from chalicelib.profile import Canary, Endpoint, SageMaker

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

Document = dict[str, Any]

VARIANT = "AllTraffic"
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpoint.html
SETTLED = ("InService", "Failed", "UpdateRollbackFailed", "OutOfService")
DOWN = ("Failed", "Deleting", "OutOfService")  # no version answers
GOING = ("Failed", "Deleting")  # a failed one can only be deleted
BROKEN = ("UpdateRollbackFailed", "OutOfService")  # an update to its own version is allowed, too
ABSENT = "could not find"


class ModelEndpoints:
    """The endpoint of each model."""

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
        """Return status, version, times and failure of the endpoint; None if there is none."""
        endpoint = _found(self._client.describe_endpoint, EndpointName=self._name(model))
        if endpoint is None:
            return None
        return {
            "status": endpoint["EndpointStatus"],
            "version": self._version(model, endpoint["EndpointConfigName"]),
            # UTC, as these are compared as text and name marks in S3; boto3 returns local time.
            "since": endpoint["LastModifiedTime"].astimezone(UTC).isoformat(),
            "created": endpoint["CreationTime"].astimezone(UTC).isoformat(),
            "failure": endpoint.get("FailureReason", ""),
        }

    def under_way(self, model: str) -> Document | None:
        """Return the deployment that goes on, with the stage of each variant; None if none does.

        https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_PendingDeploymentSummary.html
        """
        endpoint = _found(self._client.describe_endpoint, EndpointName=self._name(model))
        pending = endpoint and endpoint.get("PendingDeploymentSummary")
        if not pending:
            return None
        variants = pending.get("ProductionVariants", [])
        return {
            "version": self._version(model, pending["EndpointConfigName"]),
            "stages": [
                {"status": one["Status"], "message": one.get("StatusMessage", "")}
                for variant in variants
                for one in variant.get("VariantStatus", [])
            ],
            "instances": sum(variant.get("CurrentInstanceCount", 0) for variant in variants),
            "wantedInstances": sum(variant.get("DesiredInstanceCount", 0) for variant in variants),
        }

    def put(self, model: str, version: str, artifact_url: str) -> bool:
        """Create or update the endpoint with this version. Return whether anything changed.

        Raises EndpointBusy while another update is under way, EndpointGoing while a failed endpoint
        is being deleted, and EndpointOnInstances where AWS would refuse the update:
        https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints-update.html
        """
        live = self.live(model)
        status = live["status"] if live else ""
        if status == "Failed":
            self._client.delete_endpoint(EndpointName=self._name(model))
        if status in GOING:
            raise EndpointGoing(f"The endpoint of {model} is being deleted.")
        if live and live["version"] == version and status in ("InService", "Creating"):
            return False
        if live and status != "InService" and status not in BROKEN:
            raise EndpointBusy(f"The endpoint of {model} is {status}.")
        name, config = self._name(model), self._name(model, version)
        live_on = self._variant(self._name(model, live["version"])) if live else None
        if live_on and "InstanceType" in live_on and not self._endpoint.instances:
            raise EndpointOnInstances(name)
        in_use = bool(live and live["version"] == version)
        self._create_model(config, artifact_url, in_use=in_use)
        self._create_configuration(config, in_use=in_use)
        if live:
            shifting = self._shifting(model, live_on)
            self._client.update_endpoint(EndpointName=name, EndpointConfigName=config, **shifting)
        else:
            self._client.create_endpoint(EndpointName=name, EndpointConfigName=config)
        return True

    def clear(self, model: str, version: str) -> None:
        """Delete the model and configuration of a version; its artifact stays. Safe to repeat."""
        name = self._name(model, version)
        _found(self._client.delete_endpoint_config, EndpointConfigName=name)
        _found(self._client.delete_model, ModelName=name)

    def _version(self, model: str, config: str) -> str:
        return config.removeprefix(f"{self._name(model)}-")

    def _name(self, model: str, version: str = "") -> str:
        return f"{self._prefix}-{model}-{version}" if version else f"{self._prefix}-{model}"

    def _variant(self, config: str) -> Mapping[str, Any] | None:
        """Return the variant of a configuration, or None if there is no such configuration."""
        found = _found(self._client.describe_endpoint_config, EndpointConfigName=config)
        return found["ProductionVariants"][0] if found else None

    def _shifting(self, model: str, live_on: Mapping[str, Any] | None) -> Document:
        """Return the deployment configuration. A serverless endpoint has none: it moves at once."""
        canary = self._endpoint.canary
        if canary is None or live_on is None or "ServerlessConfig" in live_on:
            return {}
        return {"DeploymentConfig": deployment(canary, self._prefix, model)}

    def _create_model(self, name: str, artifact_url: str, *, in_use: bool) -> None:
        """Create the model, or replace one that an earlier release or another capacity made."""
        container: Any = {
            "Image": image_uri(self._sagemaker.image, self._client.meta.region_name),
            "ModelDataUrl": artifact_url,
            "Environment": SERVING,
        }
        # AWS has no serverless endpoints with it:
        # https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html
        is_isolated = self._endpoint.instances is not None
        there = _found(self._client.describe_model, ModelName=name)
        if there is not None:
            had = {part: there["PrimaryContainer"].get(part) for part in container}
            was_isolated = there.get("EnableNetworkIsolation", False)
            if in_use or (had, was_isolated) == (container, is_isolated):
                return
            self._client.delete_model(ModelName=name)
        self._client.create_model(
            ModelName=name,
            ExecutionRoleArn=self._role_arn,
            PrimaryContainer=container,
            EnableNetworkIsolation=is_isolated,
        )

    def _create_configuration(self, name: str, *, in_use: bool) -> None:
        """Create the endpoint configuration.

        A configuration whose capacity is not the profile's is replaced, unless it is `in_use`.
        """
        runs_on, there = capacity(self._endpoint), self._variant(name)
        if there is not None:
            if in_use or {part: there.get(part) for part in runs_on} == runs_on:
                return
            self._client.delete_endpoint_config(EndpointConfigName=name)
        variant: Any = {"VariantName": VARIANT, "ModelName": name, **runs_on}
        self._client.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])


def capacity(endpoint: Endpoint) -> Document:
    """Return the capacity of a variant: instances if the profile names them, else serverless."""
    if endpoint.instances:
        return {
            "InstanceType": endpoint.instances.type,
            "InitialInstanceCount": endpoint.instances.count,
            "InitialVariantWeight": 1,
        }
    serverless = {
        "MemorySizeInMB": endpoint.memory_mb,
        "MaxConcurrency": endpoint.max_concurrency,
    }
    if endpoint.provisioned:
        serverless["ProvisionedConcurrency"] = endpoint.provisioned
    return {"ServerlessConfig": serverless}


def deployment(canary: Canary, prefix: str, model: str) -> Document:
    """Return a blue/green deployment with a canary.

    A part of the traffic moves first, and all of it if no alarm is raised while that bakes. The old
    instances stay for the same time again, and an alarm until then rolls back to them.
    """
    size = (
        {"Type": "INSTANCE_COUNT", "Value": canary.instances}
        if canary.instances
        else {"Type": "CAPACITY_PERCENT", "Value": round(100 * (canary.share or 0))}
    )
    routing = {
        "Type": "CANARY",
        "CanarySize": size,
        "WaitIntervalInSeconds": canary.bake_seconds,
    }
    alarms = [{"AlarmName": f"{prefix}-{alarm}-{model}"} for alarm in canary.alarms]
    return {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": routing,
            "TerminationWaitInSeconds": canary.bake_seconds,
        },
        "AutoRollbackConfiguration": {"Alarms": alarms},
    }


def _found(call: Callable[..., Any], **name: str) -> Mapping[str, Any] | None:
    """Return the answer, or None if the resource does not exist.

    SageMaker's only error code is ValidationException, so the message must be read.
    """
    try:
        answer: Mapping[str, Any] = call(**name)
    except ClientError as error:
        if ABSENT not in error.response["Error"].get("Message", "").lower():
            raise
        return None
    return answer
