"""Tables that were made by a request, as data: JSON, so that another moto can read them."""

from datetime import datetime
from typing import Any

_CONSTRUCTED = (
    "schema",
    "attr",
    "billing_mode",
    "throughput",
    "warm_throughput",
    "sse_specification",
    "tags",
    "deletion_protection_enabled",
)
_SET_LATER = ("ttl", "continuous_backups")


def recorded(backend: Any, of_template: set[str]) -> dict[str, dict[str, Any]]:
    """Return the definition of each table that the template does not have, by name."""
    return {
        name: {attribute: getattr(table, attribute) for attribute in (*_CONSTRUCTED, *_SET_LATER)}
        | {
            "streams": table.stream_specification,
            "indexes": [index.describe() for index in table.indexes],
            "global_indexes": [index.describe() for index in table.global_indexes],
            "created_at": table.created_at.isoformat(),
        }
        for name, table in list(backend.tables.items())
        if name not in of_template
    }


def restore(records: dict[str, dict[str, Any]], backend: Any) -> None:
    """Create the tables, empty, as they were. A table that the template has by now is its own."""
    for name, kept in records.items():
        if name in backend.tables:
            continue
        created = {attribute: kept[attribute] for attribute in _CONSTRUCTED}
        indexes = {attribute: kept[attribute] for attribute in ("indexes", "global_indexes")}
        table = backend.create_table(name, streams=kept["streams"], **created, **indexes)
        for attribute in _SET_LATER:
            setattr(table, attribute, kept[attribute])
        table.created_at = datetime.fromisoformat(kept["created_at"])
