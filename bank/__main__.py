"""The bank on one machine: an embedded AWS, the API, three models."""

import json
import os
import shlex
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import click
from botocore.exceptions import EndpointConnectionError
from rich.console import Console

from bank import first_run, steady_heap
from bank.demo_users import console_access, demo_people
from bank.kept_files import remembered_data
from bank.kept_files.key_files import kept_api_key, kept_scoped_keys
from bank.kept_files.loan_process import LoanProcess
from chalicelib.foundation.errors import AppVengersError, InvalidProfile
from chalicelib.foundation.settings import Settings
from chalicelib.http.chalice_local import STATE_FOLDER
from chalicelib.people.admission import LOCAL_KEY, LOCAL_KEYS
from datasets import Case, Dataset, NoLoans, NoRegister, UnreadableData
from infrastructure import embedded
from infrastructure.deploy.steps import stage_parameters, user_pool
from infrastructure.deploy.steps.smoke import command
from infrastructure.first_models.first_model_steps import TrainingFailed, scheduled_event
from infrastructure.operate import sign_in_flow
from infrastructure.project import ROOT, app_name
from localcloud.kept_state.recovery.saved import recover
from localcloud.kept_state.sqlite.disk import NotStored
from localcloud.kept_state.sqlite.folder_lock import FolderInUse, held, remove_abandoned
from localcloud.kept_state.state_faults import StateFault, usable
from localcloud.ports.loopback import PortTaken
from localcloud.services.servicequotas.account_quotas import UnknownQuota, parsed

STATE = Path(os.environ.get(STATE_FOLDER, ROOT / ".localcloud")).resolve()
AWS_PORT, AWS_PORT_FILE = 4566, "aws_port"
# A fault approves no application: after a recovery the switch is on, whatever it was before.
REVIEW_ONLY = (
    "review-only is on: every decision goes to a person. To switch it off, while the bank runs:\n"
    'eval "$(.venv/bin/python -m bank env)" && make review-only STAGE=dev MODE=off'
)
OF_A_DEMO = "appvengers-"  # its folder, until it ends
# make says when it started; imports take their time, too.
STARTED = float(os.environ.get("STARTED_AT") or time.time())

# Faults that the user can correct: printed as a sentence, without a traceback.
FAULTS = (
    AppVengersError,
    FolderInUse,
    remembered_data.ForgottenData,
    InvalidProfile,
    NoLoans,
    NoRegister,
    remembered_data.NoSuchRow,
    NotStored,
    PortTaken,
    first_run.PredictionRefused,
    StateFault,
    TrainingFailed,
    UnknownQuota,
    UnreadableData,
)

PORT = click.IntRange(0, 65535)  # 0: a free one

console = Console(soft_wrap=True, highlight=False)


def _aws_port_of_the_bank() -> int:
    """Return that of the last `make run`, which may have been given another than the default."""
    kept = STATE / AWS_PORT_FILE
    try:
        return int(kept.read_text())
    except (OSError, ValueError):
        return AWS_PORT


of_the_bank = click.option(
    "--aws-port",
    envvar="AWS_PORT",
    show_envvar=True,
    type=PORT,
    default=_aws_port_of_the_bank,
    show_default="that of make run",
    help="AWS's port.",
)

of_its_own = click.option(
    "--aws-port",
    envvar="AWS_PORT",
    show_envvar=True,
    type=PORT,
    default=AWS_PORT,
    show_default=True,
    help="AWS's port.",
)

granted = click.option(
    "--quota",
    "quotas",
    envvar="QUOTAS",
    multiple=True,
    metavar="SERVICE/CODE=VALUE",
    help="A quota that the account was granted, as sagemaker/L-96300102=20; or the word granted, "
    "for the instances of both stages. May be repeated.",
)


@click.group(help=__doc__, context_settings={"max_content_width": 100})
def main() -> None:
    """Run this bank on the embedded cloud."""


