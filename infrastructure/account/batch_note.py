"""The note on batches: what ten million applications take on AWS, and cost, by two designs.

make batch-note
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace

from infrastructure.account.cost import PRICES, Tariff
from infrastructure.project import ROOT

PAGE = ROOT / "docs" / "batches.md"
BEGIN = "<!-- Written by make batch-note, until the next such line: do not edit. -->\n"
END = "<!-- Written until here. -->\n"
STEP_SECONDS, PEAK_SECONDS = 60, 1800


@dataclass(frozen=True)
class Estimate:
    """A design's time until the first and the last decision, in seconds, and its costs in USD."""

    name: str
    first: float
    last: float
    usd: dict[str, float]


def assumptions() -> dict[str, dict[str, float | str]]:
    """Return the value and the source of each assumption about a batch."""
    found: dict[str, dict[str, float | str]] = tomllib.loads(PRICES.read_text("utf-8"))["batch"]
    return found


def estimates(at: Tariff, one: SimpleNamespace) -> list[Estimate]:
    """Return the estimates of both designs, which store the same decisions in the same way."""
    return [_by_map(at, one), _by_transform(at, one)]


def storing_seconds(one: SimpleNamespace, offered: float) -> float:
    """Return how long it takes to store all rows, by simulation: `offered` rows come a second, and
    DynamoDB takes what its capacity allows. It doubles the last peak after 30 minutes.
    """
    capacity = peak = one.first_units_a_second
    left, passed = one.rows, 0.0
    while left > 0:
        room = (capacity - one.units_for_the_day) / one.write_units
        rate = min(offered, room)
        left -= rate * STEP_SECONDS
        passed += STEP_SECONDS
        peak = max(peak, rate * one.write_units + one.units_for_the_day)
        if passed % PEAK_SECONDS == 0:
            capacity = min(max(capacity, 2 * peak), one.most_units_a_second)
    return passed


def chunk_seconds(one: SimpleNamespace, scoring: float) -> float:
    """Return the time of a chunk in decideChunk, whose models take `scoring` milliseconds a row."""
    computing = one.function_row_ms / one.function_vcpu
    return float(one.chunk_seconds + one.chunk_rows * (scoring + computing) / 1000)


def _by_map(at: Tariff, one: SimpleNamespace) -> Estimate:
    seconds = chunk_seconds(one, one.trees_row_ms)  # the models are asked at once
    last = storing_seconds(one, one.chunks_at_once * one.chunk_rows / seconds)
    models = one.rows * (one.trees_row_ms + 2 * one.card_row_ms) / 1000
    scoring = models * at.one.endpoint_gb * at.usd.serverless_gb_second
    name = "Distributed Map over the endpoints"
    return Estimate(name, seconds, last, {"Scoring": scoring, **_shared(at, one, seconds)})


def _by_transform(at: Tariff, one: SimpleNamespace) -> Estimate:
    seconds = chunk_seconds(one, 0)
    trees = one.rows * one.trees_row_ms / 1000 / one.transform_vcpu
    cards = 2 * one.rows * one.card_row_ms / 1000 / one.transform_vcpu
    instances = one.transform_instances + 2
    hours = (trees + cards + instances * one.transform_start_seconds) / 3600
    scored = one.transform_start_seconds + trees / one.transform_instances
    last = scored + storing_seconds(one, one.chunks_at_once * one.chunk_rows / seconds)
    usd = {"Scoring": hours * one.transform_m5_large_hour_usd, **_shared(at, one, seconds)}
    return Estimate("Batch Transform, then the map without models", scored + seconds, last, usd)


def _shared(at: Tariff, one: SimpleNamespace, seconds: float) -> dict[str, float]:
    """Return the costs that both designs have; a chunk's function takes so many seconds."""
    chunks = one.rows / one.chunk_rows
    paid = seconds * one.function_gb * at.usd.lambda_gb_second + at.usd.lambda_request
    written = one.rows * one.write_units * at.one.item_copies * at.usd.table_write
    return {
        "Lambda": chunks * paid,
        "Step Functions": chunks * one.child_transitions * at.usd.standard_transition,
        "S3 requests": chunks * one.s3_writes * one.s3_write_usd,
        "DynamoDB writes": written,
    }


def note() -> Iterator[str]:
    """Yield the lines of the note."""
    known = assumptions()
    values = SimpleNamespace(**{name: row["value"] for name, row in known.items()})
    map_run, transform = estimates(Tariff(), values)
    yield f"| {values.rows:,} applications | {map_run.name} | {transform.name} |"
    yield "|---|---|---|"
    yield f"| the first decisions after | {_time(map_run.first)} | {_time(transform.first)} |"
    yield f"| all decisions after | {_time(map_run.last)} | {_time(transform.last)} |"
    for service, usd in map_run.usd.items():
        yield f"| {service} | {usd:,.2f} USD | {transform.usd[service]:,.2f} USD |"
    sums = (sum(one.usd.values()) for one in (map_run, transform))
    yield "| in all | " + " | ".join(f"{usd:,.2f} USD" for usd in sums) + " |"
    yield "| lost by a fault | a chunk of 200 rows | a model's job, with all its rows |"
    yield ""
    yield "| assumption | figure | source |"
    yield "|---|---|---|"
    for name, row in known.items():
        figure = row["value"]
        shown = f"{figure:,}" if isinstance(figure, int) else figure
        yield f"| `{name}` | {shown} | {row['source']} |"


def _time(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def page(written: str) -> str:
    """Return the page with the note as of now."""
    before, _, rest = written.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + "\n" + "\n".join(note()) + "\n\n" + END + after


def main() -> None:
    PAGE.write_text(page(PAGE.read_text("utf-8")), encoding="utf-8")
    print(PAGE.relative_to(ROOT))


if __name__ == "__main__":
    main()
