"""One wrong byte in any column of any row is damage; `make recover` goes on without that row."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import boto3
import pytest

from localcloud.embedded_cloud import embedded_cloud
from localcloud.kept_state.recovery.reading import fault_of
from localcloud.kept_state.recovery.saved import recover
from localcloud.kept_state.sqlite.layout import LAYOUT
from localcloud.kept_state.sqlite.reading_pool import NotRead, Readers, has_doubt
from localcloud.kept_state.state_faults import DamagedState
from localcloud.kept_state.stored_tables.item_rows import ItemRows, Wanted
from localcloud.kept_state.stored_tables.orders import Order, Part
from tests.contract.conftest import ITEMS, ROLE, make_role
from tests.contract.kept_state.test_damage import refused, spoil
from tests.contract.kept_state.test_durability import items, key, reopened
from tests.contract.kept_state.test_kept_homes import LOAN, make_loans


def spoil_text(folder: Path, before: bytes, after: bytes) -> None:
    path = folder / "cloud.sqlite"
    content = path.read_bytes()
    assert content.count(before) == 1
    spoil(path, content.index(before), after)


def the_table(folder: Path) -> None:
    spoil_text(folder, _last_item(), b"decisionz")


def the_key(folder: Path) -> None:
    spoil_text(folder, _last_item(), _last_item().replace(b"199", b"19:"))


def _last_item() -> bytes:
    return b'decisions[{"S": "c1"}, {"S": "00199"}]{'  # an index has the key, too


def the_bucket(folder: Path) -> None:
    spoil_text(folder, b"datamodel\x80\x04", b"dat1")


def the_objects_key(folder: Path) -> None:
    spoil_text(folder, b"datamodel\x80\x04", b"datamodex")


def the_function(folder: Path) -> None:
    spoil_text(folder, b"deploy{", b"deplox")


def the_identity(folder: Path) -> None:
    spoil_text(folder, json.loads((folder / "cloud.id").read_text())["id"].encode(), b"x")


def the_count(folder: Path) -> None:
    """Spoil the last byte of the number of transactions, which the row's checksum follows."""
    path = folder / "cloud.sqlite"
    with sqlite3.connect(path) as db:
        size = db.execute("pragma page_size").fetchone()[0]
        page = db.execute("select rootpage from sqlite_master where name = 'committed'").fetchone()
        number, crc = db.execute("select transactions, crc from committed").fetchone()
    at = page[0] * size - (4 if crc < 2**31 else 6) - 1
    assert path.read_bytes()[at] == number % 256
    spoil(path, at, b"\x7f")


@pytest.mark.parametrize(
    ("harm", "lost"),
    [(the_table, 1), (the_key, 1), (the_bucket, 0), (the_objects_key, 0), (the_function, 0),
     (the_identity, 0), (the_count, 0)],
)  # fmt: skip
def test_a_broken_byte_outside_of_the_content_is_damage(
    folder: Path, harm: Callable[[Path], None], lost: int
) -> None:
    with reopened(folder) as cloud, cloud.kept.writing() as rows:
        rows.add_event("deploy", b'{"by": "EventBridge"}')
    harm(folder)
    with sqlite3.connect(folder / "cloud.sqlite") as db:
        assert db.execute("pragma quick_check").fetchone() == ("ok",)

    said = refused(folder)
    assert "(1 rows are not as they were written). What can be read is saved in" in said
    assert refused(folder) == said
    recover(folder)
    with reopened(folder):
        assert len(items()) == ITEMS - lost
    with reopened(folder):
        assert len(items()) == ITEMS - lost


def test_a_text_that_an_index_reads_and_is_no_json_any_more_is_damage(tmp_path: Path) -> None:
    with reopened(tmp_path):
        make_loans()
        other = LOAN | {"number": {"N": "8"}}
        boto3.client("dynamodb").put_item(TableName="loans", Item=other)
    path = tmp_path / "cloud.sqlite"
    with sqlite3.connect(path) as db:
        (text,) = db.execute("""select item from items where item like '%"N": "8"%'""").fetchone()
    assert path.read_bytes().count(text.encode()) == 1
    spoil(path, path.read_bytes().index(text.encode()) + 1, b"#")  # a quote

    said = refused(tmp_path)
    assert "(1 rows are not as they were written). What can be read is saved in" in said
    assert "make run" in recover(tmp_path)
    for _ in range(2):
        with reopened(tmp_path):
            assert boto3.client("dynamodb").scan(TableName="loans")["Items"] == [LOAN]


def test_the_restarts_of_an_event_are_covered(folder: Path) -> None:
    with reopened(folder) as cloud:
        cloud.add_function("deploy", lambda event, context: None, role_arn=ROLE)
        with cloud.kept.writing() as rows:
            rows.add_event("deploy", b"{}")
        assert [event[3] for event in cloud.kept.pending_events()] == [1]
    with sqlite3.connect(folder / "cloud.sqlite") as db:
        db.execute("update events set restarts = 0")

    assert "1 rows are not as they were written" in refused(folder)


def test_items_of_a_table_that_nobody_has_are_told_and_set_aside(folder: Path) -> None:
    def without_the_table() -> None:
        with embedded_cloud(folder) as cloud:
            make_role()
            boto3.client("s3").create_bucket(Bucket="data")
            cloud.restore()

    with pytest.raises(DamagedState, match=rf"decisions \({ITEMS} rows\).*make recover run"):
        without_the_table()
    with reopened(folder):  # nothing was changed
        assert len(items()) == ITEMS
    with pytest.raises(DamagedState):
        without_the_table()
    recover(folder)
    without_the_table()
    [aside] = folder.glob("cloud.sqlite.broken-*[0-9]")
    with sqlite3.connect(aside) as db:
        assert db.execute("select count(*) from items").fetchone() == (ITEMS,)