@main.command()
@click.option(
    "--port",
    envvar="PORT",
    show_envvar=True,
    type=PORT,
    default=8000,
    show_default=True,
    help="The API's port.",
)
@of_its_own
@click.option(
    "--limits/--no-limits", envvar="LIMITS", show_envvar=True, default=True,
    help="Whether [api.limits] and max_concurrency of credit.toml hold, as on AWS.",
)  # fmt: skip
@granted
def run(port: int, aws_port: int, limits: bool, quotas: tuple[str, ...]) -> None:
    """Train what is missing, make a first prediction, and serve until Ctrl-C."""
    steady_heap.give_large_blocks_back()
    with _bank(STATE, port, aws_port, parsed(quotas), limited=limits) as bank:
        sent = _predicted(bank)
        steady_heap.settle()
        console.print(f"\nServing until Ctrl-C; everything is kept in {STATE}")
        for line in console_access.lines(bank.console, STATE):
            console.print(line, markup=False)
        console.print(f"  API  {bank.url}  x-api-key: {bank.api_key}", markup=False)
        console.print(f"       this key may do everything; {STATE / 'api_keys'} has one a scope")
        console.print(f'  AWS  {bank.aws}  for AWS clients: eval "$(.venv/bin/python -m bank env)"')
        print(f"\nThe same prediction again:\n\n{command(f'{bank.url}/', sent, bank.api_key)}")
        sys.stdout.flush()
        _wait_for_the_end()


@main.command()
def demo() -> None:
    """Run the bank on free ports in a temporary folder, until the first prediction."""
    remove_abandoned(Path(tempfile.gettempdir()).glob(f"{OF_A_DEMO}*"))
    with (
        tempfile.TemporaryDirectory(prefix=OF_A_DEMO) as folder,
        _bank(Path(folder), 0, 0, {}) as bank,
    ):
        _predict(bank)
    console.print("\nThe demo has stopped, and kept nothing. To go on: make run")


@main.command()
@of_its_own
@granted
def bare(aws_port: int, quotas: tuple[str, ...]) -> None:
    """Serve a new and empty AWS account, for `make deploy`. Only its logs and notices are kept."""
    from localcloud.embedded_cloud import embedded_cloud

    folder = STATE / "bare" / f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}"
    with embedded_cloud(folder, quotas=parsed(quotas)) as cloud:
        cloud.run_uploaded_functions(port := cloud.serve_aws(aws_port))
        console.print(f"An empty AWS on http://127.0.0.1:{port}. Ctrl-C forgets all of it.")
        if not quotas:
            print("A new account has no SageMaker instances; make cloud QUOTAS=granted has.")
        print(f"Logs and notices: {folder} (make forget removes them)")
        print(f"make deploy STAGE=dev AWS_ENDPOINT_URL=http://127.0.0.1:{port}", flush=True)
        _wait_for_the_end()


@main.command(name="recover")
def recover_state() -> None:
    """Go on with what was saved of a damaged database, which stays beside it."""
    with held(STATE):
        print(recover(STATE))
    print(f"From the next start on, {REVIEW_ONLY}")


@main.command()
@of_the_bank
def env(aws_port: int) -> None:
    """Print what the AWS CLI, boto3 and `chalice local` need: eval "$(python -m bank env)"."""
    folder = {STATE_FOLDER: str(STATE)}
    for name, value in (_client_environment(aws_port) | folder | _local_keys()).items():
        print(f"export {name}={shlex.quote(value)}")


@main.command()
@click.option(
    "--row",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Which loan of the test period.",
)
@click.option("--outcome", is_flag=True, help="Tell what became of it, too (on stderr).")
def application(row: int, outcome: bool) -> None:
    """Print a real loan of the test period as a body for POST /predict."""
    shown = remembered_data.shown_case(_loans(), row)
    print(json.dumps(first_run.body_of(shown)))
    if outcome:
        told = {True: "defaulted", False: "paid", None: "unknown"}[shown["defaulted"]]
        print(told, file=sys.stderr)


@main.command()
@click.argument("person", type=click.Choice([*demo_people.PEOPLE]))
@of_the_bank
def token(person: str, aws_port: int) -> None:
    """Sign in as a person of the demo, with code and PKCE, and print the ID token."""
    known = demo_people.passwords(STATE)
    if person not in known:
        raise click.ClickException("There are no demo people yet: make run.")
    os.environ |= _client_environment(aws_port)
    settings = Settings(app_name(), "dev", os.environ["AWS_DEFAULT_REGION"])
    try:
        flow = sign_in_flow.flow(user_pool.of_stage(boto3.client("cloudformation"), settings))
        print(demo_people.signed_in(flow, person, known[person]))
    except EndpointConnectionError as fault:
        message = f"Nothing answers on port {aws_port}: make run, or name its --aws-port."
        raise click.ClickException(message) from fault
    except sign_in_flow.NotSignedIn as fault:
        raise click.ClickException(str(fault)) from fault


