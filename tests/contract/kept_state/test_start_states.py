"""Every state of a database and its mark: a right start, or a sentence whose command works."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from bank.key_files import kept_api_key
from localcloud.embedded_cloud import embedded_cloud
from localcloud.kept_state.state_faults import MissingState, StateFault
from tests.contract.conftest import ITEMS
from tests.contract.kept_state.test_damage import follow, spoil
from tests.contract.kept_state.test_durability import items, reopened

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


@pytest.mark.parametrize("trace", ["api_key", "notices.jsonl", "cloud.sqlite-wal"])
@pytest.mark.parametrize("lose", [empty, Path.unlink])
def test_an_empty_database_without_a_mark_is_one_that_was_here_by_any_trace(
    folder: Path, trace: str, lose: Change
) -> None:
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
