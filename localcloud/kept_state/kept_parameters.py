"""Parameters of Systems Manager as data: review-only among them, which no restart may turn off."""

from typing import Any


def recorded(backend: Any) -> dict[str, dict[str, Any]]:
    """Return the newest version of each parameter, by name."""
    return {
        name: {"type": last.parameter_type, "value": last.value, "version": last.version}
        for name, versions in list(dict.items(backend._parameters))
        if versions and not name.startswith("/aws/")
        for last in versions[-1:]
    }


def restore(records: dict[str, dict[str, Any]], backend: Any) -> None:
    """Give the parameters of the template, and those made by hand, the values that they had."""
    for name, kept in records.items():
        if not dict.get(backend._parameters, name):
            backend.put_parameter(
                name=name,
                description="",
                value=kept["value"],
                parameter_type=kept["type"],
                allowed_pattern=None,
                keyid=None,
                overwrite=False,
                tags=[],
                data_type="text",
                tier=None,
                policies=None,
            )
        last = backend._parameters[name][-1]
        last.value, last.version = kept["value"], kept["version"]
