"""A subscriber of promotions, whom no call reaches: each call fails, and is put off."""

import boto3

from bank.embedded_bank import Bank
from chalicelib.governance.announcements import webhook_signature
from chalicelib.governance.announcements.subscribers import Subscriber
from infrastructure.webhooks import subscriber_store

NOWHERE = "http://127.0.0.1:9/"  # the port of discard, where nothing listens


def subscribe(bank: Bank) -> None:
    subscriber = Subscriber(NOWHERE, ("ModelPromoted",), (webhook_signature.new_secret(),))
    client = boto3.client("ssm")
    subscriber_store.put(client, bank.settings, {"nobody": subscriber})
