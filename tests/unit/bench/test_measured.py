"""Rounds become medians, and medians ratios."""

from dataclasses import replace

import pytest

from bench.report.measured import Figures, Measured, medians, percentile, ratios

FIGURES = Figures(
    p50=10, p95=20, p99=30, rate=50, cpu=8, memory=200, growth=1, start=4, generator=0.4, others=0.1
)


def measured(name, clients=1, answers=100, **figures):
    return Measured(name, clients, answers, replace(FIGURES, **figures))


def test_a_percentile_is_a_value_that_was_measured():
    values = [float(n) for n in range(1, 201)]

    assert percentile(values, 0.5) == 100
    assert percentile(values, 0.95) == 190
    assert percentile(values, 0.99) == 198


def test_each_figure_has_its_own_median():
    rounds = [
        measured("a", p50=10, rate=70),
        measured("a", p50=30, rate=50),
        measured("a", p50=20, rate=60, answers=1),
    ]

    (found,) = medians(rounds)

    assert (found.figures.p50, found.figures.rate) == (20, 60)
    assert (found.rounds, found.answers) == (3, 201)


def test_numbers_of_clients_are_not_mixed():
    found = medians([measured("a", 1), measured("b", 1), measured("a", 8), measured("a", 1)])

    assert [(one.name, one.clients, one.rounds) for one in found] == [
        ("a", 1, 2), ("b", 1, 1), ("a", 8, 1),
    ]  # fmt: skip


def test_a_ratio_is_ours_over_theirs():
    found = ratios(replace(FIGURES, p50=27, memory=1300), replace(FIGURES, p50=15, memory=400))

    assert found.p50 == pytest.approx(1.8)
    assert found.memory == pytest.approx(3.25)
    assert found.rate == 1
