"""Checks of what SageMaker runs: endpoints, trainings, comparisons, containers."""

from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.models.containers import REGISTRIES
from chalicelib.scoring.time_budgets import BRANCH_SECONDS
from infrastructure.verify.check import Check, Result, Stage, failed, not_applicable, proved

LOOKED_BACK = timedelta(days=14)


def endpoints_serve(stage: Stage) -> Result:
    """Check that our artifact starts in AWS's container, as AWS's unprivileged user."""
    sagemaker, told = stage.client("sagemaker"), []
    listed = {
        one["EndpointName"]: one["EndpointStatus"]
        for page in sagemaker.get_paginator("list_endpoints").paginate(
            NameContains=stage.settings.prefix
        )
        for one in page["Endpoints"]
    }
    for model in stage.profile.models:
        name = stage.endpoint(model)
        status = listed.get(name, "absent")
        if status != "InService":
            why = "" if status == "absent" else _reason(sagemaker, name)
            told.append(f"{model} is {status}{why}")
    if told:
        return failed("; ".join(told))
    return proved(f"{len(stage.profile.models)} endpoints are InService")


def _reason(sagemaker: Any, name: str) -> str:
    reason = sagemaker.describe_endpoint(EndpointName=name).get("FailureReason")
    return f": {reason}" if reason else ""


def cold_starts_fit(stage: Stage) -> Result:
    """Check the longest set-up of a serverless container, in CloudWatch, against the branch."""
    longest = {
        model: _longest_setup(stage, stage.endpoint(model)) for model in stage.profile.models
    }
    seen = {model: seconds for model, seconds in longest.items() if seconds is not None}
    if not seen:
        return not_applicable("no cold start in 14 days: ask again after an hour without requests")
    told = ", ".join(f"{model} {seconds:.1f} s" for model, seconds in seen.items())
    if max(seen.values()) > BRANCH_SECONDS:
        return failed(f"longer than the {BRANCH_SECONDS:g} s that a model is waited for: {told}")
    return proved(f"longest: {told}")


def _longest_setup(stage: Stage, endpoint: str) -> float | None:
    """Return the longest set-up in seconds; CloudWatch has microseconds."""
    now = datetime.now(UTC)
    found = stage.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SageMaker",
        MetricName="ModelSetupTime",
        Dimensions=[
            {"Name": "EndpointName", "Value": endpoint},
            {"Name": "VariantName", "Value": "AllTraffic"},
        ],
        StartTime=now - LOOKED_BACK,
        EndTime=now,
        Period=86_400,
        Statistics=["Maximum"],
    )["Datapoints"]
    return max((one["Maximum"] / 1e6 for one in found), default=None)


def trainings_end_well(stage: Stage) -> Result:
    """Check that SageMaker's container trains with our source."""
    return _ended_well(stage, "Training")


def comparisons_end_well(stage: Stage) -> Result:
    """Check that a processing container unpacks our source, and reads and writes S3."""
    return _ended_well(stage, "Processing")


def transforms_end_well(stage: Stage) -> Result:
    """Check that a transform job's container takes our lines."""
    return _ended_well(stage, "Transform")


def _ended_well(stage: Stage, kind: str) -> Result:
    """Check the newest job of a kind. `kind` is SageMaker's word, in its members' names."""
    pages = stage.client("sagemaker").get_paginator(f"list_{kind.lower()}_jobs")
    found: dict[str, list[str]] = {}
    for page in pages.paginate(NameContains=stage.settings.prefix):
        for job in page[f"{kind}JobSummaries"]:
            found.setdefault(job[f"{kind}JobStatus"], []).append(job[f"{kind}JobName"])
    return _judged(found, f"{kind.lower()} job")


def _judged(found: dict[str, list[str]], what: str) -> Result:
    if bad := found.get("Failed"):
        return failed(f"{len(bad)} failed, e.g. {bad[0]}")
    if good := found.get("Completed"):
        return proved(f"{len(good)} completed, none failed")
    return not_applicable(f"no {what} has ended yet")


