"""The API key of a stage, on your terminal; deploying never prints it, as CI keeps what is printed.

python -m infrastructure.api_key --stage dev [--rotate | --retire]
"""

import argparse
import sys

import boto3

from chalicelib.settings import STAGES, Settings
from infrastructure import api, embedded
from infrastructure.project import app_name


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stage", required=True, choices=STAGES)
    parser.add_argument("--rotate", action="store_true", help="make a new key beside the old one")
    parser.add_argument("--retire", action="store_true", help="delete all keys but the newest")
    given = parser.parse_args()
    embedded.reach()
    client = boto3.client("apigateway")
    settings = Settings(app_name(), given.stage, client.meta.region_name)
    try:
        if given.rotate:
            api.rotate(client, settings)
        if given.retire:
            print(f"{api.retire(client, settings)} deleted", file=sys.stderr)
        print(api.newest(client, settings))
    except api.NoApi as fault:
        sys.exit(str(fault))


if __name__ == "__main__":
    main()
