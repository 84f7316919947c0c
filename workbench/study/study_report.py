"""The study's tables and plots, and docs/models.md."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from training.fitting import calibration
from training.snapshots.snapshot import Learning
from workbench.policy_search import cut_offs
from workbench.study.plot import plot
from workbench.study.table import Floats, Scored, table
from workbench.study.tree_settings import CHOICES, QUARTERS, SEEDS, Tried, tried_settings

DOCS = Path(__file__).parents[2] / "docs"


@dataclass(frozen=True)
class Split:
    name: str
    first: pd.Timestamp
    last: pd.Timestamp


@dataclass(frozen=True)
class Decided:
    """The blend's score, and the disagreement of its models."""

    points: Floats
    disagreement: Floats
    approve_from: float


@dataclass(frozen=True)
class Chosen:
    """Origin of the third model's settings."""

    tried: Sequence[Tried]
    is_profiles: bool


@dataclass(frozen=True)
class Compared:
    """The blend is the first of `scored` and of `without`, those that lack `lacking`."""

    learning: Learning
    scored: Sequence[Scored]
    without: Sequence[Scored]
    lacking: Sequence[str]
    decided: Decided
    chosen: Chosen


def write(splits: Sequence[Split], compared: Compared) -> str:
    parts = [*_head(compared.learning)]
    holdout = compared.learning.holdout
    dates = holdout.audit.iloc[:, 0]
    for number, split in enumerate(splits, 1):
        tested = dates.between(split.first, split.last).to_numpy()
        bad = holdout.outcomes[tested].reset_index(drop=True)
        scored = [one.of(tested) for one in compared.scored]
        without = [one.of(tested) for one in compared.without]
        parts.append(f"\n## Tested on {split.name}: {len(bad):,} loans, {bad.mean():.1%} bad\n")
        parts += table(scored, bad)
        parts.append(f"\n![ROC and calibration](models/split{number}.svg)\n")
        parts.append(f"### Without the {' and the '.join(compared.lacking)}\n")
        parts += table(without, bad)
        parts.append("\n### What a limit to the models' disagreement buys\n")
        parts += _disagreement(compared.decided, compared.scored[0].logits, bad, tested)
        plot(scored, bad, DOCS / "models" / f"split{number}.svg")
    text = "\n".join([*parts, *_settings(compared.chosen), _notes()]) + "\n"
    (DOCS / "models").mkdir(parents=True, exist_ok=True)
    (DOCS / "models.md").write_text(text, encoding="utf-8")
    return text


def _head(learning: Learning) -> Iterator[str]:
    train, then = learning.training, learning.calibration
    yield "# The models, and what the usual libraries do\n"
    yield (
        "Written by `make models`; not by hand, but for what it says of trials at the end. Loans of the SBA's register, bad if charged off "
        "within 36 months.\nAll learn from the same "
        f"{len(train.rows) + len(then.rows):,} loans approved from {train.window['from']} to "
        f"{then.window['to']} ({int(train.outcomes.sum() + then.outcomes.sum()):,} bad), with the same "
        f"{train.rows.shape[1]} features as of\nthe day of the application. Settings are chosen and "
        f"probabilities calibrated on the months from {then.window['from']}, by a model that has not\n"
        "seen them; then it learns from those, too. Labels of 2004 and 2005 were known only 36 "
        "months later: this\nseparates what can be learnt from when it is known.\n"
    )
    yield (
        "**What has seen the tests.** No test period chose anything that the command does, the settings "
        "of our third model\nincluded (below). But which features there are, and that older "
        "applications count less, was found with both\ntest periods in sight. The libraries have the same features, the "
        "same weights of older applications, and two or\nthree settings each to choose from, the boosted trees' last one "
        "like ours. Where an interval below contains 0,\nbeing ahead proves nothing.\n"
    )
    yield (
        "**As deployed** is the decision as `make run` serves it: credit.toml's weights and level, models "
        "whose last three\nmonths are kept for the gate, peers' tables that stay those of the snapshot's day "
        "until the next retraining.\n"
    )
    yield (
        "**Without the lender:** the register's `Bank` is who held the loan in 2014, so what the lender's "
        "features know of the\noutcome can't be told from what a bank would have known "
        "([decision 5](decisions/0005-the-lender-is-who-held-the-loan-in-2014.md)).\nThe second table of each test "
        "has no such feature; the two slowest libraries are left out.\n"
    )
    yield (
        "**Free** models ignore that the profile lets risk only grow with some features (peers' "
        "defaults);\nours obey it, and so do the others where they can: only those are like ours. optbinning's bins obey it, but the "
        "\nregression over them turns some around.\n"
    )


