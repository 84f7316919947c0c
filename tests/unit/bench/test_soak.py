"""Endurance: a figure may grow to its limit, and no further; the start is not judged."""

import pytest

from bench.long_run.soak import Sample, Soaked

MINUTES = 10.0
FIRST = {"memory": 400.0, "threads": 40, "files": 30, "p99": 50.0}


def soaked(last: dict[str, float], errors: list[str] | None = None) -> Soaked:
    samples = [
        Sample(seconds, **(FIRST if seconds < 500 else FIRST | last))  # type: ignore[arg-type]
        for seconds in range(120, 600, 10)
    ]
    warm = [Sample(seconds, 1.0, 1, 1, 1.0) for seconds in range(0, 120, 10)]
    return Soaked(MINUTES, {}, errors or [], [*warm, *samples])


def test_what_stays_is_flat() -> None:
    assert soaked({}).faults() == []


@pytest.mark.parametrize(
    ("name", "at"), [("memory", 420.0), ("threads", 44), ("files", 33), ("p99", 100.0)]
)
def test_each_figure_may_grow_to_its_limit(name: str, at: float) -> None:
    assert soaked({name: at}).faults() == []
    assert [one.split()[0] for one in soaked({name: at + 1}).faults()] == [name]


def test_one_error_is_a_fault() -> None:
    assert soaked({}, ["12:00:00 GET ready: 503"]).faults() == ["1 errors: 12:00:00 GET ready: 503"]