@pytest.mark.parametrize("layout", [LAYOUT + 1, LAYOUT + 99])
def test_a_layout_of_a_newer_version_is_no_damage(folder: Path, layout: int) -> None:
    with sqlite3.connect(folder / "cloud.sqlite") as db:
        db.execute(f"pragma user_version = {layout}")
        db.execute("alter table items add column more text")

    said = refused(folder)
    assert f"written by a newer version of this program: its layout is {layout}, and" in said
    assert "Start the newer version." in said
    assert "damaged" not in said
    assert "make recover" not in said
    assert not (folder / "cloud.sqlite.saved").exists()


def test_a_layout_that_no_version_has_is_damage(folder: Path) -> None:
    with sqlite3.connect(folder / "cloud.sqlite") as db:
        db.execute(f"pragma user_version = {LAYOUT + 100}")

    assert "(its layout is 101, and this version reads 0 to 1). What can be read" in refused(folder)
    recover(folder)
    with reopened(folder):
        assert len(items()) == ITEMS
        boto3.client("dynamodb").put_item(TableName="decisions", Item=key(ITEMS))


@pytest.mark.parametrize(
    ("table", "column", "kind"),
    [("records", "service", "blob"), ("items", "item", "blob"), ("written_by", "moto", "blob"),
     ("identity", "id", "blob"), ("objects", "versions", "text")],
)  # fmt: skip
def test_a_value_of_another_type_is_damage_though_its_bytes_are_the_same(
    folder: Path, table: str, column: str, kind: str
) -> None:
    """SQLite keeps the type of each value in a byte of its own."""
    with reopened(folder):
        boto3.client("ssm").put_parameter(Name="review-only", Value="on", Type="String")
    with sqlite3.connect(folder / "cloud.sqlite") as db:
        db.execute(f'update {table} set "{column}" = cast("{column}" as {kind})')  # noqa: S608

    assert "rows are not as they were written" in refused(folder)
    recover(folder)
    with reopened(folder):
        assert len(items()) == ITEMS
        assert boto3.client("ssm").get_parameter(Name="review-only")["Parameter"]["Value"] == "on"


def test_a_wrong_byte_in_the_schema_is_told_and_every_row_is_saved(folder: Path) -> None:
    with reopened(folder):
        pass
    spoil_text(folder, b"bucket text, key text, versions blob", b"bucket text, key text, \xf6")

    said = refused(folder)
    assert "its schema is not as it was written" in said
    recover(folder)
    with reopened(folder):
        assert len(items()) == ITEMS


def test_a_schema_that_sqlite_can_not_parse_loses_no_row_of_the_other_tables(folder: Path) -> None:
    with reopened(folder):
        pass
    spoil_text(folder, b"CREATE TABLE written_by (moto text", b"CREATE TABLE written_by (moto(text")

    assert "malformed database schema (written_by)" in refused(folder)
    recover(folder)
    with reopened(folder):
        assert len(items()) == ITEMS


def test_an_attribute_named_as_bytes_are_written_comes_back(folder: Path) -> None:
    odd = key(7) | {"m": {"M": {"base64": {"S": "x"}}}, "b": {"B": b"\x00\xff"}}
    with reopened(folder):
        boto3.client("dynamodb").put_item(TableName="decisions", Item=odd)
    with reopened(folder):
        stored = boto3.client("dynamodb").get_item(TableName="decisions", Key=key(7))
        assert stored["Item"] == odd


def test_items_beyond_the_size_are_checked_when_they_are_read_and_then_at_the_next_start(
    folder: Path,
) -> None:
    path = folder / "cloud.sqlite"
    size = path.stat().st_size
    the_key(folder)

    assert "1 rows are not as they were written" in fault_of(path, size)
    assert fault_of(path, size - 1) == ""

    readers, order = Readers(path), Order("", "decisions", (Part("predictionId", "S"),))
    with pytest.raises(NotRead):
        [*ItemRows(readers).pages(Wanted(order))]
    readers.close()
    assert "1 rows are not as they were written" in fault_of(path, size - 1)
    assert "1 rows are not as they were written" in refused(folder)
    recover(folder)
    assert not has_doubt(path)
    assert fault_of(path, size - 1) == ""


@pytest.mark.parametrize("harm", [the_bucket, the_function, the_identity, the_count])
def test_all_but_the_items_is_checked_at_each_start(
    folder: Path, harm: Callable[[Path], None]
) -> None:
    with reopened(folder) as cloud, cloud.kept.writing() as rows:
        rows.add_event("deploy", b'{"by": "EventBridge"}')
    harm(folder)

    assert "1 rows are not as they were written" in fault_of(folder / "cloud.sqlite", 0)


def test_a_doubt_that_was_unfounded_is_forgotten(folder: Path) -> None:
    path = folder / "cloud.sqlite"
    Readers(path).fault("a wire was loose")
    assert has_doubt(path)

    assert fault_of(path, 0) == ""
    assert not has_doubt(path)


def test_a_read_after_the_end_is_no_doubt(folder: Path) -> None:
    readers = Readers(folder / "cloud.sqlite")
    readers.close()

    with pytest.raises(NotRead, match="is closed"):
        readers.rows("select 1")
    assert not has_doubt(folder / "cloud.sqlite")
