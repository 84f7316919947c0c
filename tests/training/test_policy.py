"""Cut-offs from a target: on loans whose outcome is known by construction, and on real ones."""

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import profile
from datasets import sba
from tests.training.given import MODELS
from workbench import blend, policy
from workbench.policy import beyond_the_limit, too_few
from workbench.policy_search.cut_offs import (
    CutOffs,
    Loans,
    NoCutOff,
    cut_for_bad_rate,
    cut_for_costs,
    cut_for_reviews,
    limit_for,
)
from workbench.policy_search.holdout import scored


def some_loans(seed: int, size: int = 500) -> Loans:
    random = np.random.default_rng(seed)
    points = random.normal(570, 25, size).round()
    expected = 1 / (1 + np.exp((points - 520) / 15))
    bad = (random.random(size) < expected).astype(float)
    month = random.choice(["2005-04", "2005-05"], size)
    return Loans(points, expected, random.exponential(30, size).round(), bad, month)


seeds = st.integers(0, 10_000)


@given(seeds, st.floats(0.01, 0.3), st.floats(0, 0.2))
def test_the_approved_are_bad_no_more_often_than_the_target_and_none_fewer_would_do(
    seed, target, disagreeing
):
    loans = some_loans(seed)
    limit = limit_for(loans, disagreeing)
    cut = cut_for_bad_rate(loans, target, limit)
    lower = [c for c in np.unique(loans.points[loans.agreed(limit)]) if c < cut]

    assert loans.rate(CutOffs(cut, 0, limit).approved(loans)) <= target
    assert all(loans.rate(CutOffs(c, 0, limit).approved(loans)) > target for c in lower)


@given(seeds, st.floats(0.03, 0.3))
def test_a_confident_cut_off_meets_the_target_with_its_intervals_upper_end(seed, target):
    loans = some_loans(seed)
    limit = limit_for(loans, 0)
    try:
        cut = cut_for_bad_rate(loans, target, limit, confident=True)
    except NoCutOff as fault:
        assert "No cut-off surely keeps" in str(fault)
        cut = np.inf
    lower = [c for c in np.unique(loans.points) if c < cut]

    assert cut == np.inf or loans.interval(loans.points >= cut)[1] <= target
    assert all(loans.interval(loans.points >= c)[1] > target for c in lower)


def test_a_few_good_loans_at_the_top_are_no_evidence_of_a_low_bad_rate():
    points = np.array([600.0] * 3 + [500.0] * 97)
    loans = Loans(points, np.full(100, 0.1), np.zeros(100), np.array([0.0] * 3 + [1.0] * 97))

    assert cut_for_bad_rate(loans, 0.05, 0) == 600
    with pytest.raises(NoCutOff, match="surely"):
        cut_for_bad_rate(loans, 0.05, 0, confident=True)


@given(seeds)
def test_the_interval_is_that_of_resamples(seed):
    loans = some_loans(seed, 2_000)
    approved = loans.points >= 560
    draws = np.random.default_rng(seed).integers(approved.sum(), size=(400, approved.sum()))
    low, high = np.quantile(loans.bad[approved][draws].mean(axis=1), [0.025, 0.975])

    assert loans.interval(approved) == pytest.approx((low, high), abs=0.006)


@given(seeds, st.floats(1, 20))
def test_no_other_cut_off_would_have_earned_more(seed, loss):
    loans = some_loans(seed)
    limit = limit_for(loans, 0)

    def earned(cut: float) -> float:
        approved = loans.points >= cut
        return float(np.where(loans.bad[approved] == 1, -loss, 1).sum())

    assert earned(cut_for_costs(loans, 1, loss, limit)) == pytest.approx(
        max(earned(cut) for cut in np.unique(loans.points))
    )


@given(seeds, st.floats(0, 0.5), st.floats(0, 0.1))
def test_people_see_no_more_than_they_can(seed, share, disagreeing):
    loans = some_loans(seed)
    limit = limit_for(loans, disagreeing)
    cuts = CutOffs(570, cut_for_reviews(loans, share, 570, limit), limit)
    approved, reviewed = cuts.approved(loans), cuts.reviewed(loans)

    assert reviewed.mean() <= max(share, (~loans.agreed(limit)).mean())
    assert not (approved & reviewed).any()


@given(seeds, st.floats(0, 0.5))
def test_no_more_loans_than_stated_are_beyond_the_limit_of_disagreement(seed, share):
    loans = some_loans(seed)

    assert (~loans.agreed(limit_for(loans, share))).mean() <= share


def test_a_target_that_can_not_be_had_is_told():
    loans = some_loans(1)
    ruined = Loans(loans.points, loans.expected, loans.disagreement, np.ones_like(loans.bad))

    with pytest.raises(NoCutOff, match="set a higher target"):
        cut_for_bad_rate(ruined, 0.05, 1e9)
    with pytest.raises(NoCutOff, match="every loan would be declined"):
        cut_for_costs(ruined, 1, 5, 1e9)


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -1.0])
def test_costs_that_are_none_are_refused(wrong):
    for gain, loss in ((wrong, 5.0), (1.0, wrong)):
        with pytest.raises(NoCutOff, match="numbers of 0 or more"):
            cut_for_costs(some_loans(1), gain, loss, 1e9)


