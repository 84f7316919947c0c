"""Bring the files of Swagger UI that the viewer serves, verified: make viewer.

python -m infrastructure.packing.viewer_package

They are committed, packed, with their licence, so that a deployment asks no registry for them.
"""

import base64
import gzip
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from chalicelib.http.viewer.viewer_files import FOLDER, VERSION

BUNDLE = "swagger-ui-bundle.js"
PACKAGE = f"swagger-ui-dist@{VERSION}"
# As the npm registry publishes it: npm view swagger-ui-dist@VERSION dist.integrity
SHA512 = "U06rpMtW9V3XPGOBeamTUSr0Z09jMX4IJuANpE/EZbAhw0G8CgwrzU4YmXkn/h0wCDNsXdGarTNNHC3sU8yVUQ=="
# SHA-256 of each file that we take, unpacked. The licence asks for the last three.
FILES = {
    BUNDLE: "e6a898692f2d768e807c3ba4626068a69a2c5dd960dd6c76f3e4d3a3de180af2",
    "swagger-ui.css": "5ed08757e53da3e026d6cbecc61fe5d43585c9560b302d534ad56692519a273d",
    "LICENSE": "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30",
    "NOTICE": "0d20d1adef18aee3f40dd258172155521ce702ac445cb5f7b7d60ed32dad2fb2",
    f"{BUNDLE}.LICENSE.txt": "37eb6e7e59aed57b2c1acf076574b818ea07b74265717e0bd67b59e0baf9abbb",
}
PACKED = (".js", ".css")


class Altered(Exception):
    """A package or a file that is not the pinned one."""


def bring(folder: Path = FOLDER) -> None:
    """Fetch the package by npm, and write its files. Raises Altered before anything is written."""
    with tempfile.TemporaryDirectory() as name:
        command = ["npm", "pack", PACKAGE, "--silent", "--pack-destination", name]
        subprocess.run(command, check=True, timeout=300)
        (archive,) = Path(name).glob("*.tgz")
        write(archive.read_bytes(), archive, folder)


def write(content: bytes, archive: Path, folder: Path) -> None:
    """Write the files of an archive. Raises Altered."""
    if (found := sha512(content)) != SHA512:
        raise Altered(f"{PACKAGE} has the integrity sha512-{found}, not sha512-{SHA512}.")
    with tarfile.open(archive) as members:
        files = {name: _member(members, name) for name in FILES}
    for name, body in files.items():
        if hashlib.sha256(body).hexdigest() != FILES[name]:
            raise Altered(f"{name} of {PACKAGE} is not the one of FILES: correct FILES first.")
    for name, body in files.items():
        is_packed = name.endswith(PACKED)
        place = folder / (f"{name}.gz" if is_packed else name)
        place.write_bytes(gzip.compress(body, 9, mtime=0) if is_packed else body)


def sha512(content: bytes) -> str:
    """Return the digest as npm writes it: in base64."""
    return base64.b64encode(hashlib.sha512(content).digest()).decode()


def _member(members: tarfile.TarFile, name: str) -> bytes:
    opened = members.extractfile(f"package/{name}")
    if opened is None:
        raise Altered(f"{PACKAGE} has no {name}.")
    return opened.read()


def main() -> None:
    try:
        bring()
    except (Altered, OSError, subprocess.SubprocessError) as fault:
        sys.exit(f"{fault}\nNothing was changed.")
    print(f"{PACKAGE} is in {FOLDER}")


if __name__ == "__main__":
    main()
