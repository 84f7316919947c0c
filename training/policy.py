"""Cut-offs from a stated target, on real loans of the holdout, which no model has learnt from.

\b
    python -m training.policy --target 0.04      at most 4 % bad among the approved
    python -m training.policy --costs 1 9        what a good loan earns, what a bad one costs

Without a target it shows the trade-off of today's. It trains the models first; --models keeps them,
and takes those that are there.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from chalicelib import profile
from chalicelib.profile import PROFILE_FILE, Profile
from training import product
from training.cut_offs import (
    CutOffs,
    Loans,
    NoCutOff,
    cut_for_bad_rate,
    cut_for_costs,
    cut_for_reviews,
    limit_for,
    limited,
)
from training.datasets import Dataset, own, sba
from training.holdout import scored, train_missing

CUTS = 25  # rows of the trade-off


@click.command(help=__doc__)
@click.option("--target", type=click.FloatRange(0, 1), help="Bad rate among the approved.")
@click.option("--costs", nargs=2, type=float, help="A good loan's gain, a bad one's loss.")
@click.option("--review", default=0.1, show_default=True, help="Share that people can look at.")
@click.option("--disagreeing", default=0.0, show_default=True, help="Share beyond the limit.")
@click.option("--models", type=click.Path(path_type=Path), help="Keep the artifacts; use those.")
@click.option("--profile", "file", default=PROFILE_FILE, type=click.Path(path_type=Path))
@click.option("--data", envvar="DATA", type=click.Path(path_type=Path), help="A bank's own loans.")
def main(
    target: float | None,
    costs: tuple[float, float] | None,
    review: float,
    disagreeing: float,
    models: Path | None,
    file: Path,
    data: Path | None,
) -> None:
    if target is not None and costs:
        raise click.UsageError("State --target or --costs.")
    deployed, console = profile.load(file), Console()
    dataset = own.dataset(data, file) if data else sba.dataset(Console(stderr=True))
    loans = _holdout(models, dataset, file, deployed)
    limit = limit_for(loans, disagreeing)
    try:
        approve_from = _approve_from(loans, target, costs, limit, deployed)
    except NoCutOff as fault:
        raise click.ClickException(str(fault)) from fault
    decline_below = cut_for_reviews(loans, review, approve_from, limit)
    console.print(trade_off(loans, limit, review))
    console.print(what_disagreement_buys(loans, approve_from))
    _print_cut_offs(console, loans, CutOffs(approve_from, decline_below, limit))


def _approve_from(
    loans: Loans,
    target: float | None,
    costs: tuple[float, float] | None,
    limit: float,
    deployed: Profile,
) -> float:
    if target is not None:
        return cut_for_bad_rate(loans, target, limit)
    return cut_for_costs(loans, *costs, limit) if costs else deployed.decision.approve_from


def _holdout(models: Path | None, dataset: Dataset, file: Path, deployed: Profile) -> Loans:
    schema = {name: deployed.schema(name) for name in deployed.models}
    with _folder(models) as folder, tempfile.TemporaryDirectory() as channel:
        dataset.snapshot().to_parquet(Path(channel) / "applications.parquet")
        train_missing(folder, Path(channel), dataset.name, schema, file)
        return scored(folder, Path(channel), product.read(file), deployed.policy)


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    if given:
        given.mkdir(parents=True, exist_ok=True)
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="policy-") as folder:
        yield Path(folder)


def trade_off(loans: Loans, limit: float, review: float) -> Table:
    table = Table(title=f"{len(loans.bad):,} loans of the holdout, {loans.bad.mean():.2%} bad")
    for title in (
        "Approve from", "Decline below", "Approved", "Bad: expected", "observed", "Reviewed",
        "Declined",
    ):  # fmt: skip
        table.add_column(title, justify="right")
    for cut in np.unique(np.quantile(loans.points, np.linspace(0.02, 0.98, CUTS)).round()):
        cuts = CutOffs(cut, cut_for_reviews(loans, review, cut, limit), limit)
        approved, reviewed = cuts.approved(loans), cuts.reviewed(loans)
        table.add_row(
            f"{cuts.approve_from:.0f}",
            f"{cuts.decline_below:.0f}",
            *_shares(approved.mean(), loans.expected_rate(approved), loans.rate(approved)),
            *_shares(reviewed.mean(), (~approved & ~reviewed).mean()),
        )
    return table


def what_disagreement_buys(loans: Loans, approve_from: float) -> Table:
    """Against what a higher cut-off would do that approves as many."""
    table = Table(title=f"Disagreement, approving from {approve_from:.0f} points")
    for title in (
        "Limit", "Beyond it", "Approved", "Bad of them", "Bad of the kept back",
        "Bad if the score kept back as many",
    ):  # fmt: skip
        table.add_column(title, justify="right")
    for found in limited(loans, approve_from):
        table.add_row(
            f"{found.limit:.0f}",
            *_shares(found.beyond, found.approved, found.bad, found.kept_back, found.by_score),
        )
    return table


def _shares(*shares: float) -> Iterator[str]:
    return ("-" if np.isnan(share) else f"{share:.2%}" for share in shares)


def _print_cut_offs(console: Console, loans: Loans, cuts: CutOffs) -> None:
    approved, reviewed = cuts.approved(loans), cuts.reviewed(loans)
    console.print(
        f"Approved {approved.mean():.1%}, of which bad {loans.rate(approved):.2%} "
        f"(expected {loans.expected_rate(approved):.2%}); to review {reviewed.mean():.1%}. "
        "For credit.toml:\n\n\\[decision]"
    )
    for name in ("approve_from", "decline_below", "maximum_disagreement"):
        console.print(f"{name} = {getattr(cuts, name):.0f}")


if __name__ == "__main__":
    main()
