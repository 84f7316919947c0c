"""The rules of AWS that no service model states, each with the page that states it.

A rule reads the parameters of a request, and says in AWS's words what they break. Rules that need
the account's state read it from the request's backend.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_DOCS = "https://docs.aws.amazon.com"
_VARIANTS = ("sagemaker:CreateEndpointConfig",)
_SERVERLESS = f"{_DOCS}/sagemaker/latest/dg/serverless-endpoints.html"
_FUNCTIONS = ("lambda:CreateFunction", "lambda:UpdateFunctionConfiguration")
_EXECUTIONS = ("stepfunctions:StartExecution", "stepfunctions:StartSyncExecution")

MEMORY_STEP = 1024
STATE_BYTES = 262_144
SYNCHRONOUS_BYTES = 6 * 1024 * 1024
ASYNCHRONOUS_BYTES = 1024 * 1024
RESPONSE_BYTES = 6_291_556
ENVIRONMENT_BYTES = 4096
TEMPLATE_BYTES = 51_200
PATTERN_LENGTH = 2048
METADATA_BYTES = 2048
KEY_BYTES = 1024
PARAMETER_LENGTH = 4096
POLICY_LENGTH = 10_240
SUBJECT_LENGTH = 100
ENTRY_BYTES = 256 * 1024

RESPONSE_SOURCE = f"{_DOCS}/lambda/latest/dg/gettingstarted-limits.html"

Parameters = Mapping[str, Any]


@dataclass(frozen=True)
class Rule:
    name: str
    requests: tuple[str, ...]  # service:Operation
    broken: Callable[[Parameters, Any], Iterator[str]]
    source: str
    code: str | None = None  # the error's; the service's own validation error if there is none


def _serverless_variants(parameters: Parameters) -> Iterator[tuple[Parameters, Parameters]]:
    for variant in parameters.get("ProductionVariants") or []:
        if serverless := variant.get("ServerlessConfig"):
            yield variant, serverless


def _memory(parameters: Parameters, _request: Any) -> Iterator[str]:
    for _, serverless in _serverless_variants(parameters):
        memory = serverless["MemorySizeInMB"]
        if memory % MEMORY_STEP:
            yield (
                f"1 validation error detected: Value '{memory}' at 'productionVariants.1.member."
                "serverlessConfig.memorySizeInMB' failed to satisfy constraint: Member must "
                "satisfy enum value set: [1024, 2048, 3072, 4096, 5120, 6144]"
            )


def _provisioned(parameters: Parameters, _request: Any) -> Iterator[str]:
    for _, serverless in _serverless_variants(parameters):
        provisioned = serverless.get("ProvisionedConcurrency") or 0
        if provisioned > serverless["MaxConcurrency"]:
            yield (
                f"ProvisionedConcurrency {provisioned} must be less than or equal to "
                f"MaxConcurrency {serverless['MaxConcurrency']}."
            )


def _isolation(parameters: Parameters, request: Any) -> Iterator[str]:
    for variant, _ in _serverless_variants(parameters):
        model = request.sagemaker_backend._models.get(variant["ModelName"])
        if model and model.enable_network_isolation:
            yield "Network isolation is not supported for Serverless Inference"


def _one_variant(parameters: Parameters, _request: Any) -> Iterator[str]:
    if len(parameters.get("ProductionVariants") or []) > 1 and any(
        _serverless_variants(parameters)
    ):
        yield "Serverless Inference does not support more than one production variant."


def _to_serverless(parameters: Parameters, request: Any) -> Iterator[str]:
    """Refuse the change of an endpoint from instances to serverless; the other way is allowed."""
    backend = request.sagemaker_backend
    endpoint = backend.endpoints.get(parameters["EndpointName"])
    before = backend.endpoint_configs.get(endpoint.endpoint_config_name) if endpoint else None
    after = backend.endpoint_configs.get(parameters["EndpointConfigName"])
    if before and after and not _is_serverless(before) and _is_serverless(after):
        yield (
            "Updating a real-time inference endpoint to a serverless endpoint is not supported: "
            f"{endpoint.endpoint_name} runs on instances. Delete it and create it again."
        )


def _is_serverless(config: Any) -> bool:
    return any(variant.get("ServerlessConfig") for variant in config.production_variants)


_IN_NO_NAME = re.compile(r"[\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]")


def _state_names(parameters: Parameters, _request: Any) -> Iterator[str]:
    name = parameters.get("name")
    if isinstance(name, str) and _IN_NO_NAME.search(name):
        yield f"Invalid Name: '{name}'"


def _state_input(parameters: Parameters, _request: Any) -> Iterator[str]:
    size = len((parameters.get("input") or "").encode())
    if size > STATE_BYTES:
        yield (
            f"1 validation error detected: Value at 'input' failed to satisfy constraint: Member "
            f"must have length less than or equal to {STATE_BYTES}"
        )


def _payload(parameters: Parameters, request: Any) -> Iterator[str]:
    kind = parameters.get("InvocationType") or "RequestResponse"
    limit = ASYNCHRONOUS_BYTES if kind == "Event" else SYNCHRONOUS_BYTES
    size = len(request.raw_body or b"")
    if size > limit:
        yield (
            f"{size} byte payload is too large for the {kind} invocation type (limit {limit} bytes)"
        )


def _variables(parameters: Parameters) -> dict[str, str]:
    return (parameters.get("Environment") or {}).get("Variables") or {}


def _environment(parameters: Parameters, _request: Any) -> Iterator[str]:
    measured = json.dumps(_variables(parameters), separators=(",", ":"), ensure_ascii=False)
    if len(measured.encode()) > ENVIRONMENT_BYTES:
        yield (
            "Lambda was unable to configure your environment variables because the environment "
            "variables you have provided exceeded the 4KB limit. String measured: "
            f"{measured[:100]}..."
        )


RESERVED = frozenset(
    (
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
    )
)


def _reserved(parameters: Parameters, _request: Any) -> Iterator[str]:
    if keys := sorted(RESERVED & {*_variables(parameters)}):
        yield (
            "Lambda was unable to configure your environment variables because the environment "
            "variables you have provided contains reserved keys that are currently not supported "
            f"for modification. Reserved keys used in this request: {', '.join(keys)}"
        )


_SUBJECT = re.compile(r"[\x21-\x7e][\x20-\x7e]*")


def _subject(parameters: Parameters, _request: Any) -> Iterator[str]:
    subject = parameters.get("Subject")
    if subject is not None and (not _SUBJECT.fullmatch(subject) or len(subject) > SUBJECT_LENGTH):
        yield "Invalid parameter: Subject"


def _pattern(parameters: Parameters, _request: Any) -> Iterator[str]:
    if len(parameters.get("EventPattern") or "") > PATTERN_LENGTH:
        yield f"Event pattern is not valid. Reason: it exceeds {PATTERN_LENGTH} characters"


def _entries(parameters: Parameters, _request: Any) -> Iterator[str]:
    texts = ("Source", "DetailType", "Detail")
    size = sum(
        len((entry.get(name) or "").encode())
        for entry in parameters.get("Entries") or []
        for name in texts
    )
    if size > ENTRY_BYTES:
        yield f"Total size of the entries in the request is over the limit of {ENTRY_BYTES}."


def _template(parameters: Parameters, _request: Any) -> Iterator[str]:
    if len((parameters.get("TemplateBody") or "").encode()) > TEMPLATE_BYTES:
        yield (
            "1 validation error detected: Value at 'templateBody' failed to satisfy constraint: "
            f"Member must have length less than or equal to {TEMPLATE_BYTES}"
        )


def _parameter(parameters: Parameters, _request: Any) -> Iterator[str]:
    if parameters.get("Tier") in (None, "Standard") and (
        len(parameters.get("Value") or "") > PARAMETER_LENGTH
    ):
        yield (
            "Standard tier parameters support a maximum parameter value of "
            f"{PARAMETER_LENGTH} characters. To create a larger parameter value, upgrade the "
            "parameter to use the advanced-parameter tier."
        )


def _role_policy(parameters: Parameters, request: Any) -> Iterator[str]:
    """Add up a role's inline policies, without white space."""
    names = {one.name: one for one in request.backend.get_roles()}
    role = names.get(parameters["RoleName"])
    if role is None:
        return
    kept = {**role.policies, parameters["PolicyName"]: parameters["PolicyDocument"]}
    texts = (one if isinstance(one, str) else json.dumps(one) for one in kept.values())
    if sum(len(re.sub(r"\s", "", text)) for text in texts) > POLICY_LENGTH:
        yield f"Maximum policy size of {POLICY_LENGTH} bytes exceeded for role {role.name}"


