"""The measured part of docs/performance.md: ratios first, then figures, then what is missing."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

import msgspec

from bench.report.latency_plot import plot
from bench.report.measured import Measured, Medians, medians, ratios
from infrastructure.project import ROOT

PAGE = ROOT / "docs" / "performance.md"
PLOT = "performance/peers.svg"  # beside the page
BEGIN = "<!-- Written by make bench-peers, until the next such line: do not edit. -->\n"
END = "<!-- Written until here. -->\n"
OURS, FLOOR = "appvengers", "floor"
BUSY = 0.1  # a share of the processors that moves milliseconds, and ratios with them
LEVEL = 0.02  # a ratio so near to 1 says nothing: runs differ by more
LONGEST_REASON = 300
# A figure by which ours is compared, how it reads, and whether more of it is better.
COMPARED = (
    ("p50", "median latency", False),
    ("p99", "99th percentile", False),
    ("rate", "requests a second", True),
    ("cpu", "processor time a request", False),
    ("memory", "memory", False),
    ("start", "time to start", False),
)

AHEAD = "ours is better than every peer"
LEVELS = "ours is level with the best peer"
BEHIND = "the best peer is better than ours"

Labels = Mapping[str, str]


class Results(msgspec.Struct):
    """Results of a run, as build/bench-peers/results.json has them."""

    began: str
    machine: dict[str, str]
    rounds: int
    seconds: float
    missing: dict[str, str]
    measured: list[Measured]


def write(results: Results, labels: Labels, folder: Path) -> Path:
    """Write the page and its plot into a folder: the words of docs/performance.md around both."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    block = "\n".join(lines(results, labels)) + "\n"
    plot(medians(results.measured), labels, folder / PLOT)
    page = folder / PAGE.name
    page.write_text(before + BEGIN + "\n" + block + "\n" + END + after, encoding="utf-8")
    return page


def lines(results: Results, labels: Labels) -> Iterator[str]:
    found = sorted(medians(results.measured), key=lambda one: one.clients)
    yield from _heading(results, found)
    yield "### Ratios\n"
    yield "Ours divided by theirs. Below 1 ours is better; of requests a second, above 1.\n"
    yield "| clients | beside | p50 | p99 | requests/s | processor | memory | start |"
    yield "|---:|---|---:|---:|---:|---:|---:|---:|"
    yield from (_ratio_row(ours, one, labels) for ours, one in pairs(found))
    yield ""
    yield from comparisons(found, labels)
    yield f"\n![Latency, processor time and memory of each]({PLOT})\n"
    yield "### Figures\n"
    yield (
        "| clients | server | p50 ms | p95 ms | p99 ms | requests/s | processor ms a request "
        "| generator ms a request | memory MB | its growth KB a decision | start s | answers |"
    )
    yield "|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
    yield from (_figure_row(one, labels) for one in found)
    if results.missing:
        yield "\n### Not measured\n"
        yield from (f"- {labels[name]}: {one_line(why)}" for name, why in results.missing.items())


def _heading(results: Results, found: Sequence[Medians]) -> Iterator[str]:
    others = max(one.figures.others for one in found)
    answers = sum(one.answers for one in found)
    rounds = f"{results.rounds} round{'s' if results.rounds > 1 else ''}"
    yield f"Measured on {results.began}: medians of {rounds} of {results.seconds:g} s. All"
    yield f"{answers:,} answers were as expected, and as many stored decisions were counted. Other"
    yield f"processes had up to {others:.0%} of the processors (a measurement's median).\n"
    if others > BUSY:
        yield "**The machine was busy.** A server of several processes, as ours is, then gets more"
        yield "of it than a server of one. Compare processor times and memory, and measure again.\n"
    yield "| machine | |"
    yield "|---|---|"
    yield from (f"| {name} | {value} |" for name, value in results.machine.items())
    yield ""


def pairs(found: Sequence[Medians]) -> Iterator[tuple[Medians, Medians]]:
    """Yield ours and each other server by the same number of clients."""
    ours = {one.clients: one for one in found if one.name == OURS}
    for one in found:
        if one.name != OURS and one.clients in ours:
            yield ours[one.clients], one


def comparisons(found: Sequence[Medians], labels: Labels) -> Iterator[str]:
    """Yield, by number of clients, where a peer is better than ours, and where none is."""
    for clients, group in groupby(pairs(found), key=lambda pair: pair[0].clients):
        peers = [(ours, one) for ours, one in group if one.name != FLOOR]
        said: dict[str, list[str]] = {BEHIND: [], LEVELS: [], AHEAD: []}
        for name, title, is_more in COMPARED if peers else ():
            best = (max if is_more else min)(
                peers, key=lambda pair: float(getattr(pair[1].figures, name))
            )
            ratio = getattr(ratios(best[0].figures, best[1].figures), name)
            words = f"{title} ({two_digits(ratio)} times that of {labels[best[1].name]})"
            said[_standing(ratio, is_more=is_more)].append(words)
        who = f"{clients} client{'s' if clients > 1 else ''}"
        yield from (f"- {who}, {how}: {', '.join(ones)}." for how, ones in said.items() if ones)


def _standing(ratio: float, *, is_more: bool) -> str:
    if 1 - LEVEL <= ratio <= 1 + LEVEL:
        return LEVELS
    return AHEAD if (ratio > 1) == is_more else BEHIND


def _ratio_row(ours: Medians, one: Medians, labels: Labels) -> str:
    found = ratios(ours.figures, one.figures)
    cells = (two_digits(getattr(found, name)) for name, _, _ in COMPARED)
    return f"| {one.clients} | {labels[one.name]} | {' | '.join(cells)} |"


def _figure_row(one: Medians, labels: Labels) -> str:
    it = one.figures
    cells = (
        f"{it.p50:,.1f}", f"{it.p95:,.1f}", f"{it.p99:,.1f}", f"{it.rate:,.1f}", f"{it.cpu:.2f}",
        f"{it.generator:.2f}", f"{it.memory:,.0f}", f"{it.growth:.1f}", f"{it.start:.1f}",
        f"{one.answers:,}",
    )  # fmt: skip
    return f"| {one.clients} | {labels[one.name]} | {' | '.join(cells)} |"


def two_digits(ratio: float) -> str:
    """Return a ratio with two significant digits, and no exponent.

    >>> two_digits(0.5612), two_digits(1.84), two_digits(18.4), two_digits(184.2)
    ('0.56', '1.8', '18', '184')
    """
    decimals = max(1 - math.floor(math.log10(ratio)), 0)
    return f"{ratio:.{decimals}f}"


def one_line(reason: str) -> str:
    """Return a reason as a line of the page, at most 300 characters of it."""
    plain = " ".join(reason.split()).replace("|", "\\|")
    return plain if len(plain) <= LONGEST_REASON else f"{plain[:LONGEST_REASON]}…"
