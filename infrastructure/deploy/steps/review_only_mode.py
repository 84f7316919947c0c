"""The review-only mode of a stage, which a deployment keeps."""

from typing import TYPE_CHECKING

from chalicelib.foundation.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient


def current(client: "SSMClient", settings: Settings) -> str:
    """Return the mode; empty if there is no such parameter."""
    try:
        return client.get_parameter(Name=settings.review_only_parameter)["Parameter"]["Value"]
    except client.exceptions.ParameterNotFound:
        return ""
