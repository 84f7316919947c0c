"""ROC and calibration of a test, as SVG."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.metrics import roc_curve

from training.fitting import calibration
from training.validation import measures
from workbench.study.table import Scored


def plot(scored: Sequence[Scored], bad: pd.Series, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure = Figure(figsize=(11, 5), layout="constrained")
    roc, reliable = figure.subplots(1, 2)
    for place, one in enumerate(scored):
        width = 2.2 if place == 0 else 0.8
        good, caught, _ = roc_curve(bad, one.logits)
        steps = np.linspace(0, 1, 101)
        roc.plot(steps, np.interp(steps, good, caught), lw=width, label=one.label)
        tenths = pd.DataFrame({"x": calibration.probability(one.logits), "y": bad}).groupby(
            measures.tenth_of(one.logits)
        )
        reliable.plot(tenths["x"].mean(), tenths["y"].mean(), lw=width, marker=".", label=one.label)
    roc.set(xlabel="good ones refused", ylabel="bad ones refused", title="ROC")
    reliable.axline((0, 0), slope=1, color="grey", ls=":")
    reliable.set(xlabel="expected bad rate", ylabel="observed", title="Calibration, by tenths")
    roc.legend(fontsize=7)
    # Without a date and random ids the same study gives the same bytes.
    with mpl.rc_context({"svg.hashsalt": "appvengers", "svg.fonttype": "none"}):
        figure.savefig(path, metadata={"Date": None})
