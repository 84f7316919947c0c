"""The commit that a measured page names."""

import subprocess

import pytest

from bench.report.machine import commit


@pytest.fixture
def root(tmp_path):
    for name in ("code.py", "docs/page.md"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("1")
    me = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    for asked in (("init", "-q"), ("add", "."), (*me, "commit", "-qm", "one")):
        subprocess.run(["git", *asked], cwd=tmp_path, check=True)
    return tmp_path


def test_a_page_that_a_measurement_wrote_changes_no_commit(root):
    clean = commit(root)
    (root / "docs/page.md").write_text("2")

    assert commit(root) == clean
    assert clean.isalnum()


def test_a_changed_source_is_told(root):
    clean = commit(root)
    (root / "code.py").write_text("2")

    assert commit(root) == f"{clean}-dirty"


def test_what_is_no_repository_has_no_commit(tmp_path):
    assert commit(tmp_path) == "unknown"
