"""Demo people of `make run`: a user of each role, with passwords in a file of this machine."""

import html
import json
import re
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import boto3
import requests

from chalicelib.people.access import Role
from infrastructure.deploy.steps.user_pool import UserPool
from infrastructure.operate.sign_in_flow import CALLBACK, Flow, NotSignedIn
from localcloud.kept_state.state_faults import require_file, usable

FILE = "people.json"
SECONDS = 30
TRANSACTION = re.compile(r'name="transaction" value="([^"]+)"')
ALERT = re.compile(r'role="alert">([^<]*)<')


# A person of each role, and second ones where two different people must act.
PEOPLE: dict[str, Role] = {role.value: role for role in Role} | {
    "second-reviewer": Role.REVIEWER,
    "second-risk": Role.RISK,
}


def make_people(pool: UserPool, folder: Path) -> None:
    """Make each user of PEOPLE that is missing.

    The file with the passwords is written first. A password that was changed since stays.
    """
    path = folder / FILE
    known = passwords(folder)
    made = {name: _password() for name in PEOPLE if name not in known}
    if made:
        _write(path, {**known, **made})
    client = boto3.client("cognito-idp")
    for name, role in PEOPLE.items():
        if _status(client, pool, name) != "CONFIRMED" or name in made:
            client.admin_set_user_password(
                UserPoolId=pool.id, Username=name, Password=(known | made)[name], Permanent=True
            )
        client.admin_add_user_to_group(UserPoolId=pool.id, Username=name, GroupName=role)


def token_with(pool: UserPool, aws: str, username: str, roles: Iterable[Role]) -> str:
    """Return the ID token of a person with these roles, made if missing, who signs in at `aws`."""
    client, password = boto3.client("cognito-idp"), _password()
    _status(client, pool, username)
    client.admin_set_user_password(
        UserPoolId=pool.id, Username=username, Password=password, Permanent=True
    )
    for role in roles:
        client.admin_add_user_to_group(UserPoolId=pool.id, Username=username, GroupName=role)
    return signed_in(Flow(f"{aws}/cognito/{pool.domain}", pool.client_id), username, password)


def passwords(folder: Path) -> dict[str, str]:
    """Return the password of each demo user; none before the first run. Raises UnusableState."""
    path = folder / FILE
    require_file(path)
    with usable():
        text = path.read_text(encoding="utf-8") if path.exists() else "{}"
    try:
        return {str(name): str(password) for name, password in json.loads(text).items()}
    except (ValueError, AttributeError):
        return {}  # the demo's users get new passwords


def signed_in(flow: Flow, username: str, password: str) -> str:
    """Sign in as the browser would, and return the ID token. Raises NotSignedIn."""
    page = requests.get(flow.url, timeout=SECONDS)
    found = TRANSACTION.search(page.text)
    if not found:
        raise NotSignedIn(_alert(page.text))
    transaction = html.unescape(found[1])
    form = {"transaction": transaction, "username": username, "password": password}
    answer = requests.post(f"{flow.base}/login", form, allow_redirects=False, timeout=SECONDS)
    location = answer.headers.get("Location", "")
    if not location.startswith(CALLBACK):
        raise NotSignedIn(_alert(answer.text))
    return flow.token(location)


def _alert(page: str) -> str:
    """Return why the page shows the form again; a refusal is the whole of its page."""
    found = ALERT.search(page)
    return html.unescape(found[1]) if found else page.strip()


def _status(client: Any, pool: UserPool, name: str) -> str:
    """Return the user's status; a user that is missing is created."""
    try:
        return str(client.admin_get_user(UserPoolId=pool.id, Username=name)["UserStatus"])
    except client.exceptions.UserNotFoundException:
        client.admin_create_user(UserPoolId=pool.id, Username=name, MessageAction="SUPPRESS")
        return "FORCE_CHANGE_PASSWORD"


def _password() -> str:
    """Return a password that the pool's policy takes."""
    return f"{secrets.token_urlsafe(18)}-aA1"


def _write(path: Path, content: dict[str, str]) -> None:
    written = path.with_suffix(".new")
    with usable():
        written.touch(mode=0o600)
        written.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        written.replace(path)
