"""Subscribe a receiver to events, rotate its secret, or remove it. A secret is printed once.

python -m infrastructure.webhooks.subscription --stage dev --name core \\
    --url https://bank.example/hook --events DecisionMade,ReviewNeeded
python -m infrastructure.webhooks.subscription --stage dev --name core --rotate
"""

import argparse
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from msgspec.structs import replace

from chalicelib.foundation.settings import STAGES, Settings
from chalicelib.governance.announcements import webhook_call
from chalicelib.governance.announcements.announcement import TYPES
from chalicelib.governance.announcements.subscribers import Known, Subscriber, written
from chalicelib.governance.announcements.webhook_signature import new_secret
from infrastructure import embedded
from infrastructure.project import InvalidConfig, app_name
from infrastructure.webhooks import subscriber_store

NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
MOST_BYTES = 4096  # of a parameter of the standard tier
MOST_SECRETS = 2  # the one that signs first, and the one before


class InvalidSubscription(Exception):
    """A wish that can't be fulfilled; its text has neither an address nor a secret."""


@dataclass(frozen=True, slots=True)
class Wish:
    name: str
    url: str = ""
    events: str = ""
    rotate: bool = False
    retire: bool = False
    remove: bool = False


def changed(known: Known, wish: Wish, *, local_too: bool) -> tuple[dict[str, Subscriber], str]:
    """Return the subscribers after a wish, and a new secret if it made one.

    Raises InvalidSubscription.
    """
    if not NAME.fullmatch(wish.name):
        raise InvalidSubscription("NAME must be lower case letters, digits and hyphens: NAME=core")
    if wish.remove and wish.name not in known:
        raise InvalidSubscription(f"{wish.name} is not subscribed")
    if wish.remove:
        return {name: one for name, one in known.items() if name != wish.name}, ""
    is_new = wish.name not in known
    if is_new and not (wish.url and wish.events):
        raise InvalidSubscription(f"{wish.name} is new: give its URL= and EVENTS=, too")
    found = _addressed(known.get(wish.name, Subscriber("", (), ())), wish, local_too=local_too)
    if wish.rotate and len(found.secrets) == MOST_SECRETS:
        raise InvalidSubscription(
            f"{wish.name} has two secrets: RETIRE=yes first, once its receiver has the newer one"
        )
    secret = new_secret() if wish.rotate or is_new else ""
    secrets = (secret, *found.secrets) if secret else found.secrets
    most = 1 if wish.retire else MOST_SECRETS
    after = {**known, wish.name: replace(found, secrets=secrets[:most])}
    if len(written(after).encode()) > MOST_BYTES:
        raise InvalidSubscription("there is no room for more: Systems Manager takes 4 KB")
    return after, secret


def _addressed(found: Subscriber, wish: Wish, *, local_too: bool) -> Subscriber:
    """Return the subscriber with the wished address and events."""
    if wish.url and (fault := webhook_call.fault_of(wish.url, local_too=local_too)):
        raise InvalidSubscription(f"URL: {fault}")
    events = _types(wish.events.split(",")) if wish.events else found.events
    return replace(found, url=wish.url or found.url, events=events)


def _types(given: Iterable[str]) -> tuple[str, ...]:
    wanted = tuple(dict.fromkeys(given))
    if wanted == ("all",):
        return TYPES
    if unknown := [one for one in wanted if one not in TYPES]:
        raise InvalidSubscription(f"{unknown[0]!r} is no event; there are {', '.join(TYPES)}")
    return wanted


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stage", required=True, choices=STAGES)
    parser.add_argument("--name", default="", help="of the subscriber; without one, list all")
    parser.add_argument("--url", default="", help="https://…")
    parser.add_argument("--events", default="", help=f"all, or some of {','.join(TYPES)}")
    one = parser.add_mutually_exclusive_group()
    one.add_argument("--rotate", action="store_true", help="sign with a new secret as well")
    one.add_argument("--retire", action="store_true", help="sign with the newest secret alone")
    one.add_argument("--remove", action="store_true", help="call this subscriber no more")
    given = vars(parser.parse_args())
    stage = given.pop("stage")
    embedded.reach()
    try:
        client = boto3.client("ssm")
        settings = Settings(app_name(), stage, client.meta.region_name)
        known = subscriber_store.known(client, settings)
        if not given["name"]:
            print("\n".join(f"{name}: {', '.join(one.events)}" for name, one in known.items()))
            return
        after, secret = changed(known, Wish(**given), local_too=embedded.is_embedded())
        subscriber_store.put(client, settings, after)
    except (BotoCoreError, ClientError, InvalidConfig, InvalidSubscription) as fault:
        sys.exit(str(fault))
    if secret:
        print(secret)
    print("It counts within a minute.", file=sys.stderr)


if __name__ == "__main__":
    main()
