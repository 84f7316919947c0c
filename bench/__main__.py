"""The embedded cloud beside its peers, in one run: `make bench-peers`, which takes half an hour.

Results are in build/bench-peers/results.json. A run of all servers writes docs/performance.md, one
of some of them build/bench-peers/performance.md.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec
from rich.console import Console

from bank.kept_files import outcome_files
from bench.comparison import WORK, compared, prepared_run
from bench.long_run import long_run_page
from bench.long_run.soak import soaked
from bench.long_run.stored_decisions import measured
from bench.profiling import NotSampled, profiled
from bench.report import performance_page
from bench.rounds import Load, WrongAnswer
from bench.servers.contestants import CONTESTANTS, OURS, Contestant
from bench.servers.environments import NotInstalled
from bench.servers.server_process import NotServing
from datasets import NoRegister, sba

BY_NAME = {one.name: one for one in CONTESTANTS}
NAMES = " ".join(BY_NAME)
RESULTS = WORK / "results.json"  # of the rounds that are done

# The months of loans that the retrainings of a soak get.
LOANS = ("2005-07", "2005-09"), ("2005-10", "2005-12"), ("2006-01", "2006-03")

AN_HOUR = 60.0  # minutes of a soak

console = Console(stderr=True, highlight=False, soft_wrap=True)
reusing = click.option("--reuse", is_flag=True, help="Take the models that the last run trained.")


# Faults that the user can correct, or must know: printed without a traceback.
FAULTS = (NoRegister, NotInstalled, NotSampled, NotServing, WrongAnswer)


@contextmanager
def shown_faults() -> Iterator[None]:
    try:
        yield
    except FAULTS as fault:
        raise click.ClickException(str(fault)) from fault


@click.group(help=__doc__, context_settings={"max_content_width": 100})
def main() -> None:
    """Compare servers, or look into ours."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # its servers end with it, too


@main.command()
@click.option("--peers", default="", help=f"Of {NAMES}; all by default. Ours is always measured.")
@click.option("--clients", default="1 8 32", show_default=True, help="Numbers of clients.")
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1))
@click.option("--seconds", default=8.0, show_default=True, help="Of one measurement.")
@reusing
def compare(peers: str, clients: str, rounds: int, seconds: float, reuse: bool) -> None:
    """Measure the servers in turn, and write the results and their page."""
    load = Load(_numbers(clients), rounds, seconds)
    with shown_faults():
        run = prepared_run(_chosen(peers), console, reuse=reuse)
        for results in compared(run, load, console):
            RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode(results)))
            written = _written(results, WORK if peers else performance_page.PAGE.parent)
    print(written)


@main.command()
def page() -> None:
    """Write docs/performance.md again, from the results of the last run."""
    results = msgspec.json.decode(RESULTS.read_bytes(), type=performance_page.Results)
    print(_written(results, performance_page.PAGE.parent))


@main.command()
@click.option("--clients", default=1, show_default=True)
@click.option("--seconds", default=20.0, show_default=True)
@reusing
def profile(clients: int, seconds: float, reuse: bool) -> None:
    """Show where the time of a request to the bank goes, by samples of its stacks."""
    with shown_faults():
        run = prepared_run([BY_NAME[OURS]], console, reuse=reuse)
        profiled(run, Load([clients], 1, seconds))


@main.command()
@click.option("--decisions", default="1000 10000 100000", show_default=True)
@reusing
def memory(decisions: str, reuse: bool) -> None:
    """Measure memory, restart and pages of a bank with many stored decisions; write the page."""
    ours = BY_NAME[OURS]
    with shown_faults():
        run = prepared_run([ours], console, reuse=reuse)
        bodies = run.questions[True].bodies
        found = measured(ours, run.prepared, bodies, _numbers(decisions), WORK / "stored", console)
    long_run_page.write(long_run_page.OF_MEMORY, long_run_page.memory_lines(found, _now()))


@main.command()
@click.option("--minutes", default=AN_HOUR, show_default=True)
@reusing
def soak(minutes: float, reuse: bool) -> None:
    """Load a bank with all that is asked of one, and see whether it stays as it is.

    An hour writes docs/performance.md, less than one build/bench-peers/soak.md.
    """
    ours = BY_NAME[OURS]
    with shown_faults():
        run = prepared_run([ours], console, reuse=reuse)
        dataset = sba.dataset(console)
        loans = [outcome_files.of_loans(dataset, *months) for months in LOANS]
        bodies = run.questions[True].bodies
        found = soaked(ours, run.prepared, bodies, loans, minutes, WORK / "soaked", console)
    lines = long_run_page.soak_lines(found, _now())
    if minutes >= AN_HOUR:
        long_run_page.write(long_run_page.OF_SOAK, lines)
    else:
        (WORK / "soak.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    if faults := found.faults():
        raise click.ClickException("\n".join(faults))


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"


def _written(results: performance_page.Results, folder: Path) -> Path:
    labels = {one.name: one.label for one in CONTESTANTS}
    return performance_page.write(results, labels, folder)


def _numbers(clients: str) -> list[int]:
    try:
        return [int(one) for one in clients.split()]
    except ValueError as fault:
        raise click.UsageError(f"{clients!r}: say numbers of clients, as 1 8 32") from fault


def _chosen(peers: str) -> list[Contestant]:
    """Return ours and those that are named, or all."""
    if unknown := {*peers.split()} - BY_NAME.keys():
        raise click.UsageError(f"{', '.join(sorted(unknown))}: choose of {NAMES}")
    others = [name for name in peers.split() or BY_NAME if name != OURS]
    return [BY_NAME[OURS], *(BY_NAME[name] for name in others)]


if __name__ == "__main__":
    main()
