"""The collaborators of lists of decisions, built on first use."""

from functools import cache
from typing import TYPE_CHECKING

import boto3

from chalicelib.services import services
from chalicelib.services.client_times import SWITCH

if TYPE_CHECKING:
    from chalicelib.decisions.lists.first_day import FirstDay


@cache
def first_day() -> "FirstDay":
    from chalicelib.decisions.lists.first_day import FirstDay  # a list asks

    client = boto3.client("ssm", config=SWITCH)
    return FirstDay(client, services().settings.first_day_parameter)
