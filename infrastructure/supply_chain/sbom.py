"""Write the bills of materials: make sbom, in build/sbom.

python -m infrastructure.supply_chain.sbom [--artifact model.tar.gz] [--stage dev]

Each is CycloneDX 1.6 in JSON: of the Lambda package, of a file, or of the models in service.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import profile
from chalicelib.foundation.errors import AppVengersError
from chalicelib.foundation.settings import STAGES, Settings
from chalicelib.models.endpoints import ModelEndpoints
from chalicelib.models.model_bucket import ModelBucket
from infrastructure import embedded
from infrastructure.packing import lambda_package, locked_wheels
from infrastructure.project import ROOT, app_name
from infrastructure.supply_chain import bill_of_materials, console_packages
from infrastructure.supply_chain.licences import UnknownLicence

FOLDER = ROOT / "build" / "sbom"


def in_service(stage: str) -> Iterator[bytes]:
    """Yield the archive of each model in service. Raises ClientError."""
    embedded.reach()
    client, chosen = boto3.client("sagemaker"), profile.load()
    settings = Settings(app_name(), stage, client.meta.region_name)
    endpoints = ModelEndpoints(
        client, settings.prefix, "", chosen.endpoint[stage], chosen.sagemaker
    )
    bucket = ModelBucket(boto3.client("s3"), settings.model_bucket)
    for model in chosen.models:
        if (live := endpoints.live(model)) and live["version"]:
            yield bucket.verified_artifact(model, live["version"])


def written(artifacts: list[bytes]) -> Iterator[Path]:
    """Yield the path of each bill after writing it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        target = locked_wheels.lambda_target()
        wheels = locked_wheels.install(locked_wheels.LOCK, target, Path(folder))
        bills = [bill_of_materials.of_package(lambda_package.build(), wheels, app_name())]
    image = profile.load().sagemaker.image
    bills += [bill_of_materials.of_artifact(body, image) for body in artifacts]
    for bill in bills:
        about = bill.metadata.component
        version = f"-{about.version}" if about and about.version else ""
        path = FOLDER / f"{about.name if about else 'unnamed'}{version}.cdx.json"
        path.write_text(bill_of_materials.as_json(bill), encoding="utf-8")
        yield path


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--artifact", type=Path, help="a model.tar.gz of this machine")
    parser.add_argument("--stage", choices=STAGES, help="the models in service there")
    given = parser.parse_args()
    try:
        artifacts = [given.artifact.read_bytes()] if given.artifact else []
        artifacts += in_service(given.stage) if given.stage else []
        for path in written(artifacts):
            print(path.relative_to(ROOT))
    except (
        *(AppVengersError, BotoCoreError, ClientError, OSError, UnknownLicence),
        *(bill_of_materials.UnknownContent, locked_wheels.IncompletePackage),
        console_packages.UnlockedPackage,
    ) as fault:
        print(fault, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
