"""Items whose time to live has ended are deleted at a start, as AWS deletes them in time."""

import time
from pathlib import Path

import boto3
import pytest

from localcloud.services.storage.expired_items import OLDEST, delete_expired
from tests.contract.kept_state.test_durability import reopened
from tests.contract.kept_state.test_kept_homes import LOAN, make_loans

ACCOUNT, REGION = "123456789012", "us-east-1"


def numbers() -> set[str]:
    found = boto3.client("dynamodb").scan(TableName="loans")["Items"]
    return {item["number"]["N"] for item in found}


def put(number: int, until: dict[str, str]) -> None:
    item = LOAN | {"number": {"N": str(number)}, "until": until}
    boto3.client("dynamodb").put_item(TableName="loans", Item=item)


def test_an_expired_item_is_gone_after_a_start_and_after_the_next(tmp_path: Path) -> None:
    now = int(time.time())
    with reopened(tmp_path):
        make_loans()  # its item has no time to live
        put(1, {"N": str(now - 60)})
        put(2, {"N": str(now + 3600)})
        put(3, {"S": str(now - 60)})  # a text is no time
        assert numbers() == {"7", "1", "2", "3"}
    for _ in range(2):
        with reopened(tmp_path):
            assert numbers() == {"7", "2", "3"}


@pytest.mark.parametrize(
    ("late", "gone"), [(0, 0), (1, 1), (OLDEST - 1, 1), (OLDEST, 0), (OLDEST + 1, 0)]
)
def test_an_item_expires_the_moment_after_its_time_and_not_years_later(
    tmp_path: Path, late: int, gone: int
) -> None:
    with reopened(tmp_path):
        make_loans()
        put(1, {"N": "1900000000"})
        client = boto3.client("dynamodb")
        assert delete_expired(client, ACCOUNT, REGION, 1_900_000_000 + late) == gone
        assert len(numbers()) == 2 - gone
