"""Damaged state is refused in a sentence, what is whole is saved, and nothing is begun anew."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from zlib import crc32

import boto3
import pytest

from bank.embedded_bank import open_bank
from bank.kept_files.key_files import kept_api_key
from localcloud.embedded_cloud import embedded_cloud
from localcloud.kept_state.recovery.saved import recover
from localcloud.kept_state.sqlite.layout import checksum
from localcloud.kept_state.state_faults import (
    DamagedState,
    MissingState,
    StateFault,
    UnusableState,
)
from tests.contract.conftest import ITEMS
from tests.contract.kept_state.test_durability import ROOT, WRITER, items, key, reopened
from tests.drills.faults import locked


def refused(folder: Path) -> str:
    with pytest.raises(StateFault) as fault, reopened(folder):
        pass
    assert "\n" not in str(fault.value)
    return str(fault.value)


def spoil(path: Path, at: int, junk: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(junk)


def follow(said: str, folder: Path) -> None:
    """Do what a sentence says last, up to `make run`."""
    if said.endswith(": make recover run"):
        assert "make run" in recover(folder)
        return
    commands = re.findall(r"(?:: |or )((?:mv|rm) \S.*) && make run$", said)
    assert commands, said
    subprocess.run(["/bin/sh", "-c", commands[0]], check=True)


def test_of_a_database_with_a_broken_page_the_rest_is_saved_and_taken_up(folder: Path) -> None:
    path = folder / "cloud.sqlite"
    with sqlite3.connect(path) as db:
        size = db.execute("pragma page_size").fetchone()[0]
        page = db.execute("select pageno from dbstat where name = 'items' and pagetype = 'leaf'"
                          " limit 1 offset 9").fetchone()[0]  # fmt: skip
    spoil(path, (page - 1) * size, b"\xff" * size)
    broken = path.read_bytes()

    said = refused(folder)
    assert said.startswith(f"{path} is damaged (")
    assert "make recover" in said
    saved = int(re.search(r"(\d+) items of tables, 1 objects", said)[1])  # type: ignore[index]
    assert 180 <= saved < ITEMS
    assert path.read_bytes() == broken
    assert refused(folder) == said

    assert "make run" in recover(folder)
    with reopened(folder):
        assert len(items()) == saved
        assert boto3.client("s3").get_object(Bucket="data", Key="model")["Body"].read() == b"model"
    assert [one.read_bytes() for one in folder.glob("cloud.sqlite.broken-*[0-9]")] == [broken]


def test_a_broken_index_is_damage_that_loses_no_row(folder: Path) -> None:
    path = folder / "cloud.sqlite"
    with sqlite3.connect(path) as db:
        size = db.execute("pragma page_size").fetchone()[0]
        index = "select rootpage from sqlite_master where name = 'sqlite_autoindex_objects_1'"
        page = db.execute(index).fetchone()[0]
    spoil(path, (page - 1) * size, b"\xff" * size)

    assert f"{ITEMS} items of tables, 1 objects" in refused(folder)


def test_a_broken_byte_in_a_value_is_damage_too(folder: Path) -> None:
    path = folder / "cloud.sqlite"
    spoil(path, path.read_bytes().index(b"reason 77 "), b"treason")
    with sqlite3.connect(path) as db:
        assert db.execute("pragma integrity_check").fetchone() == ("ok",)

    assert "1 rows are not as they were written" in refused(folder)
    recover(folder)
    with reopened(folder):
        assert key(77)["predictionId"] not in [item["predictionId"] for item in items()]
        assert len(items()) == ITEMS - 1


def test_a_byte_that_makes_a_text_none_is_damage_too(folder: Path) -> None:
    path = folder / "cloud.sqlite"
    spoil(path, path.read_bytes().index(b"reason 77 "), b"\xff")

    assert "1 rows are not as they were written" in refused(folder)


def test_of_what_is_no_database_nothing_is_saved(folder: Path) -> None:
    spoil(folder / "cloud.sqlite", 0, b"not a database at all")

    with pytest.raises(
        DamagedState, match="nothing in it can be read. Nothing was changed.*begin anew: mv "
    ):
        refused_as_it_is(folder)


def refused_as_it_is(folder: Path) -> None:
    with reopened(folder):
        pass


@pytest.mark.parametrize("lose", [lambda path: path.write_bytes(b""), Path.unlink])
def test_a_database_that_is_gone_is_not_begun_anew(
    folder: Path, lose: Callable[[Path], None]
) -> None:
    lose(folder / "cloud.sqlite")

    with pytest.raises(
        MissingState,
        match="is empty or gone, .* A bank has been kept here since 20.*begin anew: mv ",
    ):
        refused_as_it_is(folder)


def test_another_banks_database_is_not_taken_for_this_one(folder: Path, tmp_path: Path) -> None:
    with embedded_cloud(tmp_path / "other") as cloud:
        cloud.restore()
    (tmp_path / "other" / "cloud.sqlite").replace(folder / "cloud.sqlite")

    with pytest.raises(MissingState, match="another bank"):
        refused_as_it_is(folder)


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """A folder whose process was killed after it had answered 30 writes and more."""
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout
    for line in writer.stdout:
        if int(line) == 30:
            break
    os.kill(writer.pid, signal.SIGKILL)
    writer.stdout.close()
    writer.wait()
    return tmp_path


def flip_a_bit(log: Path) -> None:
    spoil(log, log.stat().st_size // 2, bytes([log.read_bytes()[log.stat().st_size // 2] ^ 1]))


def cut_at_a_frame(log: Path) -> None:
    """https://www.sqlite.org/fileformat.html#the_write_ahead_log"""
    header, frame = 32, 24 + 4096
    frames = (log.stat().st_size - header) // frame
    os.truncate(log, header + frames // 2 * frame)


@pytest.mark.parametrize("harm", [flip_a_bit, cut_at_a_frame, Path.unlink])
def test_answered_writes_that_sqlite_drops_without_a_word_are_missed(
    killed: Path, harm: Callable[[Path], None]
) -> None:
    path, log = killed / "cloud.sqlite", killed / "cloud.sqlite-wal"
    harm(log)
    left = [path.read_bytes(), log.read_bytes() if log.exists() else b""]

    said = refused(killed)
    if harm is Path.unlink:
        assert said.startswith(f"{path} is empty or gone")
        return
    missing = int(re.search(r"lacks the last (\d+) transactions that were answered", said)[1])  # type: ignore[index]
    assert missing > 20
    assert refused(killed) == said
    assert [path.read_bytes(), log.read_bytes()] == left

    recover(killed)
    with reopened(killed):
        assert f"{len(items())} items of tables" in said
    [broken] = killed.glob("cloud.sqlite.broken-*[0-9]")
    assert [broken.read_bytes(), Path(f"{broken}-wal").read_bytes()] == left
    with reopened(killed):
        pass


def test_a_damaged_beginning_of_the_log_is_told_as_such_and_nothing_is_deleted(
    killed: Path,
) -> None:
    """Before the first checkpoint the log has every row: its first frame follows 32 bytes."""
    path, log = killed / "cloud.sqlite", killed / "cloud.sqlite-wal"
    spoil(log, 32 + 24 + 100, b"\xff" * 8)
    left = [path.read_bytes(), log.read_bytes()]

    said = refused(killed)
    assert said.startswith(f"{path} is empty: all rows were in its log cloud.sqlite-wal, which is")
    assert f"begin anew: mv {killed} {killed}.damaged-20" in said
    assert "make forget" not in said
    assert [path.read_bytes(), log.read_bytes()] == left


def test_an_older_copy_of_the_database_is_not_taken_for_the_newest(folder: Path) -> None:
    older = (folder / "cloud.sqlite").read_bytes()
    with reopened(folder):
        for n in range(3):
            boto3.client("dynamodb").put_item(TableName="decisions", Item=key(ITEMS + n))
    (folder / "cloud.sqlite").write_bytes(older)

    assert "or this is an older copy" in refused(folder)
    recover(folder)
    with reopened(folder):
        assert len(items()) == ITEMS


def test_a_mark_that_is_older_than_the_database_is_no_damage(folder: Path) -> None:
    """A power failure may lose the last numbers of the mark, never those of the database."""
    older = (folder / "cloud.id").read_bytes()
    with reopened(folder):
        boto3.client("dynamodb").put_item(TableName="decisions", Item=key(ITEMS))
    assert (folder / "cloud.id").read_bytes() != older
    (folder / "cloud.id").write_bytes(older)
    with reopened(folder):
        assert len(items()) == ITEMS + 1


def test_a_flipped_bit_in_the_mark_is_not_taken_for_missing_writes(folder: Path) -> None:
    mark = folder / "cloud.id"
    spoil(mark, mark.read_bytes().index(b"0000"), b"1")

    said = refused(folder)
    assert said.startswith(f"{mark} is not as it was written. The database is whole; go on: rm ")
    follow(said, folder)
    with reopened(folder):
        assert len(items()) == ITEMS


def test_a_mark_of_a_version_that_did_not_count_is_taken_as_it_is(folder: Path) -> None:
    mark = json.loads((folder / "cloud.id").read_text())
    (folder / "cloud.id").write_text(json.dumps({name: mark[name] for name in ("id", "since")}))
    as_layout_0(folder)
    with sqlite3.connect(folder / "cloud.sqlite") as db:
        db.execute("drop table committed")
    with reopened(folder):
        assert len(items()) == ITEMS
    assert int(json.loads((folder / "cloud.id").read_text())["committed"]) > 0


def as_layout_0(folder: Path) -> None:
    """Make the database one of an older version, whose checksums cover the content only."""
    with closing(sqlite3.connect(folder / "cloud.sqlite")) as db, db:
        db.create_function("crc32", 1, lambda v: crc32(v.encode() if isinstance(v, str) else v))
        for table, column in (("items", "item"), ("objects", "versions"), ("records", "content")):
            db.execute(f"update {table} set crc = crc32({column})")  # noqa: S608
        for table in ("written_by", "identity", "committed"):
            db.execute(f"alter table {table} drop column crc")
        db.execute("pragma user_version = 0")


def test_checksums_of_an_older_version_are_verified_once_and_rewritten(folder: Path) -> None:
    as_layout_0(folder)
    with reopened(folder):
        assert len(items()) == ITEMS
    path = folder / "cloud.sqlite"
    with sqlite3.connect(path) as db:
        assert db.execute("pragma user_version").fetchone() == (1,)
        crcs = db.execute('select "table", key, item, crc from items').fetchall()
    assert all(crc == checksum(row) for *row, crc in crcs)
    assert len(crcs) == ITEMS


def test_a_broken_byte_of_an_older_version_is_damage_and_not_rewritten(folder: Path) -> None:
    as_layout_0(folder)
    path = folder / "cloud.sqlite"
    spoil(path, path.read_bytes().index(b"reason 77 "), b"treason")
    broken = path.read_bytes()

    assert "1 rows are not as they were written" in refused(folder)
    assert path.read_bytes() == broken
    recover(folder)
    with reopened(folder):
        assert len(items()) == ITEMS - 1


def test_a_folder_of_the_oldest_version_is_taken_as_it_is(folder: Path) -> None:
    (folder / "cloud.id").unlink()
    as_layout_0(folder)
    with sqlite3.connect(folder / "cloud.sqlite") as db:
        db.executescript("drop table events; drop table identity; drop table committed;")
        for table in ("items", "objects", "records"):
            db.execute(f"alter table {table} drop column crc")
    with reopened(folder):
        assert len(items()) == ITEMS
        boto3.client("dynamodb").put_item(TableName="decisions", Item=key(ITEMS))
    with reopened(folder):
        assert len(items()) == ITEMS + 1


@pytest.mark.parametrize("content", ["clave-de-la-caja-fuerte-ñ".encode("latin-1"), b"short", b""])
def test_an_api_key_that_is_none_is_not_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "api_key").write_bytes(content)

    with pytest.raises(UnusableState, match="holds no API key.*or delete the file"):
        kept_api_key(tmp_path / "api_key")
    assert (tmp_path / "api_key").read_bytes() == content


