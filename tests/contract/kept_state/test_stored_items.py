"""A table's items on the disk: a dictionary in the order of its keys, a page of which is all that
memory ever has.
"""

import gc
from collections.abc import Iterator
from decimal import Decimal
from itertools import chain
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType, Item

from localcloud.cloud import ACCOUNT
from localcloud.embedded_cloud import embedded_cloud
from localcloud.kept_state.sqlite.sort_keys import key_bytes
from localcloud.kept_state.stored_tables.item_rows import PAGE_ROWS, ItemRows
from localcloud.kept_state.stored_tables.item_values import size_of, text_of
from localcloud.kept_state.stored_tables.stored_items import StoredItems

TEXT, NUMBER = "of-S", "of-N"
LARGE = "x" * 7_000  # about a decision
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=4)
NUMBERS = st.one_of(
    st.integers(-(10**37), 10**37),
    st.decimals(-(10**9), 10**9, places=6),
    st.sampled_from([Decimal("1E-130"), Decimal("-1E-130"), Decimal("1E+120"), Decimal("1.50")]),
).map(str)
RANGES = {"S": TEXTS, "N": NUMBERS, "none": st.none()}


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with embedded_cloud(None):
        client = boto3.client("dynamodb")
        for kind in RANGES:
            make(client, f"of-{kind}", kind)
        yield client


