"""Bills of materials in CycloneDX: of the Lambda package, and of a model's artifact.

The same content gives the same bytes: a bill has no time, and its serial number is of the content.
"""

import hashlib
import json
import uuid
import zipfile
from collections.abc import Iterable, Mapping
from importlib.metadata import Distribution
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

from chalicelib.http.viewer.viewer_files import VERSION as VIEWER_VERSION
from chalicelib.models.artifact import members
from infrastructure.supply_chain import console_packages
from infrastructure.supply_chain.licences import licence

SPECIFICATION = SchemaVersion.V1_6
OURS = {"app.py", "chalicelib", "__pycache__"}
VIEWER = "chalicelib/http/viewer/swagger-ui-bundle.js.gz"

Wheels = Mapping[str, tuple[str, Distribution]]


class UnknownContent(Exception):
    """Files of a package that no locked wheel has."""


def of_package(package: Path, wheels: Wheels, name: str) -> Bom:
    """Return the bill of Lambda's zip, whose libraries are among the locked `wheels`.

    Raises UnknownContent, or UnlockedPackage for the console's.
    """
    with zipfile.ZipFile(package) as archive:
        names = archive.namelist()
    tops = {one.partition("/")[0] for one in names}
    owners = {top: one for one in wheels for top in _tops(wheels[one][1])}
    if unknown := tops - OURS - owners.keys():
        raise UnknownContent(f"No wheel of requirements.lock has {', '.join(sorted(unknown))}.")
    packed = sorted({owners[top] for top in tops - OURS})
    parts = [_library(one, *wheels[one]) for one in packed]
    if VIEWER in names:
        parts.append(_viewer())
    if console_packages.BUNDLE in names:
        parts += console_packages.components()
    about = _described(name, ComponentType.APPLICATION, package.read_bytes())
    return _bill(about, parts)


def of_artifact(body: bytes, image: str) -> Bom:
    """Return the bill of a model's archive: its files, and the container that reads them.

    Raises InvalidArtifact.
    """
    content = dict(members(body))
    manifest = json.loads(content["manifest.json"])
    about = _described(manifest["model"], ComponentType.MACHINE_LEARNING_MODEL, body)
    about.version = manifest["version"]
    for key in ("method", "schema", "snapshot"):
        about.properties.add(Property(name=f"appvengers:{key}", value=str(manifest[key])))
    files = [
        _described(path, ComponentType.FILE, content[path], ref=f"{manifest['model']}/{path}")
        for path in sorted(content)
    ]
    container, _, tag = image.partition(":")
    serving = Component(name=container, version=tag, type=ComponentType.CONTAINER, bom_ref=image)
    return _bill(about, [*files, serving])


def as_json(bill: Bom) -> str:
    """Return a bill as a JSON document."""
    writer = make_outputter(bill, OutputFormat.JSON, SPECIFICATION)
    document = json.loads(writer.output_as_string())
    del document["metadata"]["timestamp"]
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


def _bill(about: Component, parts: Iterable[Component]) -> Bom:
    (digest,) = (one.content for one in about.hashes)
    bill = Bom(components=parts, serial_number=uuid.UUID(digest[:32], version=4))
    bill.metadata.component = about
    bill.register_dependency(about, bill.components)
    return bill


def _described(name: str, kind: ComponentType, body: bytes, ref: str | None = None) -> Component:
    digest = hashlib.sha256(body).hexdigest()
    hashes = [HashType(alg=HashAlgorithm.SHA_256, content=digest)]
    return Component(name=name, type=kind, hashes=hashes, bom_ref=ref or name)


def _library(name: str, sha256: str, wheel: Distribution) -> Component:
    return Component(
        name=name,
        version=wheel.version,
        purl=PackageURL("pypi", name=name.lower().replace("_", "-"), version=wheel.version),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=sha256)],
        licenses=[LicenseFactory().make_from_string(licence(wheel))],
        bom_ref=name,
    )


def _viewer() -> Component:
    name = "swagger-ui-dist"
    return Component(
        name=name,
        version=VIEWER_VERSION,
        purl=PackageURL("npm", name=name, version=VIEWER_VERSION),
        licenses=[LicenseFactory().make_from_string("Apache-2.0")],
        bom_ref=name,
    )


def _tops(wheel: Distribution) -> set[str]:
    return {path.parts[0] for path in wheel.files or () if not path.parts[0].endswith(".dist-info")}
