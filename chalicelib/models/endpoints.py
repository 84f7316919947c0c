"""SageMaker's endpoints `<prefix>-<Model>`; a model and a configuration a version."""

from collections.abc import Callable, Mapping
from datetime import UTC
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from chalicelib.errors import EndpointBusy, EndpointGoing, EndpointOnInstances
from chalicelib.models.containers import SERVING, image_uri
from chalicelib.profile import Canary, Endpoint, SageMaker

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

Document = dict[str, Any]

VARIANT = "AllTraffic"
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpoint.html
SETTLED = ("InService", "Failed", "UpdateRollbackFailed", "OutOfService")
DOWN = ("Failed", "Deleting", "OutOfService")  # nothing answers, nor will by itself
GOING = ("Failed", "Deleting")  # a failed one can only be deleted
BROKEN = ("UpdateRollbackFailed", "OutOfService")  # the version that it has is put again, too
ABSENT = "could not find"


class ModelEndpoints:
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
        endpoint = _found(self._client.describe_endpoint, EndpointName=self._name(model))
        if endpoint is None:
            return None
        config = endpoint["EndpointConfigName"]
        return {
            "status": endpoint["EndpointStatus"],
            "version": config.removeprefix(f"{self._name(model)}-"),
            # Compared as text, and names in the ledger: boto3 gives this machine's own zone.
            "since": endpoint["LastModifiedTime"].astimezone(UTC).isoformat(),
            "created": endpoint["CreationTime"].astimezone(UTC).isoformat(),
            "failure": endpoint.get("FailureReason", ""),
        }

    def put(self, model: str, version: str, artifact_url: str) -> bool:
        """Return whether anything changed.

        Raises EndpointBusy while an update may still end with another version than it has now,
        EndpointGoing while what never came up is being deleted (AWS is not done at once), and
        EndpointOnInstances where AWS would refuse the update:
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
        """A version that nobody goes back to; its artifact stays. To repeat it is harmless."""
        name = self._name(model, version)
        _found(self._client.delete_endpoint_config, EndpointConfigName=name)
        _found(self._client.delete_model, ModelName=name)

    def _name(self, model: str, version: str = "") -> str:
        return f"{self._prefix}-{model}-{version}" if version else f"{self._prefix}-{model}"

    def _variant(self, config: str) -> Mapping[str, Any] | None:
        """Return the variant of a configuration, or None if there is no such configuration."""
        found = _found(self._client.describe_endpoint_config, EndpointConfigName=config)
        return found["ProductionVariants"][0] if found else None

    def _shifting(self, model: str, live_on: Mapping[str, Any] | None) -> Document:
        """How traffic moves to the new version. What is serverless moves all at once."""
        canary = self._endpoint.canary
        if canary is None or live_on is None or "ServerlessConfig" in live_on:
            return {}
        return {"DeploymentConfig": deployment(canary, self._prefix, model)}

    def _create_model(self, name: str, artifact_url: str, *, in_use: bool) -> None:
        """A version that comes back may have a model of an earlier release, or of instances."""
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
        """A version that comes back has one, perhaps of before the profile's capacity changed."""
        runs_on, there = capacity(self._endpoint), self._variant(name)
        if there is not None:
            if in_use or {part: there.get(part) for part in runs_on} == runs_on:
                return
            self._client.delete_endpoint_config(EndpointConfigName=name)
        variant: Any = {"VariantName": VARIANT, "ModelName": name, **runs_on}
        self._client.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])


def capacity(endpoint: Endpoint) -> Document:
    """What a variant runs on: instances if the profile names them, else serverless."""
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
    """A part of the traffic first; all of it if no alarm rings while that bakes. The old machines
    stay as long again, and any alarm until then goes back to them."""
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
    """SageMaker has one error code, ValidationException, and tells things apart by their words."""
    try:
        answer: Mapping[str, Any] = call(**name)
    except ClientError as error:
        if ABSENT not in error.response["Error"].get("Message", "").lower():
            raise
        return None
    return answer