def make(client: Any, name: str, kind: str) -> None:
    names = {"client": "S"} | ({} if kind == "none" else {"id": kind})
    indexed = {"day": "S", "amount": "N"}
    keys = zip(names, ("HASH", "RANGE"), strict=False)
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": key, "KeyType": part} for key, part in keys],
        AttributeDefinitions=[
            {"AttributeName": key, "AttributeType": of} for key, of in (names | indexed).items()
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "byDay",
                "KeySchema": [
                    {"AttributeName": "day", "KeyType": "HASH"},
                    {"AttributeName": "amount", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )


def items_of(table: str) -> StoredItems:
    items: Any = dynamodb_backends[ACCOUNT]["us-east-1"].tables[table].items
    assert isinstance(items, StoredItems)
    return items


def key_of(kind: str, hash_key: str, range_key: str | None) -> dict[str, Any]:
    return {"client": {"S": hash_key}} | ({} if range_key is None else {"id": {kind: range_key}})


def put_all(client: Any, table: str, items: list[dict[str, Any]]) -> None:
    for at in range(0, len(items), 25):
        puts = [{"PutRequest": {"Item": item}} for item in items[at : at + 25]]
        client.batch_write_item(RequestItems={table: puts})


def emptied(client: Any, table: str) -> StoredItems:
    items = items_of(table)
    with items._writing() as rows:
        rows.execute('delete from items where "table" = ?', [table])
    return items


WRITE = st.tuples(st.sampled_from(["put", "put", "delete", "drop"]), st.sampled_from("ab\0é"))


@pytest.mark.parametrize("kind", RANGES)
@settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(data=st.data())
def test_it_behaves_as_a_dictionary(client: Any, kind: str, data: st.DataObject) -> None:
    items = emptied(client, f"of-{kind}")
    writes = data.draw(st.lists(st.tuples(WRITE, RANGES[kind], st.integers(0, 9)), max_size=12))
    same: dict[Any, Any] = {}
    for (what, owner), name, value in writes:
        hash_key = DynamoType({"S": owner})
        range_key = DynamoType({kind: name}) if name else None
        if what == "put":
            attributes = key_of(kind, owner, name) | {"n": {"N": str(value)}}
            item = Item(hash_key, range_key, attributes)
            if range_key:
                items[hash_key][range_key] = item
                same.setdefault(hash_key, {})[range_key] = item
            else:
                items[hash_key] = same[hash_key] = item
        elif what == "drop" or not range_key:
            assert items.pop(hash_key, None) == same.pop(hash_key, None)
        else:
            of_it = same.get(hash_key, {})
            assert items[hash_key].pop(range_key, None) == of_it.pop(range_key, None)
            if not of_it:
                same.pop(hash_key, None)
        assert_same(items, same, ranged=kind != "none")
        assert (hash_key in items) == (hash_key in same)
        if range_key:
            assert (range_key in items[hash_key]) == (range_key in same.get(hash_key, {}))


def assert_same(items: StoredItems, same: dict[Any, Any], *, ranged: bool) -> None:
    whole = {key: dict(value) for key, value in items.items()} if ranged else dict(items.items())
    assert whole == same
    assert (len(items), [*items]) == (len(same), sorted(same))
    assert [*items.values()] == [same[key] for key in sorted(same)]
    assert items.count == (sum(map(len, same.values())) if ranged else len(same))
    if ranged:
        for hash_key, of_it in same.items():
            assert [*items[hash_key]] == sorted(of_it)
            assert len(items[hash_key]) == len(of_it)


@given(st.lists(NUMBERS, min_size=2))
def test_numbers_are_sorted_by_their_value(numbers: list[str]) -> None:
    by_bytes = sorted(numbers, key=lambda one: key_bytes({"N": one}) or b"")

    assert [*map(Decimal, by_bytes)] == sorted(map(Decimal, numbers))


VALUES = st.recursive(
    st.one_of(
        TEXTS.map(lambda held: {"S": held}),
        NUMBERS.map(lambda held: {"N": held}),
        st.booleans().map(lambda held: {"BOOL": held}),
        st.just({"NULL": True}),
        st.lists(TEXTS, min_size=1, unique=True).map(lambda held: {"SS": held}),
        st.lists(NUMBERS, min_size=1, unique_by=Decimal).map(lambda held: {"NS": held}),
        st.binary().map(lambda held: {"B": held}),
    ),
    lambda values: st.one_of(
        st.lists(values).map(lambda held: {"L": held}),
        st.dictionaries(TEXTS, values).map(lambda held: {"M": held}),
    ),
    max_leaves=12,
)


@given(VALUES)
def test_a_value_has_the_size_that_moto_counts(value: dict[str, Any]) -> None:
    ((kind, held),) = value.items()

    assert size_of(kind, held) == DynamoType(value).size()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(VALUES)
def test_each_value_comes_back(client: Any, value: dict[str, Any]) -> None:
    item = key_of("none", "c", None) | {"v": value, "nested": {"M": {"v": {"L": [value]}}}}
    client.put_item(TableName="of-none", Item=item)
    found = client.get_item(TableName="of-none", Key=key_of("none", "c", None))["Item"]

    assert in_order(found["v"]) == in_order(value)
    assert in_order(found["nested"]) == in_order(item["nested"])


def in_order(value: Any) -> Any:
    """The value with each set sorted, as a set has no order."""
    if isinstance(value, dict):
        return {
            name: sorted({*held}) if name in ("SS", "NS") else in_order(held)
            for name, held in value.items()
        }
    return [*map(in_order, value)] if isinstance(value, list) else value


def test_one_number_is_one_key_however_it_is_written(client: Any) -> None:
    emptied(client, NUMBER)
    for text in ("1", "1.0", "0.1E1"):
        client.put_item(TableName=NUMBER, Item=key_of("N", "c", text) | {"said": {"S": text}})

    (item,) = client.scan(TableName=NUMBER)["Items"]
    assert item["said"] == {"S": "0.1E1"}
    assert client.get_item(TableName=NUMBER, Key=key_of("N", "c", "1.00"))["Item"] == item


CONDITIONS = [
    ("id = :a", lambda one, a, b: one == a),
    ("id < :a", lambda one, a, b: one < a),
    ("id <= :a", lambda one, a, b: one <= a),
    ("id > :a", lambda one, a, b: one > a),
    ("id >= :a", lambda one, a, b: one >= a),
    ("id BETWEEN :a AND :b", lambda one, a, b: a <= one <= b),
    ("begins_with(id, :a)", lambda one, a, b: one.startswith(a)),
]


@pytest.mark.parametrize(("condition", "holds"), CONDITIONS, ids=[text for text, _ in CONDITIONS])
@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    names=st.sets(st.text("ab!~é\U0001f600", min_size=1, max_size=3), max_size=12),
    bounds=st.tuples(TEXTS, TEXTS).map(sorted),
    limit=st.integers(1, 5),
    forward=st.booleans(),
)
def test_a_condition_on_the_range_key_holds_page_by_page(
    client: Any, condition: str, holds: Any, names: Any, bounds: Any, limit: int, forward: bool
) -> None:
    emptied(client, TEXT)
    put_all(client, TEXT, [key_of("S", owner, name) for owner in "cd" for name in names])
    low, high = bounds
    if names and limit % 2:  # a bound that is there
        low = min(names)
        high = max(low, high)
    values = {":c": {"S": "c"}, ":a": {"S": low}} | (
        {":b": {"S": high}} if ":b" in condition else {}
    )
    found: list[str] = []
    more: dict[str, Any] = {}
    while True:
        page = client.query(
            TableName=TEXT, KeyConditionExpression=f"client = :c AND {condition}", Limit=limit,
            ExpressionAttributeValues=values, ScanIndexForward=forward, **more,
        )  # fmt: skip
        assert len(page["Items"]) == limit or "LastEvaluatedKey" not in page
        found += [item["id"]["S"] for item in page["Items"]]
        if "LastEvaluatedKey" not in page:
            break
        more = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    inside = [name for name in names if holds(name, low, high)]
    assert found == sorted(inside, reverse=not forward)


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("limit", [1, 3, None])
def test_items_of_one_range_key_in_an_index_are_each_on_one_page(
    client: Any, limit: int | None, forward: bool
) -> None:
    emptied(client, TEXT)
    put_all(
        client,
        TEXT,
        [
            key_of("S", owner, name) | {"day": {"S": "x"}, "amount": {"N": amount}}
            for owner in "ab"
            for name in ("1", "2", "3")
            for amount in [{"1": "10", "2": "9", "3": "10.0"}[name]]
        ],
    )
    asked: Any = {"TableName": TEXT, "IndexName": "byDay", "KeyConditionExpression": "#d = :d",
                  "ExpressionAttributeNames": {"#d": "day"},
                  "ExpressionAttributeValues": {":d": {"S": "x"}},
                  "ScanIndexForward": forward} | ({"Limit": limit} if limit else {})  # fmt: skip
    pages = client.get_paginator("query").paginate(**asked)
    found = [(item["client"]["S"], item["id"]["S"]) for page in pages for item in page["Items"]]

    right = [("a", "2"), ("b", "2"), ("a", "1"), ("a", "3"), ("b", "1"), ("b", "3")]
    assert found == (right if forward else right[::-1])


def test_a_scan_goes_through_all_pages_and_segments(client: Any) -> None:
    emptied(client, TEXT)
    keys = [(f"client {n % 9}", f"{n:03}") for n in range(3 * PAGE_ROWS)]
    day = {"day": {"S": "x"}, "amount": {"N": "1"}}
    put_all(client, TEXT, [key_of("S", *key) | (day if key[1] < "100" else {}) for key in keys])

    def scanned(**more: Any) -> list[tuple[str, str]]:
        pages = client.get_paginator("scan").paginate(TableName=TEXT, **more)
        return [(one["client"]["S"], one["id"]["S"]) for page in pages for one in page["Items"]]

    assert scanned() == sorted(keys)
    assert scanned(Limit=7) == sorted(keys)
    segments = [scanned(Segment=n, TotalSegments=3, Limit=5) for n in range(3)]
    assert sorted(chain(*segments)) == sorted(keys)
    indexed = sorted(key for key in keys if key[1] < "100")
    assert scanned(IndexName="byDay", Limit=9) == indexed
    filtered = scanned(
        FilterExpression="id >= :a", ExpressionAttributeValues={":a": {"S": "100"}}, Limit=50
    )
    assert filtered == sorted(key for key in keys if key[1] >= "100")


class Counted(ItemRows):
    """Rows that count those which were read."""

    def __init__(self, rows: ItemRows) -> None:
        super().__init__(rows._readers)
        self.read = 0

    def _check(self, *row: Any) -> None:
        self.read += 1
        super()._check(*row)


@pytest.fixture
def counted(client: Any) -> Counted:
    items = emptied(client, TEXT)
    put_all(client, TEXT, [key_of("S", "c", f"{n:04}") | {"t": {"S": LARGE}} for n in range(600)])
    items._rows = rows = Counted(items._rows)
    return rows


@pytest.mark.parametrize("limit", [1, PAGE_ROWS - 1, PAGE_ROWS, PAGE_ROWS + 1])
def test_a_page_reads_one_item_more_than_it_has(client: Any, counted: Counted, limit: int) -> None:
    asked: Any = {"TableName": TEXT, "KeyConditionExpression": "client = :c", "Limit": limit,
                  "ExpressionAttributeValues": {":c": {"S": "c"}}}  # fmt: skip
    start: dict[str, Any] = {}
    for _ in range(3):
        counted.read = 0
        page = client.query(**asked, **start)
        assert (len(page["Items"]), counted.read) == (limit, limit + 1)
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def test_a_page_without_a_limit_ends_at_a_megabyte(client: Any, counted: Counted) -> None:
    asked: Any = {"TableName": TEXT, "KeyConditionExpression": "client = :c",
                  "ExpressionAttributeValues": {":c": {"S": "c"}}}  # fmt: skip
    most = 1_000_000 // (LARGE.__len__() + len("clientcid0000t"))
    for find in (client.query, lambda **_: client.scan(TableName=TEXT)):
        counted.read = 0
        page = find(**asked)
        assert len(page["Items"]) == most
        assert counted.read <= (most // PAGE_ROWS + 1) * PAGE_ROWS


def items_in_memory() -> int:
    gc.collect()
    return sum(isinstance(one, Item) for one in gc.get_objects())


def test_no_item_stays_in_memory(client: Any, counted: Counted) -> None:
    key = key_of("S", "c", "0300")
    pages = client.get_paginator("scan").paginate(TableName=TEXT)
    asked: Any = {"TableName": TEXT, "KeyConditionExpression": "client = :c",
                  "ExpressionAttributeValues": {":c": {"S": "c"}}}  # fmt: skip

    assert sum(len(page["Items"]) for page in pages) == 600
    client.query(**asked)
    client.get_item(TableName=TEXT, Key=key)
    client.update_item(TableName=TEXT, Key=key, AttributeUpdates={"n": {"Value": {"N": "1"}}})
    client.transact_write_items(TransactItems=[{"Delete": {"TableName": TEXT, "Key": key}}])

    assert items_in_memory() == 0


def test_a_transaction_reads_no_other_item(client: Any, counted: Counted) -> None:
    keys = [key_of("S", "c", name) for name in ("0001", "0002", "new")]
    counted.read = 0
    client.transact_write_items(
        TransactItems=[{"Put": {"TableName": TEXT, "Item": key}} for key in keys]
    )

    assert counted.read <= 2 * len(keys)  # before, and for a stream


def test_readers_do_not_wait_for_a_transaction_and_see_all_of_it_or_nothing(client: Any) -> None:
    items = emptied(client, TEXT)
    with items._writing() as rows:
        for name in ("1", "2"):
            text = text_of(key_of("S", "c", name))
            rows.put_item(TEXT, f'[{{"S": "c"}}, {{"S": "{name}"}}]', text)
            assert client.scan(TableName=TEXT)["Count"] == 0
    assert client.scan(TableName=TEXT)["Count"] == 2


@pytest.mark.parametrize("column", ["key", "item", "crc"])
def test_a_row_that_is_not_as_it_was_written_is_a_fault_of_the_service(
    client: Any, caplog: pytest.LogCaptureFixture, column: str
) -> None:
    items = emptied(client, TEXT)
    for name in ("1", "2"):
        client.put_item(TableName=TEXT, Item=key_of("S", "c", name))
    with items._writing() as rows:
        change = f"update items set {column} = replace({column}, 1, 3) where key like '%1%'"  # noqa: S608
        rows.execute(change, [])
    again: Any = boto3.client("dynamodb", config=Config(retries={"total_max_attempts": 1}))

    with pytest.raises(ClientError, match="InternalServerError.*does not give what was stored"):
        again.scan(TableName=TEXT)
    assert "make run checks it" in caplog.text
    assert again.get_item(TableName=TEXT, Key=key_of("S", "c", "2"))["Item"]


def test_the_number_of_items_is_described(client: Any, counted: Counted) -> None:
    assert client.describe_table(TableName=TEXT)["Table"]["ItemCount"] == 600
    assert counted.read == 0


def test_a_table_made_again_is_empty(client: Any) -> None:
    make(client, "again", "S")
    client.put_item(TableName="again", Item=key_of("S", "c", "1"))
    client.delete_table(TableName="again")
    make(client, "again", "S")

    assert client.scan(TableName="again")["Count"] == 0


def test_tables_of_one_name_in_two_regions_have_their_own_items(client: Any) -> None:
    other = boto3.client("dynamodb", region_name="eu-west-1")
    make(other, TEXT, "S")
    emptied(client, TEXT)
    other.put_item(TableName=TEXT, Item=key_of("S", "there", "1"))
    client.put_item(TableName=TEXT, Item=key_of("S", "here", "1"))

    assert client.scan(TableName=TEXT)["Items"] == [key_of("S", "here", "1")]
    assert other.scan(TableName=TEXT)["Items"] == [key_of("S", "there", "1")]


def test_an_index_made_later_has_the_items_from_before(client: Any) -> None:
    emptied(client, TEXT)
    client.put_item(TableName=TEXT, Item=key_of("S", "c", "1") | {"lender": {"S": "bank"}})
    create = {
        "IndexName": "byLender",
        "KeySchema": [{"AttributeName": "lender", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    named = {"client": "S", "id": "S", "day": "S", "amount": "N", "lender": "S"}
    client.update_table(
        TableName=TEXT,
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": kind} for name, kind in named.items()
        ],
        GlobalSecondaryIndexUpdates=[{"Create": create}],
    )
    found = client.query(
        TableName=TEXT, IndexName="byLender", KeyConditionExpression="lender = :l",
        ExpressionAttributeValues={":l": {"S": "bank"}},
    )  # fmt: skip
    assert [item["client"]["S"] for item in found["Items"]] == ["c"]
