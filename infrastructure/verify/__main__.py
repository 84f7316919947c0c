"""Run the checks: each is proved, failed or not applicable, with the reason.

python -m infrastructure.verify --stage dev
"""

import argparse
import os
import sys
from collections.abc import Sequence

from botocore.exceptions import BotoCoreError, ClientError
from requests import RequestException
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from chalicelib.foundation.errors import AppVengersError
from chalicelib.foundation.settings import STAGES
from infrastructure import embedded
from infrastructure.deploy import checks
from infrastructure.deploy.command import placed
from infrastructure.deploy.steps import api_keys, chalice_deploy, smoke
from infrastructure.project import InvalidConfig, app_name
from infrastructure.verify.check import Check, Result, Stage, failed, not_applicable
from infrastructure.verify.checklist import checks as the_list

FAULTS = (
    AppVengersError,
    BotoCoreError,
    ClientError,
    RequestException,
    api_keys.NoApi,
    chalice_deploy.NoApi,
    chalice_deploy.TwoApis,
    smoke.SmokeFailed,
)
NOT_AWS = "This is the embedded cloud: what is proved here holds on this machine, not yet on AWS."
COLORS = {"proved": "green", "failed": "red", "not applicable": "dim"}


def result_of(stage: Stage, check: Check, may_write: bool) -> Result:
    """Make a check; one that can't be made has failed."""
    if check.run is None:
        return not_applicable(f"by hand: {check.command}")
    if check.lacks and embedded.is_embedded():
        return not_applicable(f"the embedded cloud has no {check.lacks}")
    if check.writes and not may_write:
        return not_applicable("it changes something: YES=yes")
    try:
        return check.run(stage)
    except FAULTS as fault:
        return failed(f"{type(fault).__name__}: {fault}")


def shown(results: Sequence[tuple[Check, Result]]) -> Table:
    table = Table("Check", "What", "Result", "Reason")
    for check, result in results:
        color = COLORS[result.ending]
        ending = f"[{color}]{result.ending}[/{color}]"
        table.add_row(check.name, escape(check.what), ending, escape(result.reason))
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stage", required=True, choices=STAGES)
    parser.add_argument("--yes", action="store_true", help="make the checks that change something")
    given, console = parser.parse_args(), Console()
    embedded.reach()
    try:
        os.environ |= {"STAGE": given.stage, "APP_NAME": app_name()}
        stage = Stage(*placed(given.stage))
    except (checks.NotReady, InvalidConfig) as fault:
        sys.exit(f"\n{fault}\nNothing was checked.")
    results = []
    with console.status("Checking") as status:
        for check in the_list():
            status.update(check.what)
            results.append((check, result_of(stage, check, given.yes)))
    console.print(shown(results))
    counted = {one: sum(result.ending == one for _, result in results) for one in COLORS}
    console.print(", ".join(f"{count} {ending}" for ending, count in counted.items()))
    if embedded.is_embedded():
        console.print(NOT_AWS)
    sys.exit(1 if counted["failed"] else 0)


if __name__ == "__main__":
    main()
