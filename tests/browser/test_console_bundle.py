"""The committed bundle is what its sources build to, and small."""

import gzip
import shutil
import subprocess

import pytest

from chalicelib.http.console.console_files import FOLDER, PARTS
from infrastructure.packing import console_package

LARGEST = 72_000  # bytes of script and style, packed


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return console_package.build(tmp_path_factory.mktemp("built"))


@pytest.mark.parametrize("part", PARTS)
def test_each_committed_part_is_what_the_sources_build_to(built, part):
    committed = (FOLDER / f"{part}.gz").read_bytes()

    assert gzip.decompress(committed) == built[part], "make console, and commit what it writes"
    assert committed == console_package.packed(built[part])


def test_script_and_style_are_small(built):
    assert (
        sum(len(console_package.packed(built[one])) for one in PARTS if "LIC" not in one) < LARGEST
    )


def test_each_package_of_the_bundle_has_its_licence(built):
    told = built["LICENSES.txt"].decode()

    for name in (
        "preact",
        "@preact/signals",
        "@preact/signals-core",
        "fflate",
        "htm",
        "@picocss/pico",
    ):
        assert f"{name} " in told


def test_the_pure_parts_hold():
    node = shutil.which("node")
    assert node
    command = [node, "--test", "tests/"]
    done = subprocess.run(
        command, cwd=console_package.SOURCES, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout
