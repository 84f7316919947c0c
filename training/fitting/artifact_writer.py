"""Writes a trained model as text files that a person can read and diff.

No clock and no machine goes into it: the same snapshot and profile give the same bytes.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FORMAT = 1
SERVING = Path(__file__).parents[1] / "serving"
PACKAGE = re.compile(r"^( *)from training\.serving(?:\.(\w+))? import ", re.MULTILINE)


def write(
    model_dir: Path,
    documents: Mapping[str, Any],
    modules: tuple[str, ...],
    manifest: Mapping[str, Any],
) -> None:
    """Write an artifact's files. `documents` has texts, written as they are, and JSON values."""
    members = {name: _text(document) for name, document in documents.items()}
    members |= {f"code/{module}": endpoint_code(module) for module in modules}
    for name, text in members.items():
        _put(model_dir / name, text)
    digests = {n: hashlib.sha256(text.encode()).hexdigest() for n, text in members.items()}
    _put(model_dir / "manifest.json", _text({"format": FORMAT, **manifest, "members": digests}))


def endpoint_code(name: str) -> str:
    """Return a module of training/serving as it lies under code/ of an artifact.

    SageMaker's serving toolkit imports the modules under code/ by their bare names, and so does the
    code of every older artifact. So the package's name is left out of the imports:
    https://github.com/aws/sagemaker-containers/blob/master/src/sagemaker_containers/_modules.py
    """
    text = (SERVING / name).read_text("utf-8")
    return PACKAGE.sub(lambda m: f"{m[1]}from {m[2]} import " if m[2] else f"{m[1]}import ", text)


def _text(document: Any) -> str:
    if isinstance(document, str):
        return document
    return (
        json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
    )


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
