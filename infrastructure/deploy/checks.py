"""Checks before anything is created. They report all faults at once, each with what to do."""

import boto3
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError

from chalicelib.foundation.settings import LONGEST_NAME
from chalicelib.models.containers import REGISTRIES
from chalicelib.profile import Profile
from chalicelib.retraining import snapshot_opening
from infrastructure.project import ROOT, chalice_config
from infrastructure.template import function_policies, resources
from infrastructure.template.function_permissions.function_names import MODELS

VERSION = "20260101T000000"  # as long as any
OLDEST, NEWEST = (3, 11), (3, 14)  # Lambda's runtimes that AppVengers runs on
# https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html, 24 November 2026
SERVERLESS = (
    "af-south-1", "ap-east-1", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1",
    "ap-southeast-1", "ap-southeast-2", "ca-central-1", "eu-central-1", "eu-north-1", "eu-south-1",
    "eu-west-1", "eu-west-2", "eu-west-3", "me-south-1", "sa-east-1", "us-east-1", "us-east-2",
    "us-west-1", "us-west-2",
)  # fmt: skip


class NotReady(Exception):
    """Nothing was created; the message says what to correct."""


def account_of_the_caller() -> str:
    try:
        return boto3.client("sts").get_caller_identity()["Account"]
    except EndpointConnectionError as error:
        raise NotReady(
            f"{error}\nIs it the embedded cloud? Start it: python -m bank bare"
        ) from error
    except (BotoCoreError, ClientError) as error:
        raise NotReady(
            f"AWS does not know you: {error}\nSet AWS_PROFILE, or run `aws sso login`."
        ) from error


def before_anything(stage: str, region: str | None, version: tuple[int, int]) -> list[str]:
    """Return the faults that can be found without AWS."""
    faults = [
        _python_fault(version),
        _region_fault(region),
        _stage_fault(stage),
        _name_fault(stage),
    ]
    return [fault for fault in faults if fault]


def warnings(profile: Profile, stage: str, region: str) -> list[str]:
    """Return what may be wrong but stops nothing: AWS's list of regions grows."""
    if profile.endpoint[stage].instances or region in SERVERLESS:
        return []
    told = (
        f"AWS's documentation does not name {region} among the regions with serverless endpoints: "
        f"if the models fail, give [endpoint.{stage}] of credit.toml instances, or use another."
    )
    return [told]


def _python_fault(version: tuple[int, int]) -> str:
    if OLDEST <= version <= NEWEST:
        return ""
    return (
        f"Python {version[0]}.{version[1]} runs this, and would be the functions' runtime: "
        f"use 3.{OLDEST[1]} to 3.{NEWEST[1]}, e.g. `make clean deploy PYTHON=python3.12`."
    )


def _region_fault(region: str | None) -> str:
    if region is None:
        return "No region is set: export AWS_DEFAULT_REGION, or `aws configure set region`."
    if region not in REGISTRIES:
        return f"AWS has no scikit-learn container in {region}: use another region."
    return ""


def _stage_fault(stage: str) -> str:
    if stage not in chalice_config()["stages"]:
        return f"{stage} is not among the stages of .chalice/config.json."
    stale = [path.name for path, text in function_policies.files() if _differs(path.name, text)]
    written = resources.templates()
    stale += [path.name for path, text in written if path.read_text(encoding="utf-8") != text]
    return f"Run `make iam-policies`: {', '.join(stale)} are not what is declared." if stale else ""


def _name_fault(stage: str) -> str:
    return name_fault(f"{stage}-{chalice_config()['app_name']}")


def name_fault(prefix: str) -> str:
    """Return a fault if a retraining's longest name exceeds SageMaker's limit, which would show
    only weeks after the deployment.
    """
    longest = max(
        (snapshot_opening.job_names(prefix, model, VERSION)[1] for model in MODELS), key=len
    )
    if len(longest) <= LONGEST_NAME:
        return ""
    return (
        f"{longest} would have {len(longest)} characters, and SageMaker takes {LONGEST_NAME}: "
        f"shorten the stage or app_name by {len(longest) - LONGEST_NAME}, in .chalice/config.json."
    )


def _differs(name: str, text: str) -> bool:
    path = ROOT / ".chalice" / name
    return not path.exists() or path.read_text(encoding="utf-8") != text
