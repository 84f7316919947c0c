"""Lambda's rules: configuration of a function, and the payload of an invocation."""

import json
from collections.abc import Iterator
from typing import Any

from localcloud.aws_rules.rule import DOCS, Parameters, Rule, at_most, longer_than

LIMITS = f"{DOCS}/lambda/latest/dg/gettingstarted-limits.html"
_CONFIGURED = ("lambda:CreateFunction", "lambda:UpdateFunctionConfiguration")
_REFUSED = "InvalidParameterValueException"

SYNCHRONOUS_BYTES = 6 * 1024 * 1024
ASYNCHRONOUS_BYTES = 1024 * 1024
RESPONSE_BYTES = 6_291_556
ENVIRONMENT_BYTES = 4096
TIMEOUT_SECONDS = 900
MEMORY_MB = 10_240
NAME_LENGTH = 64
LAYERS = 5

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


def _reserved(parameters: Parameters, _request: Any) -> Iterator[str]:
    if keys := sorted(RESERVED & {*_variables(parameters)}):
        yield (
            "Lambda was unable to configure your environment variables because the environment "
            "variables you have provided contains reserved keys that are currently not supported "
            f"for modification. Reserved keys used in this request: {', '.join(keys)}"
        )


def _timeout(parameters: Parameters, _request: Any) -> Iterator[str]:
    """Hold a function to 15 minutes. The model's 90 are those of Lambda Managed Instances."""
    seconds = parameters.get("Timeout") or 0
    if seconds > TIMEOUT_SECONDS and not parameters.get("CapacityProviderConfig"):
        yield at_most(seconds, "timeout", TIMEOUT_SECONDS)


def _memory(parameters: Parameters, _request: Any) -> Iterator[str]:
    memory = parameters.get("MemorySize") or 0
    if memory > MEMORY_MB and not parameters.get("CapacityProviderConfig"):
        yield at_most(memory, "memorySize", MEMORY_MB)


def _name(parameters: Parameters, _request: Any) -> Iterator[str]:
    """Hold a bare name to 64 characters. The model's 140 are those of an ARN."""
    name = parameters.get("FunctionName") or ""
    if ":" not in name and len(name) > NAME_LENGTH:
        yield longer_than(name, "functionName", NAME_LENGTH)


def _layers(parameters: Parameters, _request: Any) -> Iterator[str]:
    if len(parameters.get("Layers") or []) > LAYERS:
        yield f"Cannot reference more than {LAYERS} layers."


RULES: tuple[Rule, ...] = (
    Rule("payload of an invocation", ("lambda:Invoke",), _payload, LIMITS,
         "RequestEntityTooLargeException"),
    Rule("environment of a function", _CONFIGURED, _environment, LIMITS, _REFUSED),
    Rule("reserved variables of a function", _CONFIGURED, _reserved,
         f"{DOCS}/lambda/latest/dg/configuration-envvars.html", _REFUSED),
    Rule("time-out of a function", _CONFIGURED, _timeout, LIMITS),
    Rule("memory of a function", _CONFIGURED, _memory, LIMITS),
    Rule("name of a function", ("lambda:CreateFunction",), _name,
         f"{DOCS}/lambda/latest/api/API_CreateFunction.html"),
    Rule("layers of a function", _CONFIGURED, _layers, LIMITS, _REFUSED),
)  # fmt: skip
