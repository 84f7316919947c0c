"""Packages of npm that the console is built from: those that it ships, and what is known of them.

The committed bundle names each package that it has code of, with version and licence; the lock has
the integrity of each one that builds or tests it.
"""

import gzip
import re
import subprocess
from base64 import b64decode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec
from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.component import Component
from packageurl import PackageURL

from chalicelib.http.console.console_files import FOLDER
from infrastructure.packing.console_package import SOURCES
from infrastructure.supply_chain.advisories import Package, Report, Vulnerability

LOCK = SOURCES / "package-lock.json"
BUNDLE = "chalicelib/http/console/console.js.gz"  # in the package of the functions
SHIPPED = re.compile(r"^(@?[\w./-]+) (\d[\w.+-]*) \(([^)]+)\)$", re.MULTILINE)
PLACE = "node_modules/"
NPM = "npm:"  # begins their names in accepted_advisories.toml: PyPI has packages of the same name
ADVISORY = re.compile(r"GHSA(?:-[0-9a-z]{4}){3}")
LONGEST_SECONDS = 120
AUDIT = ("npm", "audit", "--json", "--package-lock-only")


class UnlockedPackage(Exception):
    """A package of the bundle that the lock does not have in this version."""


class Locked(msgspec.Struct, frozen=True):
    version: str
    integrity: str


class _Via(msgspec.Struct, frozen=True):
    url: str = ""


class _Vulnerable(msgspec.Struct, frozen=True):
    via: list[_Via | str]


class _Audit(msgspec.Struct, frozen=True):
    """A report of `npm audit`, version 2; a package is vulnerable `via` advisories or others."""

    vulnerabilities: dict[str, _Vulnerable]


@dataclass(frozen=True)
class Shipped:
    name: str
    version: str
    licence: str


def locked() -> dict[str, Locked]:
    """Return the packages of the lock, by name."""
    places = msgspec.json.decode(LOCK.read_bytes())["packages"]
    return {
        name.rpartition(PLACE)[2]: msgspec.convert(one, Locked)
        for name, one in places.items()
        if name
    }


def shipped() -> list[Shipped]:
    """Return the packages of the committed bundle, by name."""
    text = gzip.decompress((FOLDER / "LICENSES.txt.gz").read_bytes()).decode()
    return [Shipped(*found) for found in SHIPPED.findall(text)]


def components() -> Iterator[Component]:
    """Yield the bundle's packages for a bill of materials. Raises UnlockedPackage."""
    lock = locked()
    for one in shipped():
        if one.name not in lock or lock[one.name].version != one.version:
            raise UnlockedPackage(f"{LOCK.name} has no {one.name} {one.version}: make console.")
        digest = b64decode(lock[one.name].integrity.removeprefix("sha512-")).hex()
        space, _, name = one.name.rpartition("/")
        yield Component(
            name=one.name,
            version=one.version,
            purl=PackageURL("npm", namespace=space or None, name=name, version=one.version),
            hashes=[HashType(alg=HashAlgorithm.SHA_512, content=digest)],
            licenses=[LicenseFactory().make_from_string(one.licence)],
            bom_ref=f"{NPM}{one.name}",
        )


def audit(command: Sequence[str] = AUDIT) -> Report:
    """Return what npm's registry knows of the locked packages; they are unchecked without it."""
    try:
        done = subprocess.run(
            command, cwd=SOURCES, capture_output=True, timeout=LONGEST_SECONDS, check=False
        )
        return report(done.stdout)
    except (OSError, subprocess.TimeoutExpired, msgspec.MsgspecError) as fault:
        reason = f"npm audit gave no report: {type(fault).__name__}"
        return Report([_package(name, one, skip_reason=reason) for name, one in locked().items()])


def report(answer: bytes) -> Report:
    """Return the report of an answer of npm. Raises msgspec.MsgspecError if it is none."""
    found = msgspec.json.decode(answer, type=_Audit).vulnerabilities
    known = {name: [*_advisories(one)] for name, one in found.items()}
    return Report([_package(name, one, known.get(name, [])) for name, one in locked().items()])


def _advisories(vulnerable: _Vulnerable) -> Iterator[Vulnerability]:
    for one in vulnerable.via:
        if isinstance(one, _Via):
            found = ADVISORY.search(one.url)
            yield Vulnerability(found[0] if found else one.url or "an advisory without an address")


def _package(
    name: str, one: Locked, known: list[Vulnerability] | None = None, skip_reason: str = ""
) -> Package:
    return Package(f"{NPM}{name}", one.version, known or [], skip_reason)
