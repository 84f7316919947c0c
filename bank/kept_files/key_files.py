"""Keys of the local API, each in a file of its own."""

import os
import secrets
import shlex
from itertools import combinations
from pathlib import Path

from chalicelib.people.access import Scope
from localcloud.kept_state.state_faults import UnusableState, require_file, usable

SHORTEST = 20  # as API Gateway has it


def kept_scoped_keys(folder: Path, of_all_scopes: Path) -> dict[Scope, str]:
    """Return the key of each scope, which are made on the first run.

    `of_all_scopes` is the file of the key with every scope. Raises UnusableState, also for a key in
    two files: a caller's key names its scope.
    """
    with usable():
        folder.mkdir(exist_ok=True)
    keys = {scope: kept_api_key(folder / scope) for scope in Scope}
    files = {of_all_scopes: kept_api_key(of_all_scopes)}
    files |= {folder / scope: key for scope, key in keys.items()}
    _require_distinct(files)
    return keys


def _require_distinct(keys: dict[Path, str]) -> None:
    """Raise UnusableState for a key in two files; the sentence removes the file written later."""
    [of_all_scopes, *_] = keys
    for one, other in combinations(keys, 2):
        if keys[one] == keys[other]:
            is_first_older = one.stat().st_mtime <= other.stat().st_mtime
            kept, copy = (one, other) if is_first_older or one == of_all_scopes else (other, one)
            raise UnusableState(
                f"{copy} holds the same key as {kept}, so that its scope is not clear. Put its own "
                "key back, or remove it, and the next start makes a new key: "
                f"rm {shlex.quote(str(copy))} && make run"
            )


def kept_api_key(path: Path) -> str:
    """Return the key in the file, which is made on the first run and readable by its owner only.

    Raises UnusableState if the file holds no key: callers have one, so that none is made up.
    """
    require_file(path)
    with usable():
        if not path.exists():
            _write(path, secrets.token_urlsafe(30))
        key = path.read_bytes().strip()
    if len(key) < SHORTEST or not key.isascii() or not key.decode("ascii").isprintable():
        raise UnusableState(
            f"{path} holds no API key, which is {SHORTEST} or more printable ASCII characters: put "
            "yours back, or delete the file, and the next start makes a new key."
        )
    return key.decode("ascii")


def _write(path: Path, key: str) -> None:
    written = path.with_suffix(".new")
    written.touch(mode=0o600)
    with written.open("w", encoding="ascii") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    written.replace(path)
