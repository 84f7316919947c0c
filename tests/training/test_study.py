"""What docs/models.md says of the scores that it compares."""

import numpy as np
import pandas as pd

from datasets import sba
from training import training_profile
from workbench.study.table import Scored, draws, table

RANDOM = np.random.default_rng(1)
BAD = pd.Series((RANDOM.random(4000) < 0.2).astype(int))
NOISE = RANDOM.normal(size=4000)


def scored(name: str, strength: float, *, obeys: bool = True, is_ours: bool = False) -> Scored:
    return Scored(name, strength * BAD.to_numpy() + NOISE - 2, 1.0, obeys, is_ours)


def test_the_blend_is_set_beside_the_best_library_and_never_beside_our_own_models():
    rows = [
        scored("blend", 1.0, is_ours=True),
        scored("ours", 2.0, is_ours=True),
        scored("weak", 0.5),
        scored("strong", 0.9),
        scored("unbound", 1.5, obeys=False),
    ]
    said = "\n".join(table(rows, BAD))
    assert "ahead of the best library under the same directions, strong" in said
    assert "behind the best library of all, free ones too, unbound, free" in said
    assert "| unbound, free |" in said


def test_a_difference_is_drawn_with_the_same_loans_for_all():
    drawn = draws([scored("a", 1.0), scored("b", 1.0)], BAD.to_numpy())
    assert np.array_equal(drawn.auc[0], drawn.auc[1])
    assert drawn.auc[0].std() > 0


def test_the_study_without_the_lender_has_no_feature_of_it_and_all_others():
    bank = training_profile.read(sba.PROFILE)
    blind = bank.without(sba.KNOWN_LATER)
    kept = {feature for name in blind.models for feature in blind.profile.models[name].features}
    everything = {feature for name in bank.models for feature in bank.profile.models[name].features}
    of_the_lender = {
        name
        for name in everything
        if "lender" in bank.features[name].sources or name in sba.KNOWN_LATER
    }
    assert len(of_the_lender) > 5
    assert kept == everything - of_the_lender
    assert all("lender" not in [f.name for f in blind.model(name).inputs] for name in blind.models)