def test_an_api_key_is_made_once_and_is_its_owners_only(tmp_path: Path) -> None:
    made = kept_api_key(tmp_path / "api_key")

    assert len(made) >= 20
    assert kept_api_key(tmp_path / "api_key") == made
    assert (tmp_path / "api_key").stat().st_mode & 0o777 == 0o600


def test_lines_that_are_no_notices_are_kept_aside(tmp_path: Path) -> None:
    with reopened(tmp_path):
        pass
    path = tmp_path / "notices.jsonl"
    notice = {"time": "t", "topic": "n", "subject": None, "message": "desplegado"}
    path.write_bytes(b"\x00\xff\xfe\n" + json.dumps(notice).encode() + b'\n{"cut": "sho')
    with reopened(tmp_path) as cloud:
        topic = boto3.client("sns").create_topic(Name="notices")["TopicArn"]
        boto3.client("sns").publish(TopicArn=topic, Message="otra")
    with reopened(tmp_path) as cloud:
        assert [notice.message for notice in cloud.notices] == ["desplegado", "otra"]
    assert (tmp_path / "notices.broken").read_bytes() == b'\x00\xff\xfe\n{"cut": "sho\n'


@pytest.mark.parametrize("name", ["notices.jsonl", "cloud.sqlite", "lock", "api_key"])
def test_a_folder_in_the_place_of_a_file_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()

    with pytest.raises(UnusableState, match=name):
        open_with_its_key(tmp_path)


