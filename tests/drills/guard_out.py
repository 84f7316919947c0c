"""A pytest plugin that takes one guard out: pytest -p tests.drills.guard_out, with GUARD_OUT set.

GUARD_OUT is a guard's name in others.toml. Its test must then fail.
"""

import contextlib
import importlib
import inspect
import os
import tomllib
from pathlib import Path
from typing import Any

from chalicelib.foundation.expiry import utc_now

PLACES = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
DRILLS = Path(__file__).with_name("others.toml")


def drills() -> list[dict[str, Any]]:
    """Return the drills that tests run, with their guards."""
    found: list[dict[str, Any]] = tomllib.loads(DRILLS.read_text(encoding="utf-8"))["drill"]
    return found


def pytest_configure() -> None:
    name = os.environ.get("GUARD_OUT")
    for drill in drills():
        if drill["fault"] == name and "target" in drill:
            module, _, path = drill["target"].partition(":")
            owner: Any = importlib.import_module(module)
            *parts, attribute = path.split(".")
            for part in parts:
                owner = getattr(owner, part)
            # What stands there is written in others.toml, by us.
            known = {"contextlib": contextlib, "utc_now": utc_now}
            becomes = eval(drill["becomes"], known)  # noqa: S307
            assert fits(getattr(owner, attribute), becomes), f"{name}: no call of it would do"
            setattr(owner, attribute, becomes)


def fits(there: Any, becomes: Any) -> bool:
    """Return whether what replaces a function takes its arguments: a test then fails as the guard
    is out, and not for a call that can't be.

    >>> fits(lambda self, at: 1, lambda *given: 2), fits(lambda self, at: 1, lambda self: 2)
    (True, False)
    """
    if not inspect.isfunction(there):
        return True
    given = inspect.signature(there).parameters.values()
    places = [one.name for one in given if one.kind in PLACES]
    names = {one.name: None for one in given if one.kind is one.KEYWORD_ONLY}
    try:
        inspect.signature(becomes).bind(*places, **names)
    except TypeError:
        return False
    return True
