"""Parameters of Systems Manager as data: review-only among them, which no restart may change."""

from typing import Any

Recorded = dict[str, dict[str, Any] | None]  # None: the parameter was deleted


def recorded(backend: Any, known: set[str]) -> Recorded:
    """Return the newest version of each parameter, by name; None for `known` ones that are gone.

    `known` are the names of all parameters that were ever recorded. New names are added to it.
    """
    there = {
        name: {"type": last.parameter_type, "value": last.value, "version": last.version}
        for name, versions in list(dict.items(backend._parameters))
        if versions and not name.startswith("/aws/")
        for last in versions[-1:]
    }
    known.update(there)
    return {**there, **dict.fromkeys(known - there.keys())}


def restore(records: Recorded, backend: Any, known: set[str]) -> None:
    """Give the parameters of the template, and those made by hand, the values that they had.

    A parameter that was deleted is deleted again: the template has made it anew. The names are
    added to `known`.
    """
    known.update(records)
    for name, kept in records.items():
        if kept is None:
            dict.pop(backend._parameters, name, None)
            continue
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
