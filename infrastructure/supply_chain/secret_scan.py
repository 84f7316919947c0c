"""Strings in the repository's files that look like secrets, by detect-secrets.

python -m infrastructure.supply_chain.secret_scan [--write]

Strings that are no secrets are in .secrets.baseline, by their hash. --write adds all that are
found: look at each first.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from detect_secrets.core import baseline
from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.settings import transient_settings

from infrastructure.project import ROOT

BASELINE = ROOT / ".secrets.baseline"
# Tests name passwords that live as long as a test, and digests. Keys of a known form count there.
OF_TESTS = ("Secret Keyword", "Hex High Entropy String")


def scan(files: Sequence[str], settings: dict[str, object], root: Path = ROOT) -> SecretsCollection:
    """Return what looks like a secret, with the plugins and filters of a baseline."""
    with transient_settings(settings):
        found = SecretsCollection(root=str(root))
        found.scan_files(*files)
    return found


def committed() -> list[str]:
    """Return the files that git knows, but for the baseline itself."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    names = done.stdout.decode().split("\0")
    return [name for name in names if name and (ROOT / name) != BASELINE]


def fresh(found: SecretsCollection, known: SecretsCollection) -> Iterator[str]:
    """Yield a line for each string that the baseline does not have. Lines may have moved; the name
    that a secret has of its file is that of one clone.
    """
    there = {(path, one.type, one.secret_hash) for path, one in known}
    for path, one in found:
        of_a_test = path.startswith("tests/") and one.type in OF_TESTS
        if of_a_test or (path, one.type, one.secret_hash) in there:
            continue
        yield f"{path}:{one.line_number}: {one.type}"


def main(arguments: Sequence[str]) -> int:
    """Print what looks like a secret, and return 1 if anything does."""
    settings = json.loads(BASELINE.read_bytes())
    found = scan(committed(), settings)
    if "--write" in arguments:
        with transient_settings(settings):
            baseline.save_to_file(found, str(BASELINE))
        whole = BASELINE.read_text(encoding="utf-8")
        BASELINE.write_text(whole.replace(f"{ROOT}/", ""), encoding="utf-8")
        return 0
    lines = sorted(fresh(found, baseline.load(settings, BASELINE.name)))
    for line in lines:
        print(line)
    if lines:
        print(
            f"{len(lines)} strings look like secrets. Revoke a real one, as git keeps it; add the "
            "others by `.venv/bin/python -m infrastructure.supply_chain.secret_scan --write`."
        )
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
