"""Show, rotate or retire an API key of a stage. A deployment never prints a key.

python -m infrastructure.operate.api_key --stage dev --scope scoring [--rotate | --retire]
"""

import argparse
import sys

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.foundation.settings import STAGES, Settings
from chalicelib.people.access import Scope
from infrastructure import embedded
from infrastructure.deploy.steps import api_keys, deployed_api
from infrastructure.project import InvalidConfig, app_name

EVERY = "every"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stage", required=True, choices=STAGES)
    parser.add_argument(
        "--scope",
        choices=[*Scope, EVERY],
        default=Scope.SCORING,
        help=f"what the key is for; {EVERY}: a key from before the scopes",
    )
    # Together they would lock out every caller at once.
    one = parser.add_mutually_exclusive_group()
    one.add_argument("--rotate", action="store_true", help="make a new key beside the old one")
    one.add_argument("--retire", action="store_true", help="delete the scope's keys but the newest")
    given = parser.parse_args()
    scope = None if given.scope == EVERY else Scope(given.scope)
    embedded.reach()
    try:
        client, ssm = deployed_api.client(), boto3.client("ssm")
        settings = Settings(app_name(), given.stage, client.meta.region_name)
        if given.rotate:
            if scope is None:
                sys.exit(f"A new key has one scope: SCOPE={'|'.join(Scope)}.")
            api_keys.rotate(client, ssm, deployed_api.usage_plan(client, settings), scope, settings)
        if given.retire:
            count = api_keys.retire(client, ssm, settings, scope)
            print(f"{count} deleted", file=sys.stderr)
            if scope is None:
                return
        print(api_keys.newest(client, settings, scope))
    except (api_keys.NoApi, BotoCoreError, ClientError, InvalidConfig) as fault:
        sys.exit(str(fault))


if __name__ == "__main__":
    main()