def _disagreement(
    decided: Decided, logits: Floats, bad: pd.Series, tested: npt.NDArray[np.bool_]
) -> Iterator[str]:
    expected = calibration.probability(logits)
    loans = cut_offs.Loans(
        decided.points[tested], expected[tested], decided.disagreement[tested], bad.to_numpy(float)
    )
    yield (
        f"Approving from {decided.approve_from:g} points; the share beyond the limit goes to a person.\n"
    )
    yield (
        "| limit, points | beyond it | approved | bad of them | bad of those kept back "
        "| bad if the score kept back as many |\n|---|---|---|---|---|---|"
    )
    for found in cut_offs.limited(loans, decided.approve_from):
        rates = (found.beyond, found.approved, found.bad, found.kept_back, found.by_score)
        cells = ("-" if np.isnan(rate) else f"{rate:.2%}" for rate in rates)
        yield f"| {found.limit:.0f} | {' | '.join(cells)} |"
    yield ""


def _settings(chosen: Chosen) -> Iterator[str]:
    yield "\n## The third model's settings\n"
    yield (
        f"Chosen by `make settings`, which sees no test: for each of {len(QUARTERS)} "
        f"quarters from {QUARTERS[0].date()}\non, learnt from what was approved before it and judged on it, with "
        f"{len(SEEDS)} seeds. One setting after the other, each\nwith the best of those before: "
        f"{len(CHOICES)} settings. credit.toml has "
        f"{'these' if chosen.is_profiles else '**others**: set them again'}.\n"
    )
    yield from tried_settings(chosen.tried)


def _notes() -> str:
    return """
## How to read it

- The weights of the blend are not negative, at least 0.10, and stack logits. They are fitted on the
  calibration period, where the third model alone would take nearly all: the second row shows what a say for
  every model costs or wins. If a model does not answer, the others can.
- The bad rate more than doubles from the training to the second test. No model foresees that: in both tests the
  level is too low, most of all in the second (ECE). Ranking lasts longer than the level. Retrain often,
  and watch calibration.
- Intervals come from 400 draws of the test's loans with replacement, the same draws for all models.
  Another run gives the same figures, but for the times.

## What was tried

Trials by hand, which no command repeats. Differences in the third model's AUC, in the first and the second test,
with settings that were like these:

- Volumes, how many recent loans a lender has made: +0.016 and +0.020. Growth of that volume: -0.009 and
  -0.020, left out.
- Peers by postal area, by state and sector, by industry group and area: +0.006 and 0.
- Older applications count less, a half-life of 6 months: +0.003 and +0.002; of 3 months: +0.001 and +0.003.
- A tenth of the applications once more with inputs left out (training/fitting/blank_inputs.py), lest a blank or a code that
  nobody has had be an advantage: 0 and +0.004 as deployed.
- To learn from the calibration months, too: about +0.007 in both. The newest months matter most.
- More or larger trees, LightGBM's `intermediate` and `advanced` ways to keep a direction, three seeds
  averaged: 0.001 or less, either way.
- Another LightGBM with extra trees, both averaged: -0.001 and +0.005, at twice the cost; the same with
  XGBoost beside LightGBM: +0.002 and +0.004, but then an endpoint needs both. Features drawn anew at every
  split, no rows drawn: -0.001 and +0.002. Other seeds of what we have: 0 and +0.003.
- The same on nine quarters of 2001 to 2005, each learnt from the 18 months before: such pairs win 0.002 to
  0.005, nearly all before 2004. HistGradientBoosting, first in the second test, came last there (mean AUC 0.748;
  LightGBM 0.754, XGBoost 0.754): which library is ahead in a test can't be known before it.
- Means of the lender's loans (amount, guarantee, staff): +0.008 and -0.014; of states, areas and
  industries, too: +0.011 and -0.006. Left out: they age too fast."""
