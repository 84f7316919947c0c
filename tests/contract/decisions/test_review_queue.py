"""The queue of cases on DynamoDB: each write may be repeated, and the table decides races."""

from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest

from chalicelib.governance.reviews.review_queue import SHARDS, ReviewQueue
from infrastructure.deploy.steps.stack import deploy
from localcloud.embedded_cloud import embedded_cloud

TABLE = "dev-appvengers-Revisiones"
ANA, EVA = ({"sub": name, "username": name} for name in ("ana", "eva"))
NOON, ONE, TWO = (f"2026-11-29T{hour}:00:00.000Z" for hour in (12, 13, 14))


@pytest.fixture(scope="module")
def client():
    with embedded_cloud(None):
        deploy(boto3.client("cloudformation"), "appvengers", "dev")
        yield boto3.client("dynamodb")


@pytest.fixture
def queue(client):
    for item in client.scan(TableName=TABLE)["Items"]:
        key = {name: item[name] for name in ("clientId", "predictionId")}
        client.delete_item(TableName=TABLE, Key=key)
    return ReviewQueue(client, TABLE)


def case(number=1, due=TWO, kind="REVIEW"):
    return {
        "clientId": "client", "predictionId": f"{number:032x}", "kind": kind,
        "priority": "NORMAL", "openedAt": NOON, "dueAt": due,
    }  # fmt: skip


def ids(found):
    return [int(one["predictionId"], 16) for one in found]


def test_the_soonest_due_is_first_over_all_shards_and_pages_go_on(queue):
    dues = [f"2026-12-{day:02}T00:00:00.000Z" for day in range(28, 0, -1)]
    for number, due in enumerate(dues):
        queue.open(case(number, due))
    assert len({one["openIn"] for one in queue.page(100, "")}) > SHARDS / 2
    pages, after = [], ""
    while found := queue.page(5, after):
        pages += ids(found)
        after = found[-1]["dueOrder"]

    assert pages == [*range(27, -1, -1)]
    assert ids(queue.due_before(dues[-2])) == [27]  # a time itself is not before it


def test_what_is_opened_twice_is_once_there_as_it_was_first(queue):
    queue.open(case(due=ONE))
    queue.open(case(due=TWO))
    queue.close(case(), NOON)
    queue.open(case(due=TWO))

    assert queue.page(9, "") == []
    assert queue.get("client", f"{1:032x}")["dueAt"] == ONE


def test_a_contest_takes_the_place_of_a_review_and_no_review_that_of_a_contest(queue):
    queue.open(case())
    queue.open(case(kind="CONTEST", due=ONE))
    queue.open(case())
    queue.close(case(), NOON)  # of the review, which is there no more

    assert [(one["kind"], one["dueAt"]) for one in queue.page(9, "")] == [("CONTEST", ONE)]


@pytest.mark.parametrize(("now", "got"), [(NOON, False), (ONE, True)])
def test_a_claim_lasts_until_its_time(queue, now, got):
    queue.open(case())
    assert queue.claim(case(), ANA, NOON, ONE)

    assert queue.claim(case(), EVA, now, TWO) is got
    assert queue.claim(case(), ANA, now, TWO) is not got


def test_of_many_who_claim_at_once_one_has_it(queue):
    queue.open(case())
    people = [{"sub": f"p{number}", "username": ""} for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        got = [*threads.map(lambda one: queue.claim(case(), one, NOON, ONE), people)]

    assert sum(got) == 1
    assert queue.get("client", f"{1:032x}")["claimedBy"] == people[got.index(True)]


def test_only_who_has_a_claim_releases_it(queue):
    queue.open(case())
    queue.claim(case(), ANA, NOON, ONE)

    assert not queue.release(case(), EVA)
    assert queue.release(case(), ANA)
    assert queue.claim(case(), EVA, NOON, ONE)


def test_a_first_verdict_hands_the_case_on_and_a_second_persons_claim_stays(queue):
    queue.open(case())
    queue.claim(case(), ANA, NOON, ONE)
    queue.hand_on(case(), ANA)
    assert queue.claim(case(), EVA, NOON, ONE)
    queue.hand_on(case(), ANA)

    kept = queue.get("client", f"{1:032x}")
    assert (kept["awaits"], kept["claimant"]) == ("SECOND_PERSON", "eva")


def test_a_closed_case_can_not_be_claimed(queue):
    queue.open(case())
    queue.close(case(), NOON)

    assert not queue.claim(case(), ANA, NOON, ONE)
