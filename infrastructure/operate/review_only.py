"""Leave every decision to a person, or to the score again.

python -m infrastructure.operate.review_only --stage dev on|off|show
"""

import argparse
import sys
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.foundation.settings import STAGES, Settings
from infrastructure import embedded
from infrastructure.deploy.steps import stage_parameters
from infrastructure.project import InvalidConfig, app_name

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient


class NoSwitch(Exception):
    """The stage is not deployed here."""


def switch(client: "SSMClient", settings: Settings, mode: str) -> str:
    """Set the mode and return it; `show` changes nothing. Raises NoSwitch."""
    found = stage_parameters.review_only_mode(client, settings)
    if not found:
        raise NoSwitch(
            f"{settings.stage} is not deployed in {settings.region}: make deploy "
            f"STAGE={settings.stage}, or name its region, AWS_DEFAULT_REGION=…"
        )
    if mode not in ("show", found):
        client.put_parameter(Name=settings.review_only_parameter, Value=mode, Overwrite=True)
    return found if mode == "show" else mode


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stage", required=True, choices=STAGES)
    parser.add_argument("mode", choices=("on", "off", "show"))
    given = parser.parse_args()
    embedded.reach()
    try:
        client = boto3.client("ssm")
        settings = Settings(app_name(), given.stage, client.meta.region_name)
        print("review-only is", switch(client, settings, given.mode))
    except (NoSwitch, BotoCoreError, ClientError, InvalidConfig) as fault:
        sys.exit(str(fault))


if __name__ == "__main__":
    main()
