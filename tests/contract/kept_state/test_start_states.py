"""Every state of a database and its mark: a right start, or a sentence whose command works."""

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import boto3
import pytest

from bank.embedded_bank import open_bank
from bank.kept_files.key_files import kept_api_key
from localcloud.embedded_cloud import embedded_cloud
from localcloud.kept_state.state_faults import (
    MissingState,
    StateFault,
    UnusableState,
    require_room,
)
from tests.contract.conftest import ITEMS
from tests.contract.kept_state.test_damage import follow, spoil
from tests.contract.kept_state.test_durability import items, reopened
from tests.drills.faults import Limit, small_disk

NESTED = "[" * 200_000
DATABASE, MARK = "cloud.sqlite", "cloud.id"


def as_it_is(_: Path) -> None:
    """Change nothing."""


def empty(path: Path) -> None:
    path.write_bytes(b"")


def broken_page(path: Path) -> None:
    with sqlite3.connect(path) as db:
        size = db.execute("pragma page_size").fetchone()[0]
        page = db.execute("select pageno from dbstat where name = 'items' and pagetype = 'leaf'"
                          " limit 1 offset 9").fetchone()[0]  # fmt: skip
    spoil(path, (page - 1) * size, b"\xff" * size)


def no_database(path: Path) -> None:
    spoil(path, 0, b"not a database at all")


def broken_number(path: Path) -> None:
    spoil(path, path.read_bytes().index(b"0000"), b"1")


def of_another(path: Path) -> None:
    mark = json.loads(path.read_text())
    path.write_text(json.dumps({**mark, "id": "0" * 32}))


Change = Callable[[Path], None]
RECOVER, ASIDE, WITHOUT_THE_MARK = "make recover run", "mv ", "rm "
DATABASES: dict[Change, list[str | None]] = {  # what is said for each mark; None: it starts
    as_it_is: [None, None, WITHOUT_THE_MARK, WITHOUT_THE_MARK],
    empty: [ASIDE] * 4,
    Path.unlink: [ASIDE] * 4,
    broken_page: [RECOVER] * 4,
    no_database: [ASIDE] * 4,
}
MARKS: list[Change] = [as_it_is, Path.unlink, broken_number, of_another]
STATES = [
    pytest.param(database, mark, said, id=f"database {database.__name__}, mark {mark.__name__}")
    for database, answers in DATABASES.items()
    for mark, said in zip(MARKS, answers, strict=True)
]


@pytest.mark.parametrize(("database", "mark", "said"), STATES)
def test_each_state_starts_or_says_how_to_go_on(
    folder: Path, database: Change, mark: Change, said: str | None
) -> None:
    kept_api_key(folder / "api_key")
    database(folder / DATABASE)
    mark(folder / MARK)
    left = (folder / DATABASE).read_bytes() if (folder / DATABASE).exists() else None

    if said is not None:
        with pytest.raises(StateFault) as fault, reopened(folder):
            pass
        sentence = str(fault.value)
        assert said in sentence
        assert "\n" not in sentence
        still = (folder / DATABASE).read_bytes() if (folder / DATABASE).exists() else None
        assert still == left
        follow(sentence, folder)
        assert (folder / MARK).exists() == (said == RECOVER)
    with reopened(folder):
        count = len(items())
    assert count == 0 if said == ASIDE else count >= 180
    assert count == ITEMS or said in (ASIDE, RECOVER)
    with sqlite3.connect(folder / DATABASE) as db:
        identity = db.execute("select id from identity").fetchone()[0]
    assert json.loads((folder / MARK).read_text())["id"] == identity
    if said == ASIDE:
        [aside] = folder.parent.glob(f"{folder.name}.damaged-*")
        assert (aside / "api_key").exists()


@pytest.mark.parametrize(
    "trace",
    ["api_key", "api_keys/scoring", "notices.jsonl", "people.json", "training-logs/one.log",
     "cloud.sqlite-wal"],
)  # fmt: skip
@pytest.mark.parametrize("lose", [empty, Path.unlink])
def test_an_empty_database_without_a_mark_is_one_that_was_here_by_any_trace(
    folder: Path, trace: str, lose: Change
) -> None:
    (folder / trace).parent.mkdir(exist_ok=True)
    (folder / trace).write_text('{"topic": "notices"}\n')
    lose(folder / DATABASE)
    (folder / MARK).unlink()

    with pytest.raises(MissingState, match="bank has been kept here"), reopened(folder):
        pass


