"""Plots as SVG, by hand: no library, clock or random id; the same bytes for the same data."""

from collections.abc import Sequence
from html import escape

WIDTH, HEIGHT, MARGIN = 340, 260, 44
COLOURS = ("#1f5fa8", "#d1642a", "#888888")

Points = Sequence[Sequence[float]]


def lines(title: str, axes: tuple[str, str], series: dict[str, Points], top: float = 1.0) -> str:
    """Draw each series as a line, from 0 to `top` on both axes, with a dotted diagonal."""
    drawn = [_path([(0.0, 0.0), (top, top)], top, COLOURS[2], dashes="3 3")]
    for colour, points in zip(COLOURS, series.values(), strict=False):
        drawn.append(_path(points, top, colour))
    return _frame(
        title, axes, list(series), "".join(drawn), ("0", f"{top:.2g}"), ("0", f"{top:.2g}")
    )


def bars(
    title: str, axes: tuple[str, str], edges: Sequence[float], series: dict[str, Sequence[float]]
) -> str:
    """Draw each series of shares between the edges as a line of steps."""
    top = max((max(shares) for shares in series.values()), default=1.0) or 1.0
    first, span = edges[0], (edges[-1] - edges[0]) or 1.0
    drawn = ""
    for colour, shares in zip(COLOURS, series.values(), strict=False):
        steps = [
            ((edge - first) / span, share / top)
            for left, right, share in zip(edges, edges[1:], shares, strict=False)
            for edge in (left, right)
        ]
        drawn += _path(steps, 1.0, colour)
    ends = f"{edges[0]:.0f}", f"{edges[-1]:.0f}"
    return _frame(title, axes, list(series), drawn, ends, ("0", f"{top:.2g}"))


def _path(points: Points, top: float, colour: str, dashes: str = "none") -> str:
    inner = WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN
    placed = " ".join(
        f"{MARGIN + x / top * inner[0]:.1f},{HEIGHT - MARGIN - y / top * inner[1]:.1f}"
        for x, y in points
    )
    return (
        f'<polyline points="{placed}" fill="none" stroke="{colour}" stroke-width="2" '
        f'stroke-dasharray="{dashes}"/>'
    )


def _frame(
    title: str,
    axes: tuple[str, str],
    names: list[str],
    drawn: str,
    across: tuple[str, str],
    up: tuple[str, str],
) -> str:
    right, low = WIDTH - MARGIN, HEIGHT - MARGIN
    legend = "".join(
        f'<text x="{MARGIN + 6}" y="{MARGIN + 14 + 14 * n}" fill="{COLOURS[n]}">'
        f"{escape(name)}</text>"
        for n, name in enumerate(names)
        if len(names) > 1
    )
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">'
        f'<text x="{WIDTH / 2}" y="20" class="t">{escape(title)}</text>'
        f'<path d="M{MARGIN},{MARGIN} V{low} H{right}" fill="none" stroke="#444"/>{drawn}{legend}'
        f'<text x="{MARGIN}" y="{low + 16}">{across[0]}</text>'
        f'<text x="{right}" y="{low + 16}" class="e">{across[1]}</text>'
        f'<text x="{WIDTH / 2}" y="{low + 32}" class="m">{escape(axes[0])}</text>'
        f'<text x="{MARGIN - 6}" y="{low}" class="e">{up[0]}</text>'
        f'<text x="{MARGIN - 6}" y="{MARGIN + 8}" class="e">{up[1]}</text>'
        f'<text transform="translate(12,{HEIGHT / 2}) rotate(-90)" class="m">'
        f"{escape(axes[1])}</text></svg>"
    )
