"""Show, rotate or retire the API key of a stage. A deployment never prints the key.

python -m infrastructure.operate.api_key --stage dev [--rotate | --retire]
"""

import argparse
import sys

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.settings import STAGES, Settings
from infrastructure import embedded
from infrastructure.deploy import api
from infrastructure.project import InvalidConfig, app_name


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stage", required=True, choices=STAGES)
    # Together they would lock out every caller at once.
    one = parser.add_mutually_exclusive_group()
    one.add_argument("--rotate", action="store_true", help="make a new key beside the old one")
    one.add_argument("--retire", action="store_true", help="delete all keys but the newest")
    given = parser.parse_args()
    embedded.reach()
    try:
        client = api.client()
        settings = Settings(app_name(), given.stage, client.meta.region_name)
        if given.rotate:
            api.rotate(client, settings)
        if given.retire:
            print(f"{api.retire(client, settings)} deleted", file=sys.stderr)
        print(api.newest(client, settings))
    except (api.NoApi, BotoCoreError, ClientError, InvalidConfig) as fault:
        sys.exit(str(fault))


if __name__ == "__main__":
    main()
