"""docs/retraining.md: what happened, month by month, with and without retraining."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from workbench.history.months import Bank, Month

FIGURE = Path("retraining") / "history.svg"
WITH, WITHOUT = "#1f5fa8", "#d1642a"
BAD = "#444444"
QUARTER = 3


def line(month: Month) -> str:
    promoted = [name for name, reasons in month.verdicts.items() if not reasons]
    return (
        f"{month.day:%Y-%m}  {month.loans:,} loans, {month.bad_rate:.1%} bad, AUC "
        f"{month.retrained.auc:.3f} with and {month.frozen.auc:.3f} without retraining; "
        f"promoted: {', '.join(promoted) or 'none'}"
    )


def write(months: Sequence[Month], bank: Bank, share: float, folder: Path) -> str:
    """Write retraining.md and its figure."""
    text = "\n".join(_page(months, bank, share)) + "\n"
    (folder / FIGURE).parent.mkdir(parents=True, exist_ok=True)
    _draw(months, folder / FIGURE)
    (folder / "retraining.md").write_text(text, encoding="utf-8")
    return text


def _page(months: Sequence[Month], bank: Bank, share: float) -> Iterator[str]:
    first, last = months[0].day, months[-1].day
    waited = bank.product.training.outcome_months
    yield "# What retraining would have done\n"
    yield (
        f"Written by `make replay-history`; not by hand. The SBA's loans from {first:%Y-%m} to "
        f"{last:%Y-%m}, {sum(m.loans for m in months):,} of them, lived\nthrough month by month. On "
        "the first day of each, the three models are trained on what was known then: a loan's "
        f"outcome\n{waited} months after its approval, a peer's as well. The gate of "
        "credit.toml promotes a model or refuses it;\nthe models in force score the month's loans, "
        f"and what came of those {waited} months later is set against them. *Without*: the models\n"
        f"of {first:%Y-%m}, never trained again. Learnt from and judged on: {share:.0%} of the "
        "matured loans; all count as peers.\n"
    )
    yield f"![AUC, bad rate, PSI and promotions by month]({FIGURE})\n"
    yield from _in_short(months)
    yield from _by_quarter(months)
    yield from _verdicts(months)
    yield NOTES


def _in_short(months: Sequence[Month]) -> Iterator[str]:
    apart = np.array([m.retrained.auc - m.frozen.auc for m in months])
    ahead = int((apart > 0).sum())
    promoted = sum(not reasons for m in months for reasons in m.verdicts.values())
    asked = sum(len(m.verdicts) for m in months)
    yield (
        f"With retraining the AUC of a month is {apart.mean():.3f} higher on average, and higher in "
        f"{ahead} of {len(months)} months. The gate promoted\n{promoted} of {asked} models. Bad rates "
        f"went from {months[0].bad_rate:.1%} to {max(m.bad_rate for m in months):.1%}; expected were "
        f"{max(m.retrained.expected for m in months):.1%} at the most with retraining, and\n"
        f"{max(m.frozen.expected for m in months):.1%} without. The watch on outcomes held something "
        f"back in {sum(m.held > 0 for m in months)} of {len(months)} months.\n"
    )


def _by_quarter(months: Sequence[Month]) -> Iterator[str]:
    yield "| quarter | loans | bad | AUC with | without | expected bad with | without | PSI with | without | promoted |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for start in range(0, len(months), QUARTER):
        part = months[start : start + QUARTER]
        loans = np.array([m.loans for m in part])
        promoted = sum(not reasons for m in part for reasons in m.verdicts.values())
        asked = sum(len(m.verdicts) for m in part)

        def mean(values: list[float], loans: np.ndarray = loans) -> float:
            return float(np.average(values, weights=loans))

        yield (
            f"| {part[0].day:%Y-%m} | {loans.sum():,} | {mean([m.bad_rate for m in part]):.1%} "
            f"| {mean([m.retrained.auc for m in part]):.3f} | {mean([m.frozen.auc for m in part]):.3f} "
            f"| {mean([m.retrained.expected for m in part]):.1%} "
            f"| {mean([m.frozen.expected for m in part]):.1%} "
            f"| {mean([m.retrained.psi for m in part]):.2f} | {mean([m.frozen.psi for m in part]):.2f} "
            f"| {promoted} of {asked} |"
        )
    yield ""


def _verdicts(months: Sequence[Month]) -> Iterator[str]:
    yield "## Why a model was refused\n"
    yield "| model | promoted | refused | for |"
    yield "|---|---|---|---|"
    for name in months[0].verdicts:
        verdicts = [m.verdicts[name] for m in months]
        rules = Counter(rule for reasons in verdicts for rule in reasons)
        counts = ", ".join(f"{rule} ({times})" for rule, times in rules.most_common())
        refused = sum(bool(reasons) for reasons in verdicts)
        yield f"| {name} | {len(verdicts) - refused} | {refused} | {counts} |"
    yield ""


NOTES = """## How to read it

- What a model can learn is three years old: the outcome is known 36 months after the approval. No retraining sees a
  wave of defaults before it has come; nor do the tables of peers, whose rates move when an outcome has matured.
- The level is too low in every month of the wave, with retraining and without. A cut-off set on these probabilities
  would have let too many pass: watch the default rate by vintage, and set the cut-offs with a margin.
- PSI compares the scores of the month's loans with those of the year before the models in force took over.
- Lenders have the names of 2014, see docs/decisions/0005: after failures and mergers a name knows something of what became
  of its loans. That flatters both lines.
- Ranks are compared within a month; the weights of the decision are today's credit.toml, with and without.
"""


def _draw(months: Sequence[Month], path: Path) -> None:
    figure = Figure(figsize=(10, 10), layout="constrained")
    auc, level, psi, gate = figure.subplots(4, 1, sharex=True, height_ratios=(3, 3, 2, 2))
    days = [m.day for m in months]
    for name, colour, periods in (
        ("with retraining", WITH, [m.retrained for m in months]),
        ("without", WITHOUT, [m.frozen for m in months]),
    ):
        auc.plot(days, [one.auc for one in periods], color=colour, label=name)
        level.plot(days, [one.expected for one in periods], color=colour, label=f"expected, {name}")
        psi.plot(days, [one.psi for one in periods], color=colour)
    level.plot(days, [m.bad_rate for m in months], color=BAD, label="what came of them")
    auc.set(title="AUC of the month's loans")
    level.set(title="Bad rate")
    psi.set(title="PSI of the score against the year before the models took over")
    _verdict_marks(gate, months)
    auc.legend()
    level.legend()
    # Without a date and random ids the same history gives the same bytes.
    with mpl.rc_context({"svg.hashsalt": "appvengers", "svg.fonttype": "none"}):
        figure.savefig(path, metadata={"Date": None})


def _verdict_marks(axes: Axes, months: Sequence[Month]) -> None:
    names = [*months[0].verdicts]
    for place, name in enumerate(names):
        for refused, marker, colour in ((False, "o", WITH), (True, "x", WITHOUT)):
            days = [m.day for m in months if bool(m.verdicts[name]) is refused]
            axes.scatter(pd.DatetimeIndex(days), [place] * len(days), marker=marker, color=colour)
    axes.set(title="The gate: promoted (dot) or refused (cross)", yticks=range(len(names)))
    axes.set_yticklabels(names)
