"""The page docs/aws-checklist.md, written from the list of checks."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from infrastructure.project import ROOT
from infrastructure.verify.check import Check
from infrastructure.verify.checklist import FIRST, checks

PAGE = ROOT / "docs" / "aws-checklist.md"
HEAD = """# What only a real account can prove

Everything here was built and tested without an AWS account. The embedded cloud refuses what AWS's
service models, quotas and documented rules refuse. What remains is listed by risk, each with one
command. `make aws-checklist` writes this page.

`make verify-aws STAGE=dev` runs all that a command can run, and prints what is proved, failed or
not applicable, with the reason. It changes nothing. With YES=yes it runs the others, too: they
store a prediction, ring an alarm, or cost a cent. Run it after the first `make deploy STAGE=dev`,
and again after the first retraining, before `prod` is deployed.
"""
COLUMNS = ("check", "what", "why it is not proved here", "by hand")


def text() -> str:
    """Return the whole page."""
    found = checks()
    parts = [
        HEAD,
        f"## The first {FIRST}",
        "\n".join(_table(found[:FIRST])),
        "## The others",
        "\n".join(_table(found[FIRST:])),
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _table(found: Sequence[Check]) -> Iterator[str]:
    yield f"| {' | '.join(COLUMNS)} |"
    yield f"|{'---|' * len(COLUMNS)}"
    for check in found:
        how = "by hand" if check.run is None else "YES=yes" if check.writes else ""
        name = f"`{check.name}`" + (f" ({how})" if how else "")
        yield f"| {name} | {check.what} | {check.unproved} | `{check.command}` |"


def write(path: Path = PAGE) -> None:
    path.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    write()
