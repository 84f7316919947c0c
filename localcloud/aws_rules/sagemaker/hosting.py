"""SageMaker's rules for models, endpoint configurations and endpoints."""

from collections.abc import Iterator
from typing import Any

from moto.ecr.models import ecr_backends
from moto.sagemaker.models import sagemaker_backends

from localcloud.aws_rules.rule import DOCS, Parameters, Rule, violated

_GUIDE = f"{DOCS}/sagemaker/latest/dg"
_REFERENCE = f"{DOCS}/sagemaker/latest/APIReference"
_CONFIGURED = ("sagemaker:CreateEndpointConfig",)
_EXCLUSIONS = f"{_GUIDE}/serverless-endpoints.html"
_SERVERLESS_CONFIG = f"{_REFERENCE}/API_ProductionVariantServerlessConfig.html"
_VARIANT = f"{_REFERENCE}/API_ProductionVariant.html"
_NO_ISOLATION = "Network isolation is not supported for Serverless Inference"

MEMORY_STEP = 1024
ENVIRONMENT_BYTES = 32 * 1024
SERVERLESS_PAYLOAD_BYTES = 4 * 1024 * 1024


def _variants(parameters: Parameters) -> Iterator[tuple[str, Parameters]]:
    for number, variant in enumerate(parameters.get("ProductionVariants") or [], 1):
        yield f"productionVariants.{number}.member", variant


def _serverless_variants(parameters: Parameters) -> Iterator[tuple[str, Parameters, Parameters]]:
    for place, variant in _variants(parameters):
        if serverless := variant.get("ServerlessConfig"):
            yield place, variant, serverless


def _is_serverless(parameters: Parameters) -> bool:
    return any(_serverless_variants(parameters))


def _memory(parameters: Parameters, _request: Any) -> Iterator[str]:
    for place, _, serverless in _serverless_variants(parameters):
        memory = serverless["MemorySizeInMB"]
        if memory % MEMORY_STEP:
            yield violated(
                memory,
                f"{place}.serverlessConfig.memorySizeInMB",
                "Member must satisfy enum value set: [1024, 2048, 3072, 4096, 5120, 6144]",
            )


def _provisioned(parameters: Parameters, _request: Any) -> Iterator[str]:
    for _, _, serverless in _serverless_variants(parameters):
        provisioned = serverless.get("ProvisionedConcurrency") or 0
        if provisioned > serverless["MaxConcurrency"]:
            yield (
                f"ProvisionedConcurrency {provisioned} must be less than or equal to "
                f"MaxConcurrency {serverless['MaxConcurrency']}."
            )


def _isolation(parameters: Parameters, request: Any) -> Iterator[str]:
    for _, variant, _ in _serverless_variants(parameters):
        model = request.sagemaker_backend._models.get(variant["ModelName"])
        if parameters.get("EnableNetworkIsolation") or (model and model.enable_network_isolation):
            yield _NO_ISOLATION


def _network(parameters: Parameters, request: Any) -> Iterator[str]:
    for _, variant, _ in _serverless_variants(parameters):
        model = request.sagemaker_backend._models.get(variant["ModelName"])
        if parameters.get("VpcConfig") or (model and model.vpc_config):
            yield "VPC configuration is not supported for Serverless Inference"


def _capture(parameters: Parameters, _request: Any) -> Iterator[str]:
    if parameters.get("DataCaptureConfig") and _is_serverless(parameters):
        yield "Data capture is not supported for Serverless Inference"


def _accelerator(parameters: Parameters, _request: Any) -> Iterator[str]:
    for _, variant, _ in _serverless_variants(parameters):
        if accelerator := variant.get("AcceleratorType"):
            yield f"AcceleratorType {accelerator} is not supported for Serverless Inference"


def _one_variant(parameters: Parameters, _request: Any) -> Iterator[str]:
    if len(parameters.get("ProductionVariants") or []) > 1 and _is_serverless(parameters):
        yield "Serverless Inference does not support more than one production variant."


def _one_kind(parameters: Parameters, _request: Any) -> Iterator[str]:
    for place, variant, _ in _serverless_variants(parameters):
        if both := sorted({"InstanceType", "InitialInstanceCount"} & {*variant}):
            yield f"{place}: {', '.join(both)} cannot be used with ServerlessConfig."


def _count(parameters: Parameters, _request: Any) -> Iterator[str]:
    for place, variant in _variants(parameters):
        counted = "InitialInstanceCount" in variant or "ManagedInstanceScaling" in variant
        if "InstanceType" in variant and not counted:
            yield violated(None, f"{place}.initialInstanceCount", "Member must not be null")


