"""The project's own names, as Chalice knows them."""

import json
from pathlib import Path

from chalicelib.settings import Settings

ROOT = Path(__file__).parents[1]


def app_name() -> str:
    """Changing it in `.chalice/config.json` moves every name in AWS."""
    config = json.loads((ROOT / ".chalice" / "config.json").read_text(encoding="utf-8"))
    name: str = config["app_name"]
    return name


def api_function(settings: Settings) -> str:
    """Chalice names the API's handler after the app and stage alone."""
    return f"{settings.app_name}-{settings.stage}"