def retraining_succeeds(stage: Stage) -> Result:
    """Step Functions waits for SageMaker's jobs by its own rules."""
    arn = stage.settings.retraining_machine_arn(stage.account)
    runs = stage.client("stepfunctions").list_executions(stateMachineArn=arn, maxResults=10)
    ended = [run for run in runs["executions"] if run["status"] != "RUNNING"]
    if not ended:
        return not_applicable("no retraining has ended yet")
    newest = ended[0]
    if newest["status"] != "SUCCEEDED":
        return failed(f"{newest['name']} ended as {newest['status']}")
    return proved(f"{newest['name']} succeeded")


def image_exists(stage: Stage) -> Result:
    """Check that the container's tag is in the registry of the region."""
    repository, _, tag = stage.profile.sagemaker.image.partition(":")
    found = stage.client("ecr").batch_get_image(
        registryId=REGISTRIES[stage.settings.region],
        repositoryName=repository,
        imageIds=[{"imageTag": tag}],
    )
    if found["failures"]:
        return failed(found["failures"][0].get("failureReason", "no such image"))
    return proved(f"{repository}:{tag} is in {stage.settings.region}")


def one_package_a_version(stage: Stage) -> Result:
    """Check that the same ClientToken makes the same model package, however often it is sent."""
    sagemaker, seen = stage.client("sagemaker"), 0
    for model in stage.profile.models:
        pages = sagemaker.get_paginator("list_model_packages").paginate(
            ModelPackageGroupName=stage.endpoint(model)
        )
        described = [
            one.get("ModelPackageDescription", "")
            for page in pages
            for one in page["ModelPackageSummaryList"]
        ]
        if len(described) != len({*described}):
            return failed(f"two packages of {model} are described alike")
        seen += len(described)
    if not seen:
        return not_applicable("no model package yet: [gate] sign_off makes them")
    return proved(f"{seen} packages, each its own version")


CHECKS = (
    Check(
        "endpoints",
        "A serverless endpoint serves our artifact",
        "AWS's serving code runs here as another unprivileged user, without its container",
        "aws sagemaker describe-endpoint --endpoint-name dev-appvengers-AppVengersAccelerator",
        endpoints_serve,
    ),
    Check(
        "cold-start",
        "A cold endpoint is ready before its branch gives up",
        "here an endpoint is a process and not a container",
        "aws cloudwatch get-metric-statistics --namespace AWS/SageMaker --metric-name "
        "ModelSetupTime --dimensions Name=EndpointName,Value=dev-appvengers-AppVengersAccelerator "
        "Name=VariantName,Value=AllTraffic --start-time 2026-01-01T00:00:00Z --end-time "
        "2026-01-08T00:00:00Z --period 86400 --statistics Maximum",
        cold_starts_fit,
        lacks="CloudWatch's metrics of SageMaker",
    ),
    Check(
        "trainings",
        "SageMaker's container trains with our source",
        "a training runs here in this machine's Python, with SageMaker's variables",
        "aws sagemaker list-training-jobs --name-contains dev-appvengers",
        trainings_end_well,
    ),
    Check(
        "comparisons",
        "A processing container collects a snapshot and compares challengers",
        "here the scripts run in this machine's Python",
        "aws sagemaker list-processing-jobs --name-contains dev-appvengers",
        comparisons_end_well,
    ),
    Check(
        "retraining",
        "A whole retraining succeeds: Step Functions waits for SageMaker's jobs by its own rules",
        "`.sync` is our own code here, with error names from AWS's documentation",
        "aws stepfunctions list-executions --state-machine-arn arn:aws:states:us-east-1:"
        "111122223333:stateMachine:dev-appvengers-reentrenamiento",
        retraining_succeeds,
    ),
    Check(
        "image",
        "The container exists in this region",
        "the image's address comes from the SDK's list",
        "aws ecr batch-get-image --region us-east-1 --registry-id 683313688378 --repository-name "
        "sagemaker-scikit-learn --image-ids imageTag=1.9-0-cpu-py3",
        image_exists,
        lacks="AWS's container registry",
    ),
    Check(
        "transforms",
        "A transform job reads our JSON lines",
        "the embedded cloud splits and joins files with our own code",
        "aws sagemaker list-transform-jobs --name-contains dev-appvengers",
        transforms_end_well,
    ),
    Check(
        "packages",
        "A repeated ClientToken returns the same model package",
        "the embedded cloud does this with our own code",
        "aws sagemaker list-model-packages --model-package-group-name dev-appvengers-Tradicional",
        one_package_a_version,
    ),
)
