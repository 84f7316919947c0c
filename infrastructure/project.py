"""The project's names in `.chalice/config.json`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chalicelib.foundation.settings import Settings

ROOT = Path(__file__).parents[1]
API_HANDLER = "api_handler"  # Chalice's name for the function behind the API


class InvalidConfig(Exception):
    """.chalice/config.json can't be read, or lacks what every stage needs."""


class TwoNames(InvalidConfig):
    """.chalice/config.json has different names of the app."""


def chalice_config() -> dict[str, Any]:
    """Return the configuration. Raises InvalidConfig."""
    path = ROOT / ".chalice" / "config.json"
    try:
        config: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError) as fault:
        raise InvalidConfig(f"{path} can't be read: {fault}. `git diff` shows a change.") from fault
    if missing := {"app_name", "environment_variables", "tags", "stages"} - config.keys():
        raise InvalidConfig(f"{path} lacks {', '.join(sorted(missing))}.")
    return config


def app_name() -> str:
    """Return the app's name. A change of it in `.chalice/config.json` changes every name in AWS."""
    config = chalice_config()
    name: str = config["app_name"]
    if faults := list(_other_names(config, name)):
        raise TwoNames(
            f"In .chalice/config.json app_name is {name!r}. Set {', '.join(faults)}; then "
            "`make iam-policies`."
        )
    return name


def _other_names(config: dict[str, Any], name: str) -> Iterator[str]:
    """Yield the names of the configuration that differ from the project's.

    Functions are named by app_name, the rest by APP_NAME. Alarms watch the service's metrics, and
    resources with another tag are not the project's.
    """
    wanted = [("environment_variables", "APP_NAME", name), ("tags", "project", name)]
    for section, key, value in wanted:
        if config[section][key] != value:
            yield f"{section}.{key} to {value!r}"
    for stage, own in config["stages"].items():
        service = own["environment_variables"]["POWERTOOLS_SERVICE_NAME"]
        if service != f"{stage}-{name}":
            yield f"POWERTOOLS_SERVICE_NAME of {stage} to '{stage}-{name}'"


def functions_of(stage: str) -> list[str]:
    """Return the functions of a stage but the API's."""
    return list(chalice_config()["stages"][stage]["lambda_functions"])


def api_function(settings: Settings) -> str:
    """Return the name of the API's handler: Chalice uses the app and stage alone."""
    return f"{settings.app_name}-{settings.stage}"
