"""Every server gets the same environment, and each peer's versions are pinned."""

import re

import pytest

from bench.rounds import ordered
from bench.servers.contestants import CONTESTANTS, OURS
from bench.servers.environments import REQUIREMENTS, digest

LISTS = sorted(REQUIREMENTS.glob("*.txt"))


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.stem)
def test_a_requirement_of_a_peer_is_pinned(path):
    lines = [re.split("[#;]", line)[0].strip() for line in path.read_text("utf-8").splitlines()]
    wanted = [line for line in lines if line and not line.startswith("-r ")]

    assert wanted
    assert [line for line in wanted if not re.fullmatch(r"[\w\[\]-]+==[\w.]+", line)] == []


def test_pipelines_are_read_by_the_versions_that_fitted_them():
    ours = (REQUIREMENTS.parents[2] / "requirements-run.txt").read_text("utf-8")
    pinned = (REQUIREMENTS / "pipelines.txt").read_text("utf-8").splitlines()

    for name in ("scikit-learn", "pandas", "numpy"):
        versions = [one for one in pinned if one.startswith(f"{name}==")]
        assert versions
        assert [one for one in versions if f"\n{one}\n" not in ours] == []


def test_each_peer_has_a_list_of_requirements():
    named = {one.environment for one in CONTESTANTS if one.environment}

    assert named <= {path.stem for path in LISTS}


def test_a_changed_list_makes_another_environment():
    assert digest("fastapi") != digest("bentoml")


def test_the_order_turns_round_each_round():
    assert ordered(CONTESTANTS, 0)[0].name == OURS
    assert ordered(CONTESTANTS, 1)[-1].name == OURS
    assert ordered(CONTESTANTS, 2) == [*CONTESTANTS]
