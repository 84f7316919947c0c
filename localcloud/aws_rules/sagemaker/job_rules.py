"""SageMaker's rules for what a job is given: input, output, names and tags."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from moto.s3.models import s3_backends

from localcloud.aws_rules.rule import DOCS, Parameters, Rule

_REFERENCE = f"{DOCS}/sagemaker/latest/APIReference"
_JOBS = ("sagemaker:CreateTrainingJob", "sagemaker:CreateProcessingJob")
DAY_SECONDS = 86_400  # a training's longest time, unless its request names one
_TAGGED = (
    *_JOBS,
    "sagemaker:CreateModel",
    "sagemaker:CreateEndpointConfig",
    "sagemaker:CreateEndpoint",
    "sagemaker:CreateTransformJob",
    "sagemaker:CreateModelPackageGroup",
    "sagemaker:AddTags",
)


def _spot(parameters: Parameters, _request: Any) -> Iterator[str]:
    """Refuse a wait for spot instances that is shorter than the training, or without any."""
    stopping = parameters.get("StoppingCondition") or {}
    wait = stopping.get("MaxWaitTimeInSeconds")
    if parameters.get("EnableManagedSpotTraining"):
        if wait is None or wait < stopping.get("MaxRuntimeInSeconds", DAY_SECONDS):
            yield (
                "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to "
                "MaxRuntimeInSeconds"
            )
    elif wait is not None:
        yield (
            "Invalid MaxWaitTimeInSeconds. It is only supported when EnableManagedSpotTraining is "
            "set to true"
        )


def _input(parameters: Parameters, request: Any) -> Iterator[str]:
    """Refuse a channel below which there is no object. Processing jobs find that out later."""
    for channel in parameters.get("InputDataConfig") or []:
        source = (channel.get("DataSource") or {}).get("S3DataSource") or {}
        bucket, prefix = _place(source.get("S3Uri") or "")
        if bucket and not _holds(request, bucket, prefix):
            yield (
                f'No S3 objects found under S3 URL "{source["S3Uri"]}" given in input data source. '
                f"Please ensure that the bucket exists in the selected region ({request.region}), "
                "that objects exist under that S3 prefix, and that the role "
                f'"{parameters["RoleArn"]}" has "s3:ListBucket" permissions on bucket "{bucket}".'
            )


def _output(parameters: Parameters, request: Any) -> Iterator[str]:
    output = parameters.get("OutputDataConfig") or {}
    bucket, _ = _place(output.get("S3OutputPath") or "")
    if bucket and bucket not in s3_backends[request.current_account]["aws"].buckets:
        yield f"Unable to access S3 bucket {bucket}: The specified bucket does not exist"


def _place(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return (parts.netloc, parts.path.lstrip("/")) if parts.scheme == "s3" else ("", "")


def _holds(request: Any, bucket: str, prefix: str) -> bool:
    there = s3_backends[request.current_account]["aws"].buckets.get(bucket)
    return there is not None and any(key.startswith(prefix) for key in list(there.keys))


def _names(parameters: Parameters, _request: Any) -> Iterator[str]:
    inputs = parameters.get("ProcessingInputs") or []
    outputs = (parameters.get("ProcessingOutputConfig") or {}).get("Outputs") or []
    for kind, field, given in (
        ("channel", "ChannelName", parameters.get("InputDataConfig") or []),
        ("input", "InputName", inputs),
        ("output", "OutputName", outputs),
    ):
        if twice := _twice(one.get(field) for one in given):
            yield f"Duplicate {kind} names are not allowed: {', '.join(twice)}"


def _tags(parameters: Parameters, _request: Any) -> Iterator[str]:
    if twice := _twice(one.get("Key") for one in parameters.get("Tags") or []):
        yield f"Tag keys must be unique per resource. Duplicate tag keys: {', '.join(twice)}"


def _twice(names: Iterable[str | None]) -> list[str]:
    return sorted(name for name, count in Counter(names).items() if name and count > 1)


RULES: tuple[Rule, ...] = (
    Rule("wait for spot instances", ("sagemaker:CreateTrainingJob",), _spot,
         "https://github.com/Kenza-AI/sagify/issues/111"),
    Rule("input of a training job", ("sagemaker:CreateTrainingJob",), _input,
         f"{_REFERENCE}/API_S3DataSource.html"),
    Rule("output of a training job", ("sagemaker:CreateTrainingJob",), _output,
         f"{_REFERENCE}/API_OutputDataConfig.html"),
    Rule("names of a job's inputs and outputs", _JOBS, _names, f"{_REFERENCE}/API_Channel.html"),
    Rule("keys of tags", _TAGGED, _tags, f"{_REFERENCE}/API_Tag.html"),
)  # fmt: skip
