"""The page says where the bank loses, and what could not be measured."""

import pytest

from bench.long_run.long_run_page import OF_MEMORY, OF_SOAK
from bench.report.performance_page import (
    BEGIN,
    END,
    PAGE,
    Results,
    comparisons,
    lines,
    medians,
    one_line,
)
from tests.unit.bench.test_measured import measured

LABELS = {"appvengers": "AppVengers", "x": "Peer X", "y": "Peer Y", "floor": "The floor"}
MEASURED = [
    measured("appvengers", p50=20, rate=40, memory=1000, start=4, cpu=8, p99=30),
    measured("x", p50=10, rate=80, memory=500, start=8, cpu=16, p99=60),
    measured("y", p50=40, rate=20, memory=250, start=16, cpu=32, p99=90),
    measured("floor", p50=1, rate=900, memory=50, start=1, cpu=1, p99=2),
]


def results(**other):
    given = {
        "machine": {"cores": "2"},
        "rounds": 1,
        "seconds": 3,
        "missing": {},
        "measured": MEASURED,
    }
    return Results(began="today", **(given | other))


def page(**other):
    return "\n".join(lines(results(**other), LABELS))


def test_the_best_peer_decides_whether_ours_is_ahead():
    behind, ahead = comparisons(medians(MEASURED), LABELS)

    assert behind == (
        "- 1 client, the best peer is better than ours: median latency (2.0 times that of Peer X), "
        "requests a second (0.50 times that of Peer X), memory (4.0 times that of Peer Y)."
    )
    assert ahead == (
        "- 1 client, ours is better than every peer: 99th percentile (0.50 times that of Peer X), "
        "processor time a request (0.50 times that of Peer X), "
        "time to start (0.50 times that of Peer X)."
    )


@pytest.mark.parametrize(
    ("p50", "how"),
    [
        (97, "ours is better than every peer"),
        (98, "ours is level with the best peer"),
        (102, "ours is level with the best peer"),
        (103, "the best peer is better than ours"),
    ],
)
def test_a_ratio_within_two_percent_is_neither_ahead_nor_behind(p50, how):
    ours = measured("appvengers", p50=p50, rate=40, memory=1000, start=4, cpu=8, p99=30)
    peer = measured("x", p50=100, rate=80, memory=500, start=8, cpu=16, p99=60)
    said = [one for one in comparisons(medians([ours, peer]), LABELS) if "median latency" in one]

    assert [one.partition(", ")[2].partition(":")[0] for one in said] == [how]


def test_the_floor_is_no_peer_but_has_its_row():
    assert "| 1 | The floor | 20 | 15 | 0.044 | 8.0 | 20 | 4.0 |" in page()
    assert "that of The floor" not in page()


def test_ratios_stand_before_figures():
    assert page().index("### Ratios") < page().index("### Figures")
    assert "| 1 | Peer X | 2.0 | 0.50 | 0.50 | 0.50 | 2.0 | 0.50 |" in page()


def test_every_answer_is_counted():
    assert "All\n400 answers were as expected" in page()


def test_a_busy_machine_is_admitted():
    busy = results(measured=[measured("appvengers", others=0.11), measured("x", others=0.1)])

    assert "up to 11% of the processors" in "\n".join(lines(busy, LABELS))
    assert "**The machine was busy.**" in "\n".join(lines(busy, LABELS))
    assert "up to 10% of the processors" in page()
    assert "**The machine was busy.**" not in page()


def test_what_is_missing_has_its_reason():
    assert "Not measured" not in page()
    assert "- Peer Y: pip cannot\n" in page(missing={"y": "pip\ncannot"}) + "\n"


def test_a_reason_is_one_line_of_300_characters_at_most():
    assert one_line("a | b\nc") == "a \\| b c"
    assert one_line("x" * 300) == "x" * 300
    assert one_line("x" * 301) == "x" * 300 + "…"


def test_the_page_has_its_marks():
    text = PAGE.read_text(encoding="utf-8")

    marks = (BEGIN, OF_MEMORY, OF_SOAK)
    parts = text.split(END)
    assert len(parts) == len(marks) + 1
    assert all(mark in part for mark, part in zip(marks, parts, strict=False))
    assert [text.count(mark) for mark in marks] == [1, 1, 1]
