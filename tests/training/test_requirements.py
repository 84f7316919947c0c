"""What a training job fetches is what was pinned, whatever an index offers under its name."""

import re
import subprocess
import sys
import zipfile

import pytest

from tests.training.given import ROOT
from training import job_start

FILE = ROOT / "training" / "requirements.txt"
PINNED = re.findall(r"^(\w+)==([\d.]+) \\$", FILE.read_text("utf-8"), re.MULTILINE)


def wheel(folder, name, version):
    """The smallest wheel that pip takes."""
    about = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{name}.py", "")
        archive.writestr(
            f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        )
        tag = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        archive.writestr(f"{about}/WHEEL", tag)
        archive.writestr(f"{about}/RECORD", "")


def install(folder, requirements):
    command = ["-m", "pip", "install", "--no-index", "--find-links", folder, "--ignore-installed"]
    return subprocess.run(
        [sys.executable, *command, "--target", folder / "lib", "-r", requirements],
        capture_output=True,
        text=True,
    )


@pytest.fixture
def index(tmp_path):
    for name, version in PINNED:
        wheel(tmp_path, name, version)
    return tmp_path


def test_another_wheel_of_the_same_name_and_version_is_refused(index):
    done = install(index, FILE)
    assert done.returncode != 0
    assert "DO NOT MATCH THE HASHES" in done.stderr
    assert not (index / "lib").exists()


def test_without_the_hashes_it_would_be_taken(index):
    """So the test above shows what the hashes are for."""
    bare = index / "bare.txt"
    bare.write_text("".join(f"{name}=={version}\n" for name, version in PINNED), encoding="utf-8")
    assert install(index, bare).returncode == 0
    assert {name for name, _ in PINNED} == {"lightgbm", "pyarrow", "msgspec"}


def test_a_processing_job_installs_no_lightgbm_and_the_others_by_their_hashes(tmp_path):
    """The trees that it compares are text, which needs no LightGBM."""
    said = job_start.chosen(job_start.NEEDED, FILE.read_text("utf-8"))
    needed = tmp_path / "needed.txt"
    needed.write_text(said, encoding="utf-8")
    for name, version in PINNED:
        wheel(tmp_path, name, version)

    assert "lightgbm" not in said
    assert said.count("--hash=sha256:") == 8
    assert "DO NOT MATCH THE HASHES" in install(tmp_path, needed).stderr
    needed.write_text(re.sub(r"--(require-hashes|hash\S+)", "", said), encoding="utf-8")
    assert install(tmp_path, needed).returncode == 0
    assert all((tmp_path / "lib" / f"{name}.py").exists() for name in job_start.NEEDED)
    assert not (tmp_path / "lib" / "lightgbm.py").exists()
