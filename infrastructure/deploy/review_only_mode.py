"""The mode of review-only that a stage is in: a deployment keeps it."""

from typing import TYPE_CHECKING

from chalicelib.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient


def current(client: "SSMClient", settings: Settings) -> str:
    """Empty if there is no such parameter."""
    try:
        return client.get_parameter(Name=settings.review_only_parameter)["Parameter"]["Value"]
    except client.exceptions.ParameterNotFound:
        return ""
