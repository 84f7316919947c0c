"""Leave every decision to a person, or to the score again.

python -m infrastructure.review_only --stage dev on|off|show
"""

import argparse
from typing import TYPE_CHECKING

import boto3

from chalicelib.settings import STAGES, Settings
from infrastructure.project import app_name

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient


def switch(client: "SSMClient", settings: Settings, mode: str) -> str:
    """The mode as it now stands; `show` changes nothing."""
    name = settings.review_only_parameter
    if mode != "show":
        client.put_parameter(Name=name, Value=mode, Overwrite=True)
    return client.get_parameter(Name=name)["Parameter"]["Value"]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stage", required=True, choices=STAGES)
    parser.add_argument("mode", choices=("on", "off", "show"))
    given = parser.parse_args()
    client = boto3.client("ssm")
    settings = Settings(app_name(), given.stage, client.meta.region_name)
    print("review-only is", switch(client, settings, given.mode))


if __name__ == "__main__":
    main()
