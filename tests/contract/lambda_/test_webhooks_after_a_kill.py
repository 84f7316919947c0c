"""A decision that was stored by a process that then died is told by the next one."""

from pathlib import Path

import boto3

from bank.embedded_bank import Bank, open_bank
from chalicelib.decisions.predictions import PredictionTable
from chalicelib.governance.announcements.subscribers import Subscriber
from chalicelib.services import services
from infrastructure.webhooks import subscriber_store
from tests.workflow.test_webhooks import Receiver, count_in, until

AT = "2026-11-29T10:00:00.000Z"
DECISION = {"predictionId": "019a" + "0" * 28, "createdAt": AT, "decision": "REVIEW"}


def store(bank: Bank, client: str) -> None:
    table = PredictionTable(boto3.client("dynamodb"), bank.settings.predictions_table)
    table.add(DECISION | {"clientId": client})


def stop_reading(bank: Bank, function: str) -> None:
    """Let nothing that is stored from now on reach a function before the process dies."""
    lambdas = boto3.client("lambda")
    listed = lambdas.list_event_source_mappings(FunctionName=bank.settings.function(function))
    (mapping,) = listed["EventSourceMappings"]
    lambdas.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)


def subscribe(bank: Bank, receiver: Receiver) -> None:
    wanted = Subscriber(receiver.url, ("DecisionMade", "ReviewNeeded"), (receiver.secret,))
    subscriber_store.put(boto3.client("ssm"), bank.settings, {"core": wanted})
    services.cache_clear()


def test_between_the_store_and_the_publication(tmp_path: Path) -> None:
    receiver = Receiver()
    with open_bank(tmp_path) as bank:
        subscribe(bank, receiver)
        stop_reading(bank, "publishEvents")
        store(bank, "killed")
    assert receiver.calls == []

    with open_bank(tmp_path):
        receiver.wait(lambda: len(receiver.events) == 2)

    assert {one["type"] for one in receiver.events} == {"DecisionMade", "ReviewNeeded"}
    assert {one["data"]["clientId"] for one in receiver.events} == {"killed"}
    receiver.close()


def test_between_the_publication_and_the_delivery(tmp_path: Path) -> None:
    receiver = Receiver()
    with open_bank(tmp_path) as bank:
        subscribe(bank, receiver)
        stop_reading(bank, "deliverEvents")
        store(bank, "killed")
        until(lambda: count_in(bank.settings.webhooks_queue) == 2)
    assert receiver.calls == []

    with open_bank(tmp_path) as bank:
        receiver.wait(lambda: len(receiver.events) == 2)
        until(lambda: count_in(bank.settings.webhooks_queue) == 0)

    receiver.close()