@pytest.mark.parametrize("name", ["notices.jsonl", "cloud.sqlite", "cloud.id", "api_key"])
@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (os.mkfifo, "is a pipe or a device, and not a file"),
        (lambda path: path.symlink_to("/gone"), "is a link to /gone, which does not exist"),
    ],
)
def test_what_is_no_file_is_neither_read_nor_replaced(
    tmp_path: Path, name: str, make: Callable[[Path], None], kind: str
) -> None:
    """Reading a pipe would wait for ever; a dangling link is a disk that is not mounted."""
    make(tmp_path / name)

    with pytest.raises(UnusableState, match=f"{name} {kind}"):
        open_with_its_key(tmp_path)
    assert not (tmp_path / name).is_file()


def open_with_its_key(folder: Path) -> None:
    refused_as_it_is(folder)
    kept_api_key(folder / "api_key")


def test_logs_that_are_a_file_are_told(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("mine")

    with pytest.raises(UnusableState, match="logs can't be used: File exists"), open_bank(tmp_path):
        pass
    assert (tmp_path / "logs").read_text() == "mine"


def test_a_log_that_is_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "logs" / "api.jsonl").mkdir(parents=True)

    with pytest.raises(UnusableState, match="logs/api.jsonl is a folder"), open_bank(tmp_path):
        pass


