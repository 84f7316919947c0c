"""Keys of the local API: one file a key, one key a file."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bank.kept_files.key_files import kept_api_key, kept_scoped_keys
from chalicelib.people.access import Scope
from localcloud.kept_state.state_faults import UnusableState

ONE, OTHER = [*Scope][:2]


def keys(folder: Path) -> set[str]:
    of_all = folder / "api_key"
    return {kept_api_key(of_all), *kept_scoped_keys(folder / "api_keys", of_all).values()}


@pytest.mark.parametrize(
    ("of", "copy"),
    [
        (f"api_keys/{ONE}", f"api_keys/{OTHER}"),
        (f"api_keys/{OTHER}", f"api_keys/{ONE}"),
        ("api_key", f"api_keys/{ONE}"),
    ],
)
def test_a_key_in_two_files_is_refused_with_the_command_that_removes_the_copy(
    tmp_path: Path, of: str, copy: str
) -> None:
    before = keys(tmp_path)
    shutil.copyfile(tmp_path / of, tmp_path / copy)

    with pytest.raises(UnusableState) as fault:
        keys(tmp_path)
    said = str(fault.value)
    assert said.startswith(f"{tmp_path / copy} holds the same key as {tmp_path / of}, ")
    [command] = re.findall(r": (rm \S+) && make run$", said)
    subprocess.run(["/bin/sh", "-c", command], check=True)
    after = keys(tmp_path)
    assert len(after) == len(before) == 1 + len(Scope)
    assert len(after & before) == len(Scope)


def test_the_key_of_all_scopes_stays_though_it_is_the_copy(tmp_path: Path) -> None:
    keys(tmp_path)
    shutil.copyfile(tmp_path / "api_keys" / ONE, tmp_path / "api_key")

    with pytest.raises(UnusableState, match=f"^{tmp_path / 'api_keys' / ONE} holds the same key"):
        keys(tmp_path)
