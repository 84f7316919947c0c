"""A bill lists what is in an archive, by SHA-256, in the form of CycloneDX."""

import gzip
import hashlib
import io
import json
import tarfile
import zipfile
from base64 import b64encode
from email.message import Message
from importlib.metadata import distribution

import pytest
from cyclonedx.validation.json import JsonStrictValidator

from infrastructure.supply_chain import bill_of_materials as bills
from infrastructure.supply_chain import console_packages
from infrastructure.supply_chain.licences import BY_CLASSIFIER, UnknownLicence, licence

WHEELS = {
    name: (hashlib.sha256(name.encode()).hexdigest(), distribution(name))
    for name in ("msgspec", "rfc8785", "typing_extensions")
}
MANIFEST = {"model": "Tradicional", "version": "20261129T013801", "method": "scorecard",
            "schema": "ab12", "snapshot": "20261101T000000"}  # fmt: skip
IMAGE = "sagemaker-scikit-learn:1.9-0-cpu-py3"


def package(folder, *names):
    path = folder / "package.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "")
    return path


def artifact(**files):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, text in {"manifest.json": json.dumps(MANIFEST), **files}.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return gzip.compress(packed.getvalue(), mtime=0)


def written(bill):
    text = bills.as_json(bill)
    assert JsonStrictValidator(bills.SPECIFICATION).validate_str(text) is None
    return json.loads(text)


def test_a_package_lists_the_wheels_that_are_in_it_and_no_others(tmp_path):
    names = ("app.py", "chalicelib/text.py", "msgspec/_core.so", "typing_extensions.py")
    path = package(tmp_path, *names)

    bill = written(bills.of_package(path, WHEELS, "appvengers"))

    assert [one["name"] for one in bill["components"]] == ["msgspec", "typing_extensions"]
    first = bill["components"][0]
    assert first["hashes"] == [{"alg": "SHA-256", "content": WHEELS["msgspec"][0]}]
    assert first["purl"] == f"pkg:pypi/msgspec@{distribution('msgspec').version}"
    assert first["licenses"] == [{"license": {"id": "BSD-3-Clause"}}]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert bill["metadata"]["component"]["hashes"][0]["content"] == digest


def test_the_console_s_packages_are_listed_with_the_integrity_of_their_lock(tmp_path):
    path = package(tmp_path, console_packages.BUNDLE)
    bill = written(bills.of_package(path, WHEELS, "appvengers"))
    lock = console_packages.locked()

    assert {one["name"] for one in bill["components"]} == {
        "@picocss/pico", "@preact/signals", "@preact/signals-core", "fflate", "htm", "preact"
    }  # fmt: skip
    for one in bill["components"]:
        version = lock[one["name"]].version
        assert one["purl"] == f"pkg:npm/{one['name'].replace('@', '%40')}@{version}"
        (digest,) = one["hashes"]
        assert b64encode(bytes.fromhex(digest["content"])).decode() in lock[one["name"]].integrity
        assert one["licenses"][0]["license"]["id"] in ("MIT", "Apache-2.0")


def test_the_viewer_of_the_package_is_listed(tmp_path):
    bill = written(bills.of_package(package(tmp_path, bills.VIEWER), WHEELS, "appvengers"))

    (viewer,) = bill["components"]
    assert viewer["purl"].startswith("pkg:npm/swagger-ui-dist@")


def test_a_file_that_no_locked_wheel_has_is_refused(tmp_path):
    with pytest.raises(bills.UnknownContent, match="stowaway"):
        bills.of_package(package(tmp_path, "app.py", "stowaway/x.py"), WHEELS, "appvengers")


def test_an_artifact_lists_each_member_and_its_container():
    body = artifact(**{"scorecard.json": "{}", "code/inference.py": "pass"})

    bill = written(bills.of_artifact(body, IMAGE))

    about = bill["metadata"]["component"]
    assert (about["name"], about["version"]) == ("Tradicional", "20261129T013801")
    assert about["type"] == "machine-learning-model"
    assert {"name": "appvengers:snapshot", "value": "20261101T000000"} in about["properties"]
    found = {one["name"]: one["type"] for one in bill["components"]}
    assert found == {
        "manifest.json": "file",
        "scorecard.json": "file",
        "code/inference.py": "file",
        "sagemaker-scikit-learn": "container",
    }
    (code,) = (one for one in bill["components"] if one["name"] == "code/inference.py")
    assert code["hashes"][0]["content"] == hashlib.sha256(b"pass").hexdigest()


def test_the_same_content_gives_the_same_bill_and_other_content_another():
    first, same, other = (
        bills.as_json(bills.of_artifact(artifact(**{"scorecard.json": text}), IMAGE))
        for text in ("{}", "{}", "[]")
    )

    assert first == same
    assert json.loads(first)["serialNumber"] != json.loads(other)["serialNumber"]


class Unlicensed:
    """A wheel whose metadata names no licence."""

    name, version = "stowaway", "1.0"

    def __init__(self, **fields):
        self.metadata = Message()
        for name, value in fields.items():
            self.metadata[name] = value


def test_a_licence_is_an_expression_a_classifier_or_a_name_that_spdx_has():
    classifier = next(name for name, spdx in BY_CLASSIFIER.items() if spdx == "Apache-2.0")

    assert licence(Unlicensed(**{"License-Expression": "MIT OR Apache-2.0"})) == "MIT OR Apache-2.0"
    assert licence(Unlicensed(Classifier=classifier)) == "Apache-2.0"
    assert licence(Unlicensed(License="mit")) == "MIT"


@pytest.mark.parametrize("given", [{}, {"License": "Ask us"}])
def test_a_wheel_without_a_licence_is_refused(given):
    with pytest.raises(UnknownLicence, match=r"stowaway 1\.0"):
        licence(Unlicensed(**given))
