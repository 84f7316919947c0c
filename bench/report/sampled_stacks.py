"""Samples of stacks, as py-spy writes them, become shares by the package that ran. Pure."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

FRAME = re.compile(r"^(?P<function>.+) \((?P<file>[^()]+?)(?::\d+)?\)$")
INSTALLED = "/site-packages/"
DEPTH = {"moto": 2, "chalicelib": 2, "localcloud": 3}  # of the names that are shown; else 1
NOBODY = "the interpreter"  # no frame of a package: threads that start, the standard library alone


@dataclass(frozen=True)
class Shares:
    """Shares of all samples. Those of `functions` overlap, as a function counts its callees."""

    samples: int
    packages: list[tuple[str, float]]
    functions: list[tuple[str, float]]


def shares(text: str, root: str, most: int) -> Shares:
    """Return the shares of the packages, and of the `most` longest functions, of the lines that
    `py-spy record --format raw --full-filenames` writes; `root` is the folder of our sources.
    """
    packages: Counter[str] = Counter()
    functions: Counter[str] = Counter()
    for line in text.splitlines():
        stack, _, count = line.rpartition(" ")
        frames = [*_frames(stack, root)]
        packages[frames[-1][0] if frames else NOBODY] += int(count)
        for package, function in {*frames}:
            functions[f"{package} {function}"] += int(count)
    total = sum(packages.values())
    return Shares(
        total,
        [(name, count / total) for name, count in packages.most_common()],
        [(name, count / total) for name, count in functions.most_common(most)],
    )


def _frames(stack: str, root: str) -> Iterator[tuple[str, str]]:
    """Yield package and function of each frame, outermost first; the standard library has none."""
    for one in stack.split(";"):
        found = FRAME.match(one)
        if found and (package := package_of(found["file"], root)):
            yield package, found["function"]


def package_of(file: str, root: str) -> str:
    """Return the package of a source file; empty for the standard library.

    >>> package_of("/.venv/lib/site-packages/moto/dynamodb/models/table.py", "/bank")
    'moto/dynamodb'
    >>> package_of("/bank/localcloud/services/lambda_/events.py", "/bank")
    'localcloud/services/lambda_'
    >>> package_of("/usr/lib/python3.11/json/decoder.py", "/bank")
    ''
    """
    if INSTALLED in file:
        path = file.rpartition(INSTALLED)[2]
    elif file.startswith(f"{root}/"):
        path = file.removeprefix(f"{root}/")
    else:
        return ""
    parts = path.split("/")
    return "/".join(parts[: DEPTH.get(parts[0], 1)])
