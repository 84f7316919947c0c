"""What a blank means to trees, which would send what they have never met anywhere.

Data of loans that were made hardly ever lack an input, and a code that they do not have reads as a
blank. So a share of them is learnt from once more with inputs left out: a blank then stands for
what is usual among applications that are like this one otherwise.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from training.snapshots.snapshot import Part
from training.training_profile import Model

SHARE = 0.1  # of the applications
LEFT_OUT = 0.5  # of the inputs that may be blank, or a code that nobody has had


def with_blanks(part: Part, model: Model, seed: int) -> Part:
    """The part, followed by a draw of its applications with inputs left out."""
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
    """Those that each feature is made of; sources stand before what is derived from them."""
    found: dict[str, set[str]] = {}
    for feature in model.needed:
        found[feature.name] = set().union(*(found[source] for source in feature.sources)) or {
            feature.name
        }
    return found
