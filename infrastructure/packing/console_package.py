"""Build the console from its sources, and pack it beside its page: make console.

python -m infrastructure.packing.console_package

The bundle is committed, so that a fresh machine serves the console without node, and a deployment
asks no registry. `tests/browser` builds it anew and compares.
"""

import subprocess
import sys
from pathlib import Path

import zopfli.gzip

from chalicelib.http.console.console_files import FOLDER, PARTS
from infrastructure.project import ROOT

SOURCES = ROOT / "console"
BUILT = ROOT / "build" / "console"
SECONDS = 300


def build(folder: Path = BUILT) -> dict[str, bytes]:
    """Build the bundle by the pinned packages, and return its parts by name."""
    install = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    subprocess.run(install, cwd=SOURCES, check=True, timeout=SECONDS)
    subprocess.run(["node", "build.mjs", str(folder)], cwd=SOURCES, check=True, timeout=SECONDS)
    return {name: (folder / name).read_bytes() for name in PARTS}


def packed(body: bytes) -> bytes:
    """Return a part as it is committed: the same bytes for the same part.

    Zopfli searches longer than gzip for the same format: 4 % fewer bytes.
    """
    found: bytes = zopfli.gzip.compress(body)
    return found


def main() -> None:
    try:
        parts = build()
    except (OSError, subprocess.SubprocessError) as fault:
        sys.exit(f"{fault}\nThe console needs node 20 or newer and npm. Nothing was changed.")
    for name, body in parts.items():
        place = FOLDER / f"{name}.gz"
        place.write_bytes(packed(body))
        print(f"{place.relative_to(ROOT)}: {place.stat().st_size:,} bytes, {len(body):,} unpacked")


if __name__ == "__main__":
    main()
