"""The code that an artifact may bring along: `chalicelib/models/serving_code.json`, by SHA-256.

An endpoint runs what is under `code/` of its artifact, and an artifact is whatever somebody put
in a bucket. So createEndpointModel accepts only code that was released with the bank. The list
grows: a model trained with an earlier release may be deployed again.

make serving-code
"""

import hashlib
import json

from infrastructure.project import ROOT
from training.fitting.artifact_writer import SERVING, endpoint_code

LIST = ROOT / "chalicelib" / "models" / "serving_code.json"


def released() -> dict[str, str]:
    """Return SHA-256 to name: what was released before, and what training/serving has now."""
    before: dict[str, str] = json.loads(LIST.read_text("utf-8")) if LIST.exists() else {}
    names = sorted(path.name for path in SERVING.glob("*.py") if path.name != "__init__.py")
    return before | {_digest(endpoint_code(name)): name for name in names}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


if __name__ == "__main__":
    LIST.write_text(json.dumps(released(), indent=1) + "\n", encoding="utf-8")
    print(LIST.relative_to(ROOT))