def test_the_holdout_is_scored_as_the_deployed_policy_would(channel, artifacts, bank, learning):
    folder = artifacts["Tradicional"].parent
    loans = scored(folder, channel, bank, profile.load().policy)
    held_out = learning["Tradicional"].holdout.outcomes

    assert loans.bad.tolist() == held_out.tolist()
    assert [*loans.months()] == ["2005-04", "2005-05", "2005-06"]
    assert sum(month.sum() for month in loans.months().values()) == len(held_out)
    assert loans.points[loans.bad == 0].mean() > loans.points[loans.bad == 1].mean() + 5
    assert (loans.disagreement >= 0).all()


def test_the_command_prints_cut_offs_for_the_profile(artifacts, monkeypatch):
    monkeypatch.setenv("APPVENGERS_REGISTER", str(sba.SAMPLE))
    models = str(artifacts[MODELS[0]].parent)
    done = CliRunner().invoke(policy.main, ["--target", "0.05", "--models", models])

    assert done.exit_code == 0, done.output
    found = dict(line.split(" = ") for line in done.output.splitlines() if " = " in line)
    assert found.keys() == {"approve_from", "decline_below", "maximum_disagreement"}
    assert int(found["decline_below"]) <= int(found["approve_from"])
    said = " ".join(done.output.split())
    for told in (
        "By month of application", "2005-06", "(95 %: ", "the holdout can't tell",
        "Beyond credit.toml's limit to disagreement, 104 points: 0 of 1,660 loans",
    ):  # fmt: skip
        assert told in said


def test_how_many_are_beyond_the_deployed_limit_is_told():
    loans = some_loans(3)
    limit = float(np.quantile(loans.disagreement, 0.9))

    assert f"{(loans.disagreement > limit).sum()} of 500 loans" in beyond_the_limit(loans, limit)
    assert "no limit" in beyond_the_limit(loans, None)


@pytest.mark.parametrize("option", ["--target", "--review", "--disagreeing"])
@pytest.mark.parametrize("wrong", ["nan", "-1", "2", "inf", "-nan"])
def test_a_share_that_is_none_is_refused_before_anything_is_trained(option, wrong):
    done = CliRunner().invoke(policy.main, [f"{option}={wrong}"])

    assert done.exit_code == 2
    assert "range 0<=x<=1" in done.output or "state a number from 0 to 1" in done.output


def test_a_cut_off_that_approves_a_handful_is_warned_of():
    loans = some_loans(1)
    best = np.sort(loans.points)[::-1]

    assert "only 0 loans" in too_few(loans, CutOffs(best[0] + 1, 0, 1e9))
    few, many = (CutOffs(best[n], 0, 1e9) for n in (50, 200))
    assert f"only {(loans.points >= best[50]).sum()} loans" in too_few(loans, few)
    assert too_few(loans, many) == ""


def test_the_command_warns_where_a_handful_meets_the_target(artifacts, monkeypatch):
    monkeypatch.setenv("APPVENGERS_REGISTER", str(sba.SAMPLE))
    monkeypatch.setattr(policy, "FEWEST", 1_661)  # more than the holdout has
    models = str(artifacts[MODELS[0]].parent)
    done = CliRunner().invoke(policy.main, ["--target", "0.05", "--models", models])

    assert done.exit_code == 0, done.output
    assert "Warning: only 1," in done.output


def of_three_rows(folder):
    path = folder / "three.csv"
    rows = sba.snapshot(pd.read_parquet(sba.SAMPLE)).head(3)
    rows.to_csv(path, index=False)
    return path, "widen the window"


def of_other_columns(folder):
    path = folder / "other.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    return path, "has no column"


@pytest.mark.parametrize("command", [policy.main, blend.main], ids=["policy", "blend"])
@pytest.mark.parametrize("made", [of_three_rows, of_other_columns])
def test_data_that_nothing_can_be_learnt_from_are_refused_in_a_sentence(command, made, tmp_path):
    path, reason = made(tmp_path)
    done = CliRunner().invoke(command, ["--data", str(path)])

    assert done.exit_code == 1
    assert "Error: " in done.output
    assert reason in done.output


@pytest.mark.parametrize("command", [policy.main, blend.main], ids=["policy", "blend"])
def test_a_profile_that_contradicts_itself_is_refused_in_a_sentence(command, tmp_path):
    path = tmp_path / "credit.toml"
    text = profile.PROFILE_FILE.read_text(encoding="utf-8")
    path.write_text(text.replace("slope = 1.13", "slope = 0.0"), encoding="utf-8")
    done = CliRunner().invoke(command, ["--profile", str(path)])

    assert done.exit_code == 1
    assert "decision.slope must be above 0" in done.output


def test_to_be_confident_needs_a_target():
    done = CliRunner().invoke(policy.main, ["--confident"])

    assert (done.exit_code, "of a --target" in done.output) == (2, True)


def test_two_targets_at_once_are_refused():
    done = CliRunner().invoke(policy.main, ["--target", "0.05", "--costs", "1", "9"])

    assert done.exit_code == 2
