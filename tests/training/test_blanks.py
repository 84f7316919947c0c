"""What is not told is no advantage: a blank stands for what is usual among similar applications."""

from dataclasses import replace
from math import nan

import pytest

from chalicelib import profile
from datasets import sba
from tests.training.given import MODELS
from training import training_profile
from training.batch_scoring import batch
from training.fitting import fit_trees
from training.fitting.blank_inputs import SHARE, with_blanks
from training.serving import inference
from training.snapshots.snapshot import Part
from workbench.file_scoring.file_decisions import blended

PROFILE = profile.load()
BANK = training_profile.read(sba.PROFILE)
TEXTS = [feature.name for feature in BANK.asked_for() if feature.is_text]
POINTS = 12  # that the mean score may rise by


@pytest.fixture(scope="module")
def applications(loans):
    return sba.snapshot(loans, sba.TEST_FROM, sba.TEST_TO)


@pytest.fixture(scope="module")
def points(artifacts):
    models = batch.Batch([inference.model_fn(str(artifacts[name])) for name in MODELS])
    return lambda rows: BANK.scale.points(blended(models.logits(rows), PROFILE.decision))


@pytest.mark.parametrize("name", TEXTS)
def test_a_blank_raises_no_score_by_much(name, applications, points):
    shift = points(applications.assign(**{name: None})) - points(applications)
    assert shift.mean() < POINTS


def test_trees_that_learnt_blanks_take_a_blank_for_what_is_usual(learning):
    """Others read it as 0, here as the smallest lenders, of which few are bad."""
    learnt, model = learning[MODELS[-1]].training, BANK.model(MODELS[-1])
    large = learnt.rows["lenderVolume"] > learnt.rows["lenderVolume"].median()
    part = replace(learnt, outcomes=(large | (learnt.outcomes == 1)).astype(int))
    silent = part.rows.assign(**{f.name: nan for f in model.features if "lender" in f.sources})

    def expected(learnt_from: Part) -> float:
        monotone = {feature.name: feature.monotone for feature in model.features}
        text = frozenset(feature.name for feature in model.features if feature.is_text)
        parameters = model.parameters | {"num_iterations": 60}
        rows, outcomes = learnt_from.rows, learnt_from.outcomes
        fitted = fit_trees.fit(rows, outcomes, monotone, text, parameters, 1, 1)
        return fitted.probabilities(silent).mean()

    usual = part.outcomes.mean()
    assert abs(expected(with_blanks(part, model, seed=1)) - usual) < 0.1
    assert expected(part) < usual - 0.2


def test_all_blanks_at_once_are_no_advantage(applications, points):
    may = [one for one in BANK.asked_for() if one.is_text or not one.required]
    silent = applications.assign(**{one.name: None if one.is_text else nan for one in may})
    assert (points(silent) - points(applications)).mean() < POINTS


def test_a_code_that_nobody_has_had_reads_as_a_blank_to_trees(applications, points):
    state = points(applications.assign(state="ZZ")) - points(applications)
    assert state.mean() < POINTS


def test_a_blank_input_takes_all_with_it_that_is_derived_from_it(learning):
    learnt, model = learning[MODELS[-1]].training, BANK.model(MODELS[-1])
    extended = with_blanks(learnt, model, seed=1)
    before, added = extended.rows.iloc[: len(learnt.rows)], extended.rows.iloc[len(learnt.rows) :]
    alone = [feature.name for feature in model.features if feature.sources == ["lender"]]
    joined = [f.name for f in model.features if "lender" in f.sources and len(f.sources) > 1]
    blank = added[alone[0]].isna()

    assert before.equals(learnt.rows)
    assert len(added) == int(SHARE * len(learnt.rows))
    assert 0.3 < blank.mean() < 0.7
    assert added.loc[blank, [*alone, *joined]].isna().all(axis=None)
    assert added.loc[~blank, alone].notna().all(axis=None)
    assert added["amount"].notna().all()