def _to_serverless(parameters: Parameters, request: Any) -> Iterator[str]:
    """Refuse the change of an endpoint from instances to serverless; the other way is allowed."""
    backend = request.sagemaker_backend
    endpoint = backend.endpoints.get(parameters["EndpointName"])
    before = backend.endpoint_configs.get(endpoint.endpoint_config_name) if endpoint else None
    after = backend.endpoint_configs.get(parameters["EndpointConfigName"])
    if before and after and not _serves_serverless(before) and _serves_serverless(after):
        yield (
            "Updating a real-time inference endpoint to a serverless endpoint is not supported: "
            f"{endpoint.endpoint_name} runs on instances. Delete it and create it again."
        )


def _serves_serverless(config: Any) -> bool:
    return any(variant.get("ServerlessConfig") for variant in config.production_variants)


def _environment(parameters: Parameters, _request: Any) -> Iterator[str]:
    """Add up the environments of all containers of a model."""
    containers = [parameters.get("PrimaryContainer"), *(parameters.get("Containers") or [])]
    size = sum(
        len(name.encode()) + len(value.encode())
        for container in containers
        for name, value in ((container or {}).get("Environment") or {}).items()
    )
    if size > ENVIRONMENT_BYTES:
        yield (
            f"The combined size of all keys and values in Environment is {size} bytes; the maximum "
            f"is {ENVIRONMENT_BYTES}."
        )


def _image(parameters: Parameters, request: Any) -> Iterator[str]:
    """Look for an image of the account's own registry; others' cannot be seen from here."""
    for container in (parameters.get("PrimaryContainer"), *(parameters.get("Containers") or [])):
        image = (container or {}).get("Image") or ""
        own = f"{request.current_account}.dkr.ecr.{request.region}."
        if image.startswith(own) and not _is_in_registry(image, request):
            yield f"Requested image {image} not found."


def _is_in_registry(image: str, request: Any) -> bool:
    name, _, tag = image.partition("/")[2].partition(":")
    repository = ecr_backends[request.current_account][request.region].repositories.get(name)
    tags = {one for kept in repository.images for one in kept.image_tags} if repository else set()
    return (tag or "latest") in tags


def _payload(_parameters: Parameters, request: Any) -> Iterator[str]:
    name = request.path.split("/")[2]
    backend = sagemaker_backends[request.current_account][request.region]
    endpoint = backend.endpoints.get(name)
    config = backend.endpoint_configs.get(endpoint.endpoint_config_name) if endpoint else None
    too_large = len(request.raw_body or b"") > SERVERLESS_PAYLOAD_BYTES
    if too_large and config and _serves_serverless(config):
        yield f"Request to {name} has oversize body."


RULES: tuple[Rule, ...] = (
    Rule("serverless memory in steps of 1024 MB", _CONFIGURED, _memory, _SERVERLESS_CONFIG),
    Rule("provisioned concurrency is at most the concurrency", _CONFIGURED, _provisioned,
         _SERVERLESS_CONFIG),
    Rule("no serverless endpoint with network isolation", _CONFIGURED, _isolation, _EXCLUSIONS),
    Rule("no serverless endpoint in a VPC", _CONFIGURED, _network, _EXCLUSIONS),
    Rule("no serverless endpoint with data capture", _CONFIGURED, _capture, _EXCLUSIONS),
    Rule("no serverless endpoint with an accelerator", _CONFIGURED, _accelerator, _EXCLUSIONS),
    Rule("a serverless endpoint has one variant", _CONFIGURED, _one_variant, _EXCLUSIONS),
    Rule("a variant is serverless or on instances", _CONFIGURED, _one_kind, _VARIANT),
    Rule("number of a variant's instances", _CONFIGURED, _count, _VARIANT),
    Rule("no update from instances to serverless", ("sagemaker:UpdateEndpoint",), _to_serverless,
         f"{_GUIDE}/serverless-endpoints-update.html"),
    Rule("environment of a model", ("sagemaker:CreateModel",), _environment,
         f"{_REFERENCE}/API_ContainerDefinition.html"),
    Rule("image of a model", ("sagemaker:CreateModel",), _image,
         f"{_REFERENCE}/API_ContainerDefinition.html"),
    Rule("payload of a serverless endpoint", ("sagemaker-runtime:InvokeEndpoint",), _payload,
         f"{_GUIDE}/serverless-endpoints-invoke.html"),
)  # fmt: skip
