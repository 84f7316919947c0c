"""The code that an artifact may bring along: `chalicelib/models/serving_code.json`, by SHA-256.

An endpoint runs what is under `code/` of its artifact, and an artifact is whatever somebody put
in a bucket. So createEndpointModel accepts only code that was released with the bank. The list
grows: a model trained with an earlier release may be deployed again.

make serving-code
"""

import hashlib
import json
from pathlib import Path

from infrastructure.project import ROOT

LIST = ROOT / "chalicelib" / "models" / "serving_code.json"
MODULES = (
    "features.py",
    "inference.py",
    "scorecard.py",
    "tree_shap.py",
    "tree_text.py",
    "trees.py",
)


def released() -> dict[str, str]:
    """Return SHA-256 to name of the code released before and of the code in `training/` now."""
    before: dict[str, str] = json.loads(LIST.read_text("utf-8")) if LIST.exists() else {}
    return before | {_digest(path.read_bytes()): path.name for path in _modules()}


def _modules() -> list[Path]:
    return [ROOT / "training" / name for name in MODULES]


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    LIST.write_text(json.dumps(released(), indent=1) + "\n", encoding="utf-8")
    print(LIST.relative_to(ROOT))
