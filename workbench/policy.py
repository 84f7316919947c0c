"""Cut-offs from a stated target, on real loans of the holdout, which no model has learnt from.

\b
    python -m workbench.policy --target 0.04               at most 4 % bad among the approved
    python -m workbench.policy --target 0.04 --confident   and the rate's 95 % interval, too
    python -m workbench.policy --costs 1 9                 what a good loan earns, a bad one costs

Without a target it shows the trade-off of today's. It trains the models first; --models keeps them,
and takes those that are there.
"""

import math
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from chalicelib import profile
from chalicelib.profile import PROFILE_FILE, Profile
from datasets import Dataset, faults, own, sba
from training import training_profile
from workbench.policy_search.cut_offs import (
    CutOffs,
    Loans,
    NoCutOff,
    cut_for_bad_rate,
    cut_for_costs,
    cut_for_reviews,
    limit_for,
)
from workbench.policy_search.holdout import scored, train_missing
from workbench.policy_search.trade_off import (
    by_month,
    trade_off,
    what_disagreement_buys,
    what_rules_and_bands_do,
)

UNKNOWN = (
    "The interval is of chance alone: the holdout can't tell the next period's level, "
    "which may lie outside."
)


FEWEST = 100  # approved loans, for a bad rate that is more than chance


class Share(click.FloatRange):
    """click takes nan to be in every range."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        share = super().convert(value, param, ctx)
        if math.isnan(share):
            self.fail(f"{value} is not a share: state a number from 0 to 1.", param, ctx)
        return share


SHARE = Share(0, 1)


@click.command(help=__doc__)
@click.option("--target", type=SHARE, help="Bad rate among the approved.")
@click.option("--confident", is_flag=True, help="The target is met by the interval's upper end.")
@click.option("--costs", nargs=2, type=float, help="A good loan's gain, a bad one's loss.")
@click.option("--review", type=SHARE, default=0.1, show_default=True, help="That people can see.")
@click.option("--disagreeing", type=SHARE, default=0.0, show_default=True, help="Over the limit.")
@click.option("--models", type=click.Path(path_type=Path), help="Keep the artifacts; use those.")
@click.option("--profile", "file", default=PROFILE_FILE, type=click.Path(path_type=Path))
@click.option("--data", envvar="DATA", type=click.Path(path_type=Path), help="A bank's own loans.")
def main(
    target: float | None,
    confident: bool,
    costs: tuple[float, float] | None,
    review: float,
    disagreeing: float,
    models: Path | None,
    file: Path,
    data: Path | None,
) -> None:
    if target is not None and costs:
        raise click.UsageError("State --target or --costs.")
    if confident and target is None:
        raise click.UsageError("--confident is of a --target: state one.")
    console = Console()
    with faults.shown():
        deployed = profile.load(file)
        dataset = own.dataset(data, file) if data else sba.dataset(Console(stderr=True))
        loans = _holdout(models, dataset, file, deployed)
    limit = limit_for(loans, disagreeing)
    try:
        if target is not None:
            approve_from = cut_for_bad_rate(loans, target, limit, confident=confident)
        else:
            today = deployed.decision.approve_from
            approve_from = cut_for_costs(loans, *costs, limit) if costs else today
    except NoCutOff as fault:
        raise click.ClickException(str(fault)) from fault
    cuts = CutOffs(approve_from, cut_for_reviews(loans, review, approve_from, limit), limit)
    console.print(trade_off(loans, limit, review))
    if loans.months():
        console.print(by_month(loans, cuts))
    for table in what_rules_and_bands_do(loans, deployed.policy):
        console.print(table)
    console.print(what_disagreement_buys(loans, approve_from))
    console.print(beyond_the_limit(loans, deployed.decision.maximum_disagreement))
    if few := too_few(loans, cuts):
        console.print(few, style="yellow")
    _print_cut_offs(console, loans, cuts)


def _holdout(models: Path | None, dataset: Dataset, file: Path, deployed: Profile) -> Loans:
    schema = {name: deployed.schema(name) for name in deployed.models}
    with _folder(models) as folder, tempfile.TemporaryDirectory() as channel:
        dataset.snapshot().to_parquet(Path(channel) / "applications.parquet")
        train_missing(folder, Path(channel), dataset.name, schema, file)
        return scored(folder, Path(channel), training_profile.read(file), deployed.policy)


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    if given:
        given.mkdir(parents=True, exist_ok=True)
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="policy-") as folder:
        yield Path(folder)


def _print_cut_offs(console: Console, loans: Loans, cuts: CutOffs) -> None:
    approved, reviewed = cuts.approved(loans), cuts.reviewed(loans)
    low, high = loans.interval(approved)
    rates = [loans.rate(approved & month) for month in loans.months().values()]
    apart = f"Its months had {min(rates):.2%} to {max(rates):.2%}. " if rates else ""
    console.print(
        f"Approved {approved.mean():.1%}, of which bad {loans.rate(approved):.2%} "
        f"(95 %: {low:.2%} to {high:.2%}; expected {loans.expected_rate(approved):.2%}); "
        f"to review {reviewed.mean():.1%}. {apart}{UNKNOWN}\n\nFor credit.toml:\n\n\\[decision]"
    )
    for name in ("approve_from", "decline_below", "maximum_disagreement"):
        console.print(f"{name} = {getattr(cuts, name):.0f}")


def too_few(loans: Loans, cuts: CutOffs) -> str:
    """Empty if there are enough."""
    approved = int(cuts.approved(loans).sum())
    if approved >= FEWEST:
        return ""
    return (
        f"Warning: only {approved:,} loans of the holdout are approved so, and what came of so few "
        "is chance: state a higher target, or --confident."
    )


def beyond_the_limit(loans: Loans, limit: float | None) -> str:
    if limit is None:
        return "credit.toml has no limit to the models' disagreement."
    beyond = int((~loans.agreed(limit)).sum())
    return (
        f"Beyond credit.toml's limit to disagreement, {limit:g} points: {beyond:,} of "
        f"{len(loans.bad):,} loans of the holdout."
    )


if __name__ == "__main__":
    main()