def _metadata(_parameters: Parameters, request: Any) -> Iterator[str]:
    prefix = "x-amz-meta-"
    size = sum(
        len(name[len(prefix) :].encode()) + len(value.encode())
        for name, value in request.headers.items()
        if name.lower().startswith(prefix)
    )
    if size > METADATA_BYTES:
        yield "Your metadata headers exceed the maximum allowed metadata size"


RULES: tuple[Rule, ...] = (
    Rule("serverless memory in steps of 1024 MB", _VARIANTS, _memory,
         f"{_DOCS}/sagemaker/latest/APIReference/API_ProductionVariantServerlessConfig.html"),
    Rule("provisioned concurrency is at most the concurrency", _VARIANTS, _provisioned,
         f"{_DOCS}/sagemaker/latest/APIReference/API_ProductionVariantServerlessConfig.html"),
    Rule("no serverless endpoint with network isolation", _VARIANTS, _isolation, _SERVERLESS),
    Rule("a serverless endpoint has one variant", _VARIANTS, _one_variant, _SERVERLESS),
    Rule("no update from instances to serverless", ("sagemaker:UpdateEndpoint",), _to_serverless,
         f"{_DOCS}/sagemaker/latest/dg/serverless-endpoints-update.html"),
    Rule("characters of execution and machine names",
         (*_EXECUTIONS, "stepfunctions:CreateStateMachine"), _state_names,
         f"{_DOCS}/step-functions/latest/apireference/API_StartExecution.html", "InvalidName"),
    Rule("input of an execution", _EXECUTIONS, _state_input,
         f"{_DOCS}/step-functions/latest/dg/service-quotas.html"),
    Rule("payload of an invocation", ("lambda:Invoke",), _payload, RESPONSE_SOURCE,
         "RequestEntityTooLargeException"),
    Rule("environment of a function", _FUNCTIONS, _environment, RESPONSE_SOURCE,
         "InvalidParameterValueException"),
    Rule("reserved variables of a function", _FUNCTIONS, _reserved,
         f"{_DOCS}/lambda/latest/dg/configuration-envvars.html",
         "InvalidParameterValueException"),
    Rule("subject of a notice", ("sns:Publish",), _subject,
         f"{_DOCS}/sns/latest/api/API_Publish.html"),
    Rule("size of an event pattern", ("events:PutRule",), _pattern,
         f"{_DOCS}/eventbridge/latest/userguide/eb-quota.html", "InvalidEventPatternException"),
    Rule("size of events", ("events:PutEvents",), _entries,
         f"{_DOCS}/eventbridge/latest/userguide/eb-putevents.html"),
    Rule("size of a template",
         tuple(f"cloudformation:{one}" for one in ("CreateStack", "UpdateStack", "CreateChangeSet",
                                                   "ValidateTemplate")),
         _template,
         f"{_DOCS}/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"),
    Rule("size of a parameter", ("ssm:PutParameter",), _parameter,
         f"{_DOCS}/systems-manager/latest/APIReference/API_PutParameter.html"),
    Rule("inline policies of a role", ("iam:PutRolePolicy",), _role_policy,
         f"{_DOCS}/IAM/latest/UserGuide/reference_iam-quotas.html", "LimitExceeded"),
    Rule("metadata of an object", ("s3:PutObject", "s3:CreateMultipartUpload", "s3:CopyObject"),
         _metadata, f"{_DOCS}/AmazonS3/latest/userguide/UsingMetadata.html", "MetadataTooLarge"),
)  # fmt: skip


def of_request(request: str) -> Iterable[Rule]:
    """The rules for one `service:Operation`."""
    return _BY_REQUEST.get(request, ())


_BY_REQUEST: dict[str, list[Rule]] = {}
for _rule in RULES:
    for _request in _rule.requests:
        _BY_REQUEST.setdefault(_request, []).append(_rule)
