"""The console of this machine's bank: where its people sign in."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import boto3

from bank.demo_users import demo_people
from chalicelib.people.sign_in_place import SignInPlace
from infrastructure.deploy.steps import user_pool

if TYPE_CHECKING:
    from bank.embedded_bank import Bank


def open_console(bank: "Bank", api_port: int, aws_port: int) -> str:
    """Let people sign in to the console of a served bank, and return its address.

    Cognito leads back to http only at localhost, and to a browser that is another site than
    127.0.0.1: both ports are named so.
    """
    pool = user_pool.of_stage(boto3.client("cloudformation"), bank.settings)
    address = f"http://localhost:{api_port}/"
    authority = f"http://localhost:{aws_port}/cognito/{pool.domain}"
    cognito, ssm = boto3.client("cognito-idp"), boto3.client("ssm")
    buckets = f"http://127.0.0.1:{aws_port}"
    place = SignInPlace(authority, pool.client_id, address, buckets, buckets)
    user_pool.open_console(cognito, ssm, bank.settings, pool, place)
    return address


def lines(address: str, state: Path) -> Iterator[str]:
    """Yield how the people of the demo sign in: in the console, or for a token."""
    password = demo_people.passwords(state).get("analyst", "")
    yield f"  Console  {address}  user analyst, password {password}"
    yield f"           others: {', '.join(one for one in demo_people.PEOPLE if one != 'analyst')};"
    yield f"           their passwords are in {state / demo_people.FILE}"
    yield "           for a token: .venv/bin/python -m bank token PERSON"
