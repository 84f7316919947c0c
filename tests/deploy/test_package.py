"""What Lambda gets, without the repository around it."""

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from infrastructure.packing import lambda_package, locked_wheels
from infrastructure.project import ROOT, functions_of
from localcloud.services.lambda_ import uploaded

# Chalice's runtime, ours, and the wheels of requirements.txt.
WANTED = {"app.py", "__pycache__", "chalice", "chalicelib"}
POWERTOOLS_NEEDS = {"jmespath", "typing_extensions.py"}
PROGRAM = """
import importlib, json, pathlib, sys
sys.path[:0] = sys.argv[1:]
import app
for path in pathlib.Path(sys.argv[1]).glob("chalicelib/**/*.py"):
    module = path.relative_to(sys.argv[1]).with_suffix("")
    importlib.import_module(".".join(module.parts))
found = {name: getattr(module, "__file__", None) for name, module in sys.modules.items()}
handlers = [*app.app.handler_map]
print(json.dumps([handlers, {name: file for name, file in found.items() if file}]))
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lambda_package.build(tmp_path_factory.mktemp("staged"))


@pytest.fixture(scope="module")
def unpacked(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("var-task")
    zipfile.ZipFile(built).extractall(folder)
    uploaded.exchange_machine_code(folder)
    return folder


def names(built: Path) -> list[str]:
    return zipfile.ZipFile(built).namelist()


def test_it_is_small(built):
    assert built.stat().st_size <= lambda_package.LARGEST_BYTES


def test_a_package_that_grew_is_refused(built, monkeypatch):
    monkeypatch.setattr(lambda_package, "LARGEST_BYTES", 1000)

    with pytest.raises(lambda_package.IncompletePackage, match="more than 1,000"):
        lambda_package.build(built.parents[2])


def test_two_builds_are_the_same_bytes(built, tmp_path):
    again = lambda_package.build(tmp_path)

    assert again.name == built.name
    assert again.read_bytes() == built.read_bytes()


def test_another_source_is_another_package(built, tmp_path):
    lambda_package.stage(tmp_path)
    packager = lambda_package.packager()
    before = packager.deployment_package_filename(str(tmp_path), lambda_package.runtime())
    (tmp_path / "app.py").write_text("# changed", encoding="utf-8")

    assert packager.deployment_package_filename(str(tmp_path), lambda_package.runtime()) != before


@pytest.fixture
def lock(tmp_path, monkeypatch):
    """A copy of the lock that the test may change, and that is taken instead."""
    path = tmp_path / "requirements.lock"
    path.write_bytes(locked_wheels.LOCK.read_bytes())
    monkeypatch.setattr(lambda_package, "LOCK", path)
    return path


def test_a_requirement_without_a_wheel_for_lambda_is_refused(lock, tmp_path):
    """numpy 2.4 has none for the C library of Python 3.11's runtime."""
    lock.write_text(f"numpy==2.4.6 --hash=sha256:{'0' * 64}\n", encoding="utf-8")

    with pytest.raises(lambda_package.IncompletePackage, match=r"numpy==2\.4\.6"):
        lambda_package.build(tmp_path / "staged")
    assert not list(tmp_path.rglob("*.zip"))


def test_a_wheel_that_is_not_the_locked_one_is_refused(lock, tmp_path):
    changed = re.sub("sha256:....", "sha256:0000", lock.read_text("utf-8"))
    lock.write_text(changed, encoding="utf-8")

    with pytest.raises(lambda_package.IncompletePackage, match="DO NOT MATCH THE HASHES"):
        lambda_package.build(tmp_path / "staged")
    assert not list(tmp_path.rglob("*.zip"))


def test_a_requirement_without_a_hash_is_refused(lock, tmp_path):
    lock.write_text("rfc8785==0.1.4\n", encoding="utf-8")

    with pytest.raises(lambda_package.IncompletePackage, match="hash"):
        lambda_package.build(tmp_path / "staged")


def test_another_chalice_than_the_locked_one_is_refused(tmp_path, monkeypatch):
    altered = tmp_path / "app.py"
    altered.write_text("# another", encoding="utf-8")
    monkeypatch.setattr(locked_wheels.chalice.app, "__file__", str(altered))

    with pytest.raises(lambda_package.IncompletePackage, match="locked wheel of Chalice"):
        lambda_package.build(tmp_path / "staged")


def test_what_chalice_packed_by_itself_is_refused():
    begun, reused = "Creating deployment package.\n", "Reusing existing deployment package.\n"
    lambda_package.refuse_another(f"{begun}{reused}Creating Rest API\n")
    lambda_package.refuse_another("Deleting Rest API\n")

    with pytest.raises(lambda_package.IncompletePackage, match="packed anew"):
        lambda_package.refuse_another(begun)


def test_the_lock_has_each_requirement_in_its_version():
    wanted, run, locked = (
        re.findall(r"^[\w-]+==[\w.]+", (ROOT / name).read_text("utf-8"), re.MULTILINE)
        for name in ("requirements.txt", "requirements-run.txt", "requirements.lock")
    )
    (ours,) = (one for one in run if one.startswith("chalice=="))

    assert {*wanted, ours} <= {*locked}


def test_nothing_is_in_it_that_the_runtime_has_or_no_function_reads(built):
    tops = {name.partition("/")[0] for name in names(built)}
    required = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    wheels = {name.replace("-", "_") for name in re.findall(r"^([\w-]+)==", required, re.MULTILINE)}

    assert tops - WANTED - POWERTOOLS_NEEDS == wheels
    assert not [name for name in names(built) if re.search(r"boto|\.pyi$|dist-info|tests?/", name)]


def test_every_module_is_compiled_and_every_library_is_for_arm64(built):
    found = names(built)
    modules = [name for name in found if name.endswith(".py")]
    compiled = [name for name in found if name.endswith(".pyc")]

    assert len(modules) == len(compiled)
    libraries = [name for name in found if name.endswith(".so")]
    assert libraries
    assert all("aarch64" in name for name in libraries)


def test_all_functions_load_from_the_package_alone_and_need_all_of_it(unpacked, tmp_path):
    runtime = uploaded.runtime(tmp_path / "runtime")
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", PROGRAM, str(unpacked), str(runtime)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        env={"STAGE": "dev", "APP_NAME": "appvengers", "AWS_DEFAULT_REGION": "us-east-1"},
    )
    handlers, files = json.loads(done.stdout)

    assert {"predict", *functions_of("dev")} <= set(handlers)
    assert not [file for file in files.values() if file.startswith(str(ROOT))]
    packed = {str(path) for path in unpacked.rglob("*.py")}
    assert packed - set(files.values()) == set(), "nothing imports these: name them in UNREAD"
