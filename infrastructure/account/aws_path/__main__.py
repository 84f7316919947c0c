"""Simulate POST /predict on AWS, and write docs/aws-simulation.md: make simulate-aws.

python -m infrastructure.account.aws_path
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from infrastructure.account.aws_path import bending
from infrastructure.account.aws_path.assumed_times import quantile, table, values
from infrastructure.account.aws_path.bill import a_month, per_thousand
from infrastructure.account.aws_path.decision_path import DecisionPath, Design, Outcome
from infrastructure.account.cost import Tariff
from infrastructure.project import ROOT

PAGE = ROOT / "docs" / "aws-simulation.md"
BEGIN = "<!-- Written by make simulate-aws, until the next such line: do not edit. -->\n"
END = "<!-- Written until here. -->\n"
# Decisions a second, and for how long: the last has 20,000 decisions.
RATES = ((1, 600), (100, 60), (1000, 20))
COLUMNS = (
    *("design", "a second", "at the start", "p50 ms", "p99 ms", "three models", "fewer", "202"),
    *("refused (429)", "failed", "functions at once", "USD for 1,000", "USD a month"),
)
PROVISIONED, SEED = 2, 20261129  # credit.toml, [endpoint.prod]


@dataclass(frozen=True)
class Row:
    """One run: its design and rate, and how its decisions ended."""

    design: Design
    rate: int
    warm: bool
    outcome: Outcome


def designs(rate: int) -> Iterator[Design]:
    """Yield the designs that are compared, with limits that the rate needs."""
    yield Design("serverless")
    yield Design("serverless, 2 provisioned", provisioned=PROVISIONED)
    yield Design("instances", serverless=False, instances=instances(rate))


def instances(rate: int) -> int:
    """Return how many instances the trees need, and so each model; two at least."""
    work = values("work")
    busy: float = rate * work.trees_ms / 1000 / work.instance_workers
    return max(2, math.ceil(busy / float(work.instance_load)))


def deployed(design: Design) -> Design:
    """Return a design under the limits that a new stage of prod has."""
    limits = values("limits")
    return replace(
        design,
        name=f"{design.name}, as deployed",
        route_rate=limits.route_rate,
        route_burst=limits.route_burst,
        functions_at_once=limits.functions_at_once,
        endpoint_at_once=limits.endpoint_at_once,
        table_units=limits.new_table_units,
    )


def rows() -> Iterator[Row]:
    """Yield each run: rates, designs, warm and cold; then the busy rates as prod is deployed."""
    prod = deployed(Design("serverless, 2 provisioned", provisioned=PROVISIONED))
    runs = [(one, rate, seconds) for rate, seconds in RATES for one in designs(rate)]
    runs += [(prod, rate, seconds) for rate, seconds in RATES[1:]]
    for design, rate, seconds in runs:
        for warm in (True, False):
            path = DecisionPath(design, warm=warm, seed=SEED)
            yield Row(design, rate, warm, path.run(rate, seconds))


def lines(found: list[Row], at: Tariff) -> Iterator[str]:
    """Yield the lines of the page's written part."""
    yield "### Latency and cost\n"
    yield f"| {' | '.join(COLUMNS)} |"
    yield "|---|---:|---|" + "---:|" * (len(COLUMNS) - 3)
    for row in found:
        yield _line(row, at)
    yield "\n### Where each limit bends\n"
    yield from bending.lines(next(row.outcome for row in found if row.rate == RATES[-1][0]))
    yield from assumptions()


def assumptions() -> Iterator[str]:
    """Yield each assumption with its source."""
    yield "\n### Assumptions\n"
    yield "| time, ms | p50 | p99 | source |\n|---|---:|---:|---|"
    for name, given in table()["times"].items():
        yield f"| `{name}` | {given['p50']:,} | {given['p99']:,} | {given['source']} |"
    yield "\n| figure | value | source |\n|---|---:|---|"
    for section in ("work", "limits"):
        for name, given in table()[section].items():
            value = given["value"]
            shown = f"{value:,}" if isinstance(value, (int, float)) else ", ".join(map(str, value))
            yield f"| `{name}` | {shown} | {given['source']} |"


def _line(row: Row, at: Tariff) -> str:
    ends, times, count = row.outcome.ends, row.outcome.times, row.outcome.ends.total()
    quick = [f"{quantile(times, share) * 1000:,.0f}" if times else "-" for share in (0.5, 0.99)]
    shares = [
        _share(ends[name], count)
        for name in ("three models", "fewer models", "202", "429", "failed")
    ]
    usd = f"{per_thousand(row.outcome, at):.3f}" if times else "-"
    month = f"{a_month(row.design, row.rate, row.outcome, at):,.0f}" if row.warm and times else ""
    start = "warm" if row.warm else "cold"
    cells = [
        row.design.name,
        f"{row.rate:,}",
        start,
        *quick,
        *shares,
        f"{row.outcome.functions_at_once:,}",
        usd,
        month,
    ]
    return f"| {' | '.join(cells)} |"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if part else ""


def page(before: str, written: str) -> str:
    """Return the page with its written part anew."""
    head, _, rest = before.partition(BEGIN)
    return f"{head}{BEGIN}\n{written}\n\n{END}{rest.partition(END)[2]}"


def main() -> None:
    written = "\n".join(lines(list(rows()), Tariff()))
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), written), encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)} is written.")


if __name__ == "__main__":
    main()
