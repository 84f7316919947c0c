"""Known advisories about the packages that Lambda, the jobs and this machine get, by pip-audit.

pip-audit counts a package that its index does not answer for as skipped, and ends as if all were
well. Here such a package is unchecked, which is neither good nor bad.
"""

import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import msgspec

from infrastructure.packing.locked_wheels import LOCK
from infrastructure.project import ROOT

ACCEPTED = Path(__file__).with_name("accepted_advisories.toml")
JOBS = ROOT / "training" / "requirements.txt"
LONGEST_SECONDS = 120
SOURCES = (
    ("--disable-pip", "--require-hashes", "-r", str(LOCK), "-r", str(JOBS)),
    ("--path", sysconfig.get_path("purelib")),
)


class Unreadable(Exception):
    """An audit without a report: pip-audit or its index failed."""


class Vulnerability(msgspec.Struct, frozen=True):
    id: str
    fix_versions: list[str] = []
    aliases: list[str] = []


class Package(msgspec.Struct, frozen=True):
    """A package of pip-audit's report; `skip_reason` if its index did not know it."""

    name: str
    version: str = ""
    vulns: list[Vulnerability] = []
    skip_reason: str = ""


class Report(msgspec.Struct, frozen=True):
    dependencies: list[Package]


class Acceptance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    package: str
    reason: str
    until: date


@dataclass(frozen=True)
class Verdict:
    """The faults of an audit, and its packages: all that it lists, and those without an answer."""

    faults: list[str]
    packages: int
    unchecked: list[str]


def accepted() -> dict[str, Acceptance]:
    """Return the advisories that are accepted, by their id. Raises msgspec.ValidationError."""
    entries = tomllib.loads(ACCEPTED.read_text(encoding="utf-8"))
    return msgspec.convert(entries, dict[str, Acceptance])


def judge(report: Report, known: Mapping[str, Acceptance], today: date) -> Verdict:
    """Set a report against the accepted advisories."""
    unchecked = sorted({one.name for one in report.dependencies if one.skip_reason})
    faults = [*_found(report, known, today), *_stale(report, known, unchecked)]
    return Verdict(sorted({*faults}), len({one.name for one in report.dependencies}), unchecked)


def _found(report: Report, known: Mapping[str, Acceptance], today: date) -> Iterator[str]:
    for package in report.dependencies:
        for one in package.vulns:
            entry = _entry(package.name, one, known)
            where = f"{one.id} in {package.name} {package.version}"
            fixed = ", ".join(one.fix_versions)
            if entry is None:
                advice = f"update to {fixed}" if fixed else "no version fixes it"
                yield f"{where}: {advice}, or accept it in {ACCEPTED.name} with a reason."
            elif entry.until < today:
                yield f"{where}: it was accepted until {entry.until}. Decide again."


def _entry(name: str, one: Vulnerability, known: Mapping[str, Acceptance]) -> Acceptance | None:
    entries = [known[each] for each in (one.id, *one.aliases) if each in known]
    return next((entry for entry in entries if entry.package == name), None)


def _stale(report: Report, known: Mapping[str, Acceptance], unchecked: list[str]) -> Iterator[str]:
    there = {
        (package.name, each)
        for package in report.dependencies
        for one in package.vulns
        for each in (one.id, *one.aliases)
    }
    for name, entry in known.items():
        if (entry.package, name) not in there and entry.package not in unchecked:
            yield f"{name} is not in {entry.package} any more: remove it from {ACCEPTED.name}."


def audit() -> Report:
    """Return pip-audit's report on the locked packages and those installed here.

    Raises Unreadable.
    """
    found = [package for source in SOURCES for package in _report(source).dependencies]
    return Report(found)


def _report(source: tuple[str, ...]) -> Report:
    command = [sys.executable, "-m", "pip_audit", "--format=json", "--progress-spinner=off"]
    try:
        done = subprocess.run(
            [*command, *source], capture_output=True, timeout=LONGEST_SECONDS, check=False
        )
        return msgspec.json.decode(done.stdout, type=Report)
    except (subprocess.TimeoutExpired, msgspec.DecodeError, msgspec.ValidationError) as fault:
        said = getattr(fault, "stderr", None) or done.stderr
        last = said.decode(errors="replace").strip().rpartition("\n")[2]
        raise Unreadable(f"pip-audit gave no report: {last or fault}") from fault


def lines(verdict: Verdict) -> Iterator[str]:
    """Yield the outcome in words, faults first."""
    yield from verdict.faults
    checked = verdict.packages - len(verdict.unchecked)
    yield f"Advisories: {checked} of {verdict.packages} packages checked."
    if verdict.unchecked:
        yield (
            f"UNCHECKED, as their index has no advisories to answer with: "
            f"{', '.join(verdict.unchecked[:5])}{' …' if len(verdict.unchecked) > 5 else ''}. "
            "Run `make supply-chain` where https://pypi.org/pypi/pip/json can be read, and for "
            "npm's where https://registry.npmjs.org answers `npm audit`."
        )
