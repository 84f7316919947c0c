"""Backtest of monthly retraining, in a bank that lived through the default wave.

Each month starts from the knowledge of its first day: the loans until then, the defaults until
then, and an outcome only once it had matured. The backtest trains the three models, asks the gate,
promotes or refuses, and scores the month's loans with the models in force, and with those of the
first month. It writes docs/retraining.md in a quarter of an hour on two cores.
"""

import os
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path

import click
import pandas as pd
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from chalicelib import profile
from chalicelib.profile import PROFILE_FILE
from datasets import sba
from training import training_profile
from training.snapshots.parquet_reading import read_parquet
from workbench.history import history_report, honest
from workbench.history.known import Register
from workbench.history.months import Bank, InForce, Month, Trained, refused, shown, train_models

DOCS = Path(__file__).parents[2] / "docs"
FIRST_LOAN, LAST_LOAN = pd.Timestamp("1994-01-01"), pd.Timestamp("2008-12-31")


@click.command(help=__doc__)
@click.option("--from", "first", default="2004-01", show_default=True, help="The first month.")
@click.option("--to", "last", default="2008-12", show_default=True, help="The last month.")
@click.option(
    "--share",
    default=0.5,
    show_default=True,
    type=click.FloatRange(0.05, 1),
    help="Of the matured loans, those to learn from and be judged on; all count as peers.",
)
@click.option("--out", default=DOCS, type=click.Path(path_type=Path), help="Where the page goes.")
@click.option("--workers", default=os.cpu_count(), show_default="a core each", type=int)
def main(first: str, last: str, share: float, out: Path, workers: int) -> None:
    console, started = Console(stderr=True), time.monotonic()
    days = _days(first, last)
    loans = read_parquet(sba.register(console, FIRST_LOAN, LAST_LOAN))
    bank = _bank(loans, share)
    with tempfile.TemporaryDirectory(prefix="history-") as folder:
        months = [*_lived(days, bank, Path(folder), workers, console)]
    print(history_report.write(months, bank, share, out))
    minutes = (time.monotonic() - started) / 60
    console.print(f"Written to {out / 'retraining.md'} in {minutes:.0f} minutes.")


def _days(first: str, last: str) -> Sequence[pd.Timestamp]:
    try:
        days = [*pd.date_range(first, last, freq="MS")]
    except ValueError as fault:
        raise click.BadParameter(f"{first} to {last}: write months as 2004-01.") from fault
    if not days or days[0].year < FIRST_LOAN.year + 10 or days[-1] > LAST_LOAN:
        raise click.BadParameter("The register allows months from 2004-01 to 2008-12, in order.")
    return days


def _bank(loans: pd.DataFrame, share: float) -> Bank:
    own = training_profile.read(PROFILE_FILE)
    months = own.training
    back = months.outcome_months + months.window_months + months.peer_months
    register = Register(loans, share, months.outcome_months, back)
    return Bank(profile.load(PROFILE_FILE), PROFILE_FILE, own, register)


def _lived(
    days: Sequence[pd.Timestamp], bank: Bank, work: Path, workers: int, console: Console
) -> Iterator[Month]:
    """Yield the months in order. Trainings need no verdicts, so a few of them run ahead."""
    with ProcessPoolExecutor(workers) as pool, _progress(console) as progress:
        task = progress.add_task(f"{days[0]:%Y-%m}", total=len(days))
        trainings = _ahead(pool, days, bank, work, workers)
        trained = next(trainings)
        frozen = in_force = InForce.since(trained.day, trained.folders, bank)
        verdicts: dict[str, tuple[str, ...]] = dict.fromkeys(trained.folders, ())
        while True:
            month = _month(trained.day, verdicts, in_force, frozen, bank)
            progress.console.print(history_report.line(month))
            progress.update(task, advance=1, description=f"{trained.day:%Y-%m}")
            yield month
            following = next(trainings, None)
            if following is None:
                return
            trained = following
            verdicts = _verdicts(pool, trained, in_force, bank)
            in_force = _promoted(trained, verdicts, in_force, bank)


def _ahead(
    pool: ProcessPoolExecutor, days: Sequence[pd.Timestamp], bank: Bank, work: Path, many: int
) -> Iterator[Trained]:
    waiting: deque[Future[Trained]] = deque()
    for day in days:
        waiting.append(pool.submit(train_models, day, bank, work))
        if len(waiting) > many:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _verdicts(
    pool: ProcessPoolExecutor, trained: Trained, in_force: InForce, bank: Bank
) -> dict[str, tuple[str, ...]]:
    asked = {
        name: pool.submit(refused, name, folder, in_force.folders[name], bank)
        for name, folder in trained.folders.items()
    }
    turned = {
        name: honest.refused_by_peer(name, trained.day, folder, in_force, bank)
        for name, folder in trained.folders.items()
    }
    return {name: (*future.result(), *turned[name]) for name, future in asked.items()}


def _promoted(
    trained: Trained, verdicts: Mapping[str, tuple[str, ...]], in_force: InForce, bank: Bank
) -> InForce:
    passed = {name: trained.folders[name] for name, reasons in verdicts.items() if not reasons}
    if not passed:
        return in_force
    return InForce.since(trained.day, {**in_force.folders, **passed}, bank)


def _month(
    day: pd.Timestamp,
    verdicts: Mapping[str, tuple[str, ...]],
    in_force: InForce,
    frozen: InForce,
    bank: Bank,
) -> Month:
    loans = bank.register.approved(day)
    bad_rate = float(loans["defaulted"].mean())
    retrained, unchanged = (shown(models, loans, bank) for models in (in_force, frozen))
    held = sum(len(one.rows) for one in honest.held(day, bank))
    return Month(day, len(loans), bad_rate, verdicts, retrained, unchanged, held)


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, TimeRemainingColumn(), console=console)


if __name__ == "__main__":
    main()