def test_a_lock_at_the_start_is_told_with_who_holds_it(folder: Path) -> None:
    with locked(folder / "cloud.sqlite"):
        said = refused(folder)
        assert re.search(r"cloud.sqlite is locked by process \d+ \(python\S*\): end its tran", said)
        assert "room" not in said
    with reopened(folder):
        assert len(items()) == ITEMS


@pytest.mark.skipif(os.geteuid() != 0, reason="a mount needs root")
def test_a_read_only_folder_is_told(folder: Path) -> None:
    subprocess.run(["mount", "--bind", str(folder), str(folder)], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", str(folder)], check=True)
        assert re.search("can't be used: Read-only file system", refused(folder))
    finally:
        subprocess.run(["umount", str(folder)], check=True)
    with reopened(folder):
        assert len(items()) == ITEMS


def test_the_command_says_it_in_a_sentence(folder: Path) -> None:
    spoil(folder / "cloud.sqlite", 4096, b"\xff" * 4096)
    done = subprocess.run(
        [sys.executable, "-m", "bank", "run"],
        cwd=ROOT,
        env=os.environ | {"LOCALCLOUD_FOLDER": str(folder), "PORT": "0", "AWS_PORT": "0"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 1
    assert re.fullmatch(r"\n\S+/cloud.sqlite is damaged .*make recover run\n", done.stderr)


def test_the_variables_of_clients_make_no_key_in_a_folder_without_a_bank(tmp_path: Path) -> None:
    """A key beside no database would say that the database is lost."""
    done = subprocess.run(
        [sys.executable, "-m", "bank", "env"],
        cwd=ROOT,
        env=os.environ | {"LOCALCLOUD_FOLDER": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert "export AWS_ENDPOINT_URL=" in done.stdout
    assert "LOCAL_API_KEY" not in done.stdout
    assert list(tmp_path.iterdir()) == []
