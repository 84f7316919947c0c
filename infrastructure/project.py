"""The project's own names, as Chalice knows them."""

import json
from pathlib import Path
from typing import Any

from chalicelib.settings import Settings

ROOT = Path(__file__).parents[1]
API_HANDLER = "api_handler"  # Chalice's name for the function behind the API


def chalice_config() -> dict[str, Any]:
    config: dict[str, Any] = json.loads((ROOT / ".chalice" / "config.json").read_bytes())
    return config


class TwoNames(Exception):
    """Chalice names the functions, APP_NAME names the rest: they must be the same."""


def app_name() -> str:
    """Changing it in `.chalice/config.json` moves every name in AWS."""
    config = chalice_config()
    name: str = config["app_name"]
    if config["environment_variables"]["APP_NAME"] != name:
        raise TwoNames(f"Set APP_NAME in .chalice/config.json to {name!r}, which is its app_name.")
    return name


def functions_of(stage: str) -> list[str]:
    """All but the API's."""
    return list(chalice_config()["stages"][stage]["lambda_functions"])


def api_function(settings: Settings) -> str:
    """Chalice names the API's handler after the app and stage alone."""
    return f"{settings.app_name}-{settings.stage}"
