"""The program of an archive: its README, its verifier, and the modules that this needs."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import rfc8785

from chalicelib.governance.archive import archive_entry

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
CODE = (
    "chalicelib/__init__.py",
    "chalicelib/foundation/__init__.py",
    "chalicelib/foundation/record_salt.py",
    "chalicelib/governance/__init__.py",
    "chalicelib/governance/archive/__init__.py",
    "chalicelib/governance/archive/archive_report.py",
    "chalicelib/governance/archive/archive_verifier.py",
    "chalicelib/governance/archive/claimed_period.py",
    "chalicelib/governance/archive/decision_claim.py",
    "chalicelib/governance/archive/erasure_marks.py",
    "chalicelib/governance/evidence/__init__.py",
    "chalicelib/governance/evidence/chain.py",
    "chalicelib/governance/evidence/record_digest.py",
)
VERIFIER = "verify.py"
NO_DIGESTS = (
    "DIGESTS: Mapping[str, str] = {}  # of each file under code/; written with the archive\n"
)


def program() -> dict[str, bytes]:
    """Return what an archive has besides evidence, by name: the same in all of a release."""
    code = {f"{archive_entry.CODE}{name}": body for name, body in sorted(_code())}
    digests = {name: hashlib.sha256(body).hexdigest() for name, body in code.items()}
    source = (HERE / "archive_entry.py").read_text(encoding="utf-8")
    written = source.replace(NO_DIGESTS, f"DIGESTS = {json.dumps(digests, indent=4)}\n")
    readme = (HERE / "examiner_readme.md").read_bytes()
    return {"README.md": readme, VERIFIER: written.encode(), **code}


def _code() -> Iterator[tuple[str, bytes]]:
    for name in CODE:
        yield name, (ROOT / name).read_bytes()
    for path in Path(rfc8785.__file__).parent.glob("*.py"):
        yield f"rfc8785/{path.name}", path.read_bytes()
    # The package of the functions has no metadata of wheels.
    yield "rfc8785/LICENSE", (HERE / "rfc8785_license.txt").read_bytes()
