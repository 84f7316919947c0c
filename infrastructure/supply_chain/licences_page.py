"""The licences of what is shipped, into docs/supply-chain.md: make licences.

python -m infrastructure.supply_chain.licences_page
"""

import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from importlib.metadata import distribution
from pathlib import Path

from chalicelib.http.viewer.viewer_files import VERSION as VIEWER_VERSION
from infrastructure.packing import locked_wheels
from infrastructure.packing.locked_wheels import LOCK, Target
from infrastructure.project import ROOT
from infrastructure.supply_chain import console_packages
from infrastructure.supply_chain.advisories import JOBS
from infrastructure.supply_chain.licences import UnknownLicence, licence

PAGE = ROOT / "docs" / "supply-chain.md"
RUN = ROOT / "requirements-run.txt"
BEGIN = "<!-- Written by make licences, until the next such line: do not edit. -->\n"
END = "<!-- Written until here. -->\n"
IMAGE = Target("3.12", "x86_64", 34)  # of SageMaker's scikit-learn image 1.9-0
DIRECT = re.compile(r"^([A-Za-z][\w.-]*)", re.MULTILINE)


def shipped(lock: Path, target: Target) -> dict[str, tuple[str, str]]:
    """Return the version and the licence of each wheel of a lock. Raises IncompletePackage."""
    with tempfile.TemporaryDirectory() as folder:
        wheels = locked_wheels.install(lock, target, Path(folder))
        return {name: (one.version, licence(one)) for name, (_, one) in wheels.items()}


def direct() -> dict[str, str]:
    """Return the licence of each requirement of the bank on one machine, as installed here."""
    names = sorted({one.lower() for one in DIRECT.findall(RUN.read_text(encoding="utf-8"))})
    return {name: licence(distribution(name)) for name in names}


def tables(
    functions: Mapping[str, tuple[str, str]],
    jobs: Mapping[str, tuple[str, str]],
    here: Mapping[str, str],
) -> Iterator[str]:
    """Yield the lines of the page's written part."""
    yield from ("| Lambda gets | version | licence |", "|---|---|---|")
    viewer = {"swagger-ui-dist": (VIEWER_VERSION, "Apache-2.0")}
    console = {one.name: (one.version, one.licence) for one in console_packages.shipped()}
    for name, (version, terms) in {**functions, **viewer, **console}.items():
        yield f"| {name} | {version} | {terms} |"
    yield from ("", "| a training or processing job gets | version | licence |", "|---|---|---|")
    for name, (version, terms) in jobs.items():
        yield f"| {name} | {version} | {terms} |"
    yield from ("", "| one machine needs, and nothing ships | licence |", "|---|---|")
    for name, terms in here.items():
        yield f"| {name} | {terms} |"


def main() -> int:
    try:
        lines = tables(shipped(LOCK, locked_wheels.lambda_target()), shipped(JOBS, IMAGE), direct())
        written = "\n".join(lines)
    except (locked_wheels.IncompletePackage, UnknownLicence) as fault:
        print(fault, file=sys.stderr)
        return 1
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n{written}\n\n{END}{after}", encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)} is written.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
