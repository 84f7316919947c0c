"""CloudFormation's resource types and their schemas, which cfn-lint bundles as JSON.

moto's server needs cfn-lint. Its files are read here, as cfn-lint itself takes seconds to import.
"""

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any


@cache
def digests(region: str) -> dict[str, str]:
    """Return the resource types of a region, each with the name of its schema's file."""
    return dict(_read(f"providers/{region}.json"))


@cache
def schema(kind: str, region: str) -> dict[str, Any] | None:
    """Return the schema of a type, or None for a type that is not AWS's."""
    digest = digests(region).get(kind)
    return _read(f"resources/{digest}.json") if digest else None


def _read(name: str) -> dict[str, Any]:
    package = find_spec("cfnlint")
    if package is None or not package.submodule_search_locations:
        raise ModuleNotFoundError("cfn-lint is missing: pip install -r requirements-run.txt")
    schemas = Path(package.submodule_search_locations[0]) / "data" / "schemas"
    return dict(json.loads((schemas / name).read_text()))
