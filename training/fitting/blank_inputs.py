"""Training rows with missing inputs, which teach the trees about missing values.

LightGBM routes a value that it has never seen down an arbitrary branch. Loans that were made hardly
ever lack an input, and an application may: an unknown code reads as missing, too. So the model
learns from a share of the loans a second time, with inputs left out. A missing value then stands
for the average of similar applications.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from training.snapshots.snapshot import Part
from training.training_profile import Model

SHARE = 0.1  # of the applications
LEFT_OUT = 0.5  # of the inputs that may be blank, or a code that nobody has had


def with_blanks(part: Part, model: Model, seed: int) -> Part:
    """Return the part, followed by a sample of its applications with inputs left out."""
    random = np.random.default_rng(seed)
    drawn = np.sort(random.choice(len(part.rows), int(SHARE * len(part.rows)), replace=False))
    cut = {
        name: getattr(part, name).iloc[drawn].reset_index(drop=True)
        for name in ("rows", "outcomes", "ages", "audit")
    }
    rows, known_by = cut["rows"], _inputs(model)
    for name in [f.name for f in model.inputs if f.is_text or not f.required]:
        blank = random.random(len(rows)) < LEFT_OUT
        gone = [column for column in rows if name in known_by[column]]
        rows = rows.assign(**{column: rows[column].mask(blank) for column in gone})
    return part.followed_by(replace(part, **{**cut, "rows": rows}))


def _inputs(model: Model) -> Mapping[str, set[str]]:
    """Return the inputs that each feature is made of; sources come before derived features."""
    inputs: dict[str, set[str]] = {}
    for feature in model.needed:
        inputs[feature.name] = set().union(*(inputs[source] for source in feature.sources)) or {
            feature.name
        }
    return inputs
