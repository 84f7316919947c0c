"""Values of the loans that the models in service learnt from, as their manifests keep them."""

from typing import Any, Protocol

import msgspec

Document = dict[str, Any]


class Manifests(Protocol):
    def manifest(self, model: str, version: str) -> bytes | None: ...


def quantiles(models: Document, manifests: Manifests) -> dict[str, list[float]]:
    """Return the quantiles of each feature in the models' training loans."""
    found: dict[str, list[float]] = {}
    for name, model in models.items():
        body = manifests.manifest(name, model["version"]) if "version" in model else None
        reference = msgspec.json.decode(body).get("reference", {}) if body else {}
        for feature, histogram in reference.items():
            found.setdefault(feature, histogram.get("edges", []))
    return found
