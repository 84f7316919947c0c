"""Verify this archive: name each record, policy, report or card that was changed, removed or added.

    python3 verify.py [--from DAY] [--to DAY] [--head HEX]
    python3 verify.py [--decision ID] [--head HEX]...

Needs Python 3.9 or newer, and nothing else. Ends with 1 if anything is wrong. The days, or the id
of a decision, are what you asked the bank for; HEX is the head of the newest anchor, from the
bank's locked bucket. The pack of one decision has several anchors: give the head of each.

The SHA-256 of this file is all to compare with the bank's release: the file runs nothing of the
archive but modules under code/ whose SHA-256 it has. See README.md.
"""

import sys

if __name__ == "__main__" and not (sys.flags.isolated or getattr(sys.flags, "safe_path", False)):
    del sys.path[0]  # this folder, in which a forger may put a module named like one of Python's

import argparse
import hashlib
import importlib.abc
import importlib.machinery
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Optional

CODE = "code/"
DIGESTS: Mapping[str, str] = {}  # of each file under code/; written with the archive


class CheckedCode(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """An importer of modules from bytes that were checked, whatever else is in the folder."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files

    def find_spec(self, name: str, *_: Any) -> Optional[importlib.machinery.ModuleSpec]:  # noqa: UP045 - Python 3.9 reads it
        place = CODE + name.replace(".", "/")
        for file, is_package in ((f"{place}/__init__.py", True), (f"{place}.py", False)):
            if file in self._files:
                return importlib.machinery.ModuleSpec(
                    name, self, origin=file, is_package=is_package
                )
        return None

    def exec_module(self, module: ModuleType) -> None:
        origin = str(module.__spec__ and module.__spec__.origin)
        exec(compile(self._files[origin], origin, "exec"), module.__dict__)  # noqa: S102


def refused(files: Mapping[str, bytes], digests: Mapping[str, str]) -> list[str]:
    """Return a sentence for each file under code/ that is not the one of this verifier."""
    there = {name: body for name, body in files.items() if name.startswith(CODE)}
    changed = [
        f"{name}: is not the one that this verify.py belongs to"
        for name, body in there.items()
        if hashlib.sha256(body).hexdigest() != digests.get(name)
    ]
    return changed + [f"{name}: is missing" for name in digests if name not in there]


def read_folder(folder: Path) -> dict[str, bytes]:
    """Return the archive's files by name."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--from", dest="first", default="", help="the first day that you asked for")
    parser.add_argument("--to", dest="last", default="", help="the last day that you asked for")
    parser.add_argument("--decision", default="", help="the one decision that you asked for")
    parser.add_argument(
        "--head", action="append", default=[], help="the head that the newest anchor must have"
    )
    given = parser.parse_args()
    files = read_folder(Path(__file__).resolve().parent)
    if wrong := refused(files, DIGESTS):
        print("\n".join([*wrong, "Nothing was verified: code/ was changed, and was not run."]))
        return 1
    sys.meta_path.insert(0, CheckedCode(files))
    from chalicelib.governance.archive import archive_report
    from chalicelib.governance.archive.claimed_period import Period

    asked = Period(given.first, given.last)
    return archive_report.write(files, asked, given.head, given.decision)


if __name__ == "__main__":
    sys.exit(main())