@main.command()
@click.option("--from", "first", metavar="YYYY-MM", help="Loans decided elsewhere, from this month")
@click.option("--to", "last", metavar="YYYY-MM", help="to this one, with what became of them.")
@click.option("--stored", is_flag=True, help="What became of the loans that were decided here.")
@of_the_bank
def outcomes(first: str | None, last: str | None, stored: bool, aws_port: int) -> None:
    """Print real outcomes as a file for credit/newData/ (CSV): of loans, or of stored decisions."""
    if stored == bool(first and last):
        raise click.UsageError("Give --from and --to, or --stored.")
    from bank.kept_files import outcome_files

    dataset = _loans()
    if not stored:
        print(outcome_files.of_loans(dataset, first or "", last or ""), end="")
        return
    os.environ |= _client_environment(aws_port)
    name = Settings(app_name(), "dev", os.environ["AWS_DEFAULT_REGION"]).predictions_table
    pages = boto3.client("dynamodb").get_paginator("scan").paginate(TableName=name)
    try:
        print(outcome_files.of_decisions(dataset, pages, datetime.now(UTC).date()), end="")
    except EndpointConnectionError as fault:
        message = f"Nothing answers on port {aws_port}: make run, or name its --aws-port."
        raise click.ClickException(message) from fault


@main.command()
def schedule() -> None:
    """Print the event that updateData gets every Sunday, to send it by hand."""
    print(json.dumps(scheduled_event(datetime.now(UTC))))


@dataclass(frozen=True)
class Opened:
    url: str
    aws: str
    console: str
    api_key: str
    shown: Case


@contextmanager
def _bank(
    folder: Path, port: int, aws_port: int, quotas: Mapping[str, float], *, limited: bool = True
) -> Iterator[Opened]:
    """Yield the bank, open and with models."""
    os.umask(0o077)  # whole applications are kept here
    with usable():
        folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        loans = stack.enter_context(LoanProcess(folder))
        # Loans are read while this process loads moto, for seconds.
        from bank.api import serving_api
        from bank.embedded_bank import open_bank

        shown = loans.shown_case()
        with console.status("Opening the embedded cloud"):
            bank = stack.enter_context(open_bank(folder, quotas=quotas, limited=limited))
            # after the database: a key beside none shows that one is lost
            api_key = kept_api_key(folder / "api_key")
            if stage_parameters.review_only_mode(boto3.client("ssm"), bank.settings) != "off":
                console.print(REVIEW_ONLY, markup=False)
            aws = bank.cloud.serve_aws(aws_port)
            with usable():
                (folder / AWS_PORT_FILE).write_text(str(aws))
            pool = user_pool.of_stage(boto3.client("cloudformation"), bank.settings)
            demo_people.make_people(pool, folder)
            scoped = kept_scoped_keys(folder / "api_keys", folder / "api_key")
            api = stack.enter_context(serving_api(bank, api_key, port, scoped, limited=limited))
            site = console_access.open_console(bank, api, aws)
        first_run.bring(bank, loans, console)
        loans.close()
        with console.status("Loading the models"):
            first_run.wait_for_models(f"http://127.0.0.1:{api}", api_key, console)
        yield Opened(f"http://127.0.0.1:{api}", f"http://127.0.0.1:{aws}", site, api_key, shown)


def _predict(bank: Opened) -> dict[str, Any]:
    """Show the first prediction, and return what was sent."""
    body = first_run.body_of(bank.shown)
    answer = first_run.first_prediction(bank.url, bank.api_key, body)
    first_run.print_prediction(console, answer, bank.shown["defaulted"])
    seconds = time.time() - STARTED
    console.print(f"{seconds:.0f} s from make to this prediction, installing included")
    return body


def _predicted(bank: Opened) -> dict[str, Any]:
    """Show the first prediction if the API has time for it, and return what was sent."""
    try:
        return _predict(bank)
    except first_run.ApiBusy as busy:
        console.print(f"No first prediction: clients keep the API busy. {busy}", markup=False)
        return first_run.body_of(bank.shown)


def _loans() -> Dataset:
    return remembered_data.remembered_dataset(STATE, Console(stderr=True))


def _local_keys() -> dict[str, str]:
    """Return the variables of the API's keys, for chalice local; none before the first run."""
    kept = STATE / "api_key"
    if not kept.exists():
        return {}
    keys = kept_scoped_keys(STATE / "api_keys", kept)
    scoped = json.dumps(keys, separators=(",", ":"))
    return {LOCAL_KEY: kept_api_key(kept), LOCAL_KEYS: scoped}


def _client_environment(aws_port: int) -> dict[str, str]:
    return {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{aws_port}", **embedded.CLIENT}


def _wait_for_the_end() -> None:
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    ended.wait()


if __name__ == "__main__":
    try:
        main()
    except FAULTS as fault:
        sys.exit(f"\n{fault}")
