"""Parts of docs/performance.md on a bank that has stored much, or that has served for long."""

from collections.abc import Iterator, Sequence

from bench.long_run.soak import FILES, MEMORY, P99, THREADS, Soaked
from bench.long_run.stored_decisions import Stored
from bench.report.machine import described
from bench.report.performance_page import END, PAGE

OF_MEMORY = "<!-- Written by make bench-memory, until the next such line: do not edit. -->\n"
OF_SOAK = "<!-- Written by make soak, until the next such line: do not edit. -->\n"


def write(begin: str, lines: Iterator[str]) -> None:
    """Put lines between a mark of the page and the next end."""
    before, mark, rest = PAGE.read_text(encoding="utf-8").partition(begin)
    after = rest.partition(END)[2]
    block = "\n".join(lines) + "\n"
    PAGE.write_text(before + mark + "\n" + block + "\n" + END + after, encoding="utf-8")


def memory_lines(found: Sequence[Stored], when: str) -> Iterator[str]:
    yield _measured(when)
    yield "Behind each time, in brackets, is the processor time in it, of the whole process tree.\n"
    yield (
        "| stored decisions | file MB | start s | history ms | days ms | predict ms | memory MB "
        "| its growth KB a decision | drift s | memory MB after it |"
    )
    yield "|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
    yield from map(_row, found)
    yield f"\n{_bytes_a_decision(found)}"


def soak_lines(found: Soaked, when: str) -> Iterator[str]:
    yield _measured(when)
    answers = ", ".join(f"{count:,} {what}s" for what, count in sorted(found.answers.items()))
    yield f"In {found.minutes:g} minutes: {answers}; {len(found.errors)} errors.\n"
    yield "| of the bank's process | first third | last third | allowed |"
    yield "|---|---:|---:|---:|"
    for title, name, limit in (
        ("memory MB", "memory", MEMORY), ("threads", "threads", THREADS),
        ("open files", "files", FILES), ("p99 of POST /predict, ms", "p99", P99),
    ):  # fmt: skip
        first, last = found.thirds(name)
        yield f"| {title} | {first:,.0f} | {last:,.0f} | {limit:g} times the first |"
    faults = found.faults()
    yield f"\n{'Not flat: ' + '; '.join(faults) if faults else 'All is flat'}."


def _measured(when: str) -> str:
    machine = described()
    return (
        f"Measured on {when}, commit {machine['commit']}, {machine['processor']}, load average "
        f"{machine['load average at the start']}.\n"
    )


def _row(one: Stored) -> str:
    cells = (
        f"{one.decisions:,}", f"{one.file:,.0f}", f"{one.start}", one.history.milliseconds,
        one.days.milliseconds, one.predict.milliseconds, f"{one.memory:,.0f}",
        f"{one.growth:.1f}", f"{one.drift}", f"{one.after_drift:,.0f}",
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _bytes_a_decision(found: Sequence[Stored]) -> str:
    least, most = found[0], found[-1]
    more = most.decisions - least.decisions
    if not more:
        return ""
    share = (most.memory - least.memory) * 2**20 / more
    return (
        f"From {least.decisions:,} to {most.decisions:,} stored decisions memory changes by "
        f"{most.memory - least.memory:+z.0f} MB: {share:+z.0f} bytes a decision."
    )
