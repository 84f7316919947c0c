"""The project's own names, as Chalice knows them."""

import json
from pathlib import Path

ROOT = Path(__file__).parents[1]


class TwoNames(Exception):
    """Chalice names the functions, APP_NAME names the rest: they must be the same."""


def app_name() -> str:
    """Changing it in `.chalice/config.json` moves every name in AWS."""
    config = json.loads((ROOT / ".chalice" / "config.json").read_text(encoding="utf-8"))
    name: str = config["app_name"]
    if config["environment_variables"]["APP_NAME"] != name:
        raise TwoNames(f"Set APP_NAME in .chalice/config.json to {name!r}, which is its app_name.")
    return name
