"""Rotate the key that signs cursors of lists. No key is ever printed.

python -m infrastructure.operate.cursor_key --stage dev
"""

import argparse
import sys

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.foundation.settings import STAGES, Settings
from infrastructure import embedded
from infrastructure.deploy.steps import stage_parameters
from infrastructure.project import InvalidConfig, app_name


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stage", required=True, choices=STAGES)
    given = parser.parse_args()
    embedded.reach()
    try:
        client = boto3.client("ssm")
        settings = Settings(app_name(), given.stage, client.meta.region_name)
        stage_parameters.rotate_cursor_keys(client, settings)
    except (BotoCoreError, ClientError, InvalidConfig) as fault:
        sys.exit(str(fault))
    print(
        f"{given.stage} signs cursors with a new key. Cursors of the key before stay good until "
        "the next rotation; those of older keys are refused."
    )


if __name__ == "__main__":
    main()
