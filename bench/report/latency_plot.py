"""Plot of a run: latency by number of clients, processor time and memory, as SVG."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from bench.report.measured import Medians

OURS_COLOUR, PEER_COLOUR = "tab:red", "tab:blue"
OURS = "appvengers"


def plot(found: Sequence[Medians], labels: Mapping[str, str], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    clients = sorted({one.clients for one in found})
    figure = Figure(figsize=(4 * (len(clients) + 2), 4), layout="constrained")
    axes = figure.subplots(1, len(clients) + 2, squeeze=False)[0]
    for panel, count in zip(axes, clients, strict=False):
        _latencies(panel, [one for one in found if one.clients == count], labels)
    fewest = [one for one in found if one.clients == clients[0]]
    _bars(axes[-2], fewest, labels, "cpu", "processor ms a request")
    _bars(axes[-1], fewest, labels, "memory", "memory, MB")
    # Without a date and random ids the same results give the same bytes.
    with mpl.rc_context({"svg.hashsalt": "appvengers", "svg.fonttype": "none"}):
        figure.savefig(path, metadata={"Date": None})


def _latencies(panel: Any, found: Sequence[Medians], labels: Mapping[str, str]) -> None:
    """Draw a line from the median to the 99th percentile of each server."""
    for place, one in enumerate(found):
        it, colour = one.figures, _colour(one)
        panel.plot([it.p50, it.p99], [place, place], color=colour, lw=2)
        panel.plot([it.p50], [place], color=colour, marker="o")
    panel.set_xscale("log")
    title = f"{found[0].clients} client{'s' if found[0].clients > 1 else ''}"
    panel.set(title=f"{title}: p50 to p99, ms")
    _names(panel, found, labels)


def _bars(
    panel: Any, found: Sequence[Medians], labels: Mapping[str, str], name: str, title: str
) -> None:
    values = [getattr(one.figures, name) for one in found]
    panel.barh(range(len(found)), values, color=[_colour(one) for one in found])
    panel.set(title=f"{title}, {found[0].clients} client{'s' if found[0].clients > 1 else ''}")
    _names(panel, found, labels)


def _names(panel: Any, found: Sequence[Medians], labels: Mapping[str, str]) -> None:
    panel.set_yticks(range(len(found)), [labels[one.name] for one in found], fontsize=7)
    panel.invert_yaxis()


def _colour(one: Medians) -> str:
    return OURS_COLOUR if one.name == OURS else PEER_COLOUR