def test_a_folder_without_a_trace_of_a_bank_is_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("/applications.csv")
    (tmp_path / "notices.jsonl").touch()
    with embedded_cloud(tmp_path) as cloud:
        cloud.restore()


def test_a_recovery_that_is_killed_between_two_files_goes_on(folder: Path) -> None:
    broken_page(folder / DATABASE)
    with pytest.raises(StateFault, match=RECOVER), reopened(folder):
        pass
    (folder / DATABASE).rename(folder / "cloud.sqlite.broken-20261128T000000")

    with (
        pytest.raises(StateFault, match=r"cloud.sqlite.saved: make recover run; or"),
        reopened(folder),
    ):
        pass
    follow("the first of the two: make recover run", folder)
    with reopened(folder):
        assert len(items()) >= 180


@pytest.mark.parametrize("name", ["cloud.sqlite", "cloud.sqlite-wal", "cloud.sqlite-shm", "lock"])
@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_is_no_file_is_named_with_the_way_on(
    folder: Path, name: str, make: Callable[[Path], None]
) -> None:
    (folder / name).unlink(missing_ok=True)
    make(folder / name)

    with pytest.raises(UnusableState) as fault, reopened(folder):
        pass
    assert str(fault.value).startswith(f"{folder / name} is a ")
    assert "and not a file. Move it away, then start again." in str(fault.value)


def test_a_mark_that_is_nested_too_deeply_is_damaged(folder: Path) -> None:
    (folder / MARK).write_text(NESTED)

    with pytest.raises(UnusableState) as fault, reopened(folder):
        pass
    follow(str(fault.value), folder)
    with reopened(folder):
        assert len(items()) == ITEMS


def test_a_notice_that_is_nested_too_deeply_is_set_aside(folder: Path) -> None:
    (folder / "notices.jsonl").write_text(f"{NESTED}\n")

    with reopened(folder) as cloud:
        assert list(cloud.notices) == []
    assert (folder / "notices.broken").read_text() == f"{NESTED}\n"


def test_what_a_killed_process_left_in_its_work_does_not_fill_the_disk(
    whole: Path, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", "8m") as disk:
        if isinstance(disk, Limit):
            pytest.skip("only root can mount a small disk")
        folder = Path(shutil.copytree(whole, tmp_path / "disk" / "bank"))
        (folder / "work").mkdir(exist_ok=True)
        disk.fill(0)
        disk.path.joinpath("filler").rename(folder / "work" / "model.tar.gz")

        with reopened(folder):
            assert len(items()) == ITEMS


def test_a_disk_with_one_byte_less_than_a_start_needs_is_refused(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "8m") as disk:
        if isinstance(disk, Limit):
            pytest.skip("only root can mount a small disk")
        free = shutil.disk_usage(disk.path).free
        require_room(disk.path, free)
        with pytest.raises(UnusableState, match="8.4 MB free, and a start needs 8 MB. Make room"):
            require_room(disk.path, free + 1)


def test_a_disk_without_room_for_the_bodies_of_objects_is_named_and_nothing_is_lost(
    tmp_path: Path,
) -> None:
    with small_disk(tmp_path / "disk", "48m") as disk:
        if isinstance(disk, Limit):
            pytest.skip("only root can mount a small disk")
        with reopened(disk.path):
            boto3.client("s3").put_object(Bucket="data", Key="large", Body=bytes(15_000_000))
        room = disk.path / "taken"
        room.write_bytes(bytes(shutil.disk_usage(disk.path).free - 10_000_000))
        with (
            pytest.raises(UnusableState, match=r"No space left on device\. Make room, then start"),
            reopened(disk.path),
        ):
            pass
        room.unlink()
        with reopened(disk.path):
            found = boto3.client("s3").get_object(Bucket="data", Key="large")
            assert found["ContentLength"] == 15_000_000


def test_a_bank_whose_disk_is_full_says_so_before_it_unpacks_a_model(
    whole: Path, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk") as disk:
        if isinstance(disk, Limit):
            pytest.skip("only root can mount a small disk")
        folder = Path(shutil.copytree(whole, tmp_path / "disk" / "bank"))
        disk.fill(0)
        with pytest.raises(UnusableState, match="0.0 MB free"), open_bank(folder):
            pass
        disk.free(0)
        with reopened(folder):
            assert len(items()) == ITEMS
