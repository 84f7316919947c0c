"""What a challenger is measured by: the same models, rows and seed give the same facts."""

import hashlib
import json
import math
import shutil
import tarfile
from argparse import Namespace
from contextlib import ExitStack
from dataclasses import replace

import msgspec
import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, roc_auc_score, roc_curve

from chalicelib import profile
from chalicelib.models.drift import Histogram, psi
from chalicelib.retraining import gate
from datasets import sba
from tests.training.given import MODELS, plain
from training import challenge, train
from training.validation import bootstrap, card_facts, measures
from training.validation.challenge_facts import untouched_by
from training.validation.compared_models import compared_model_in

OTHER = "20050601T000000"


@pytest.fixture(scope="module")
def folders(artifacts, channel, tmp_path_factory):
    """As a processing job has them."""
    root = tmp_path_factory.mktemp("challenge")
    for name, artifact in artifacts.items():
        packed(artifact, root / name)
    (root / "profile").mkdir()
    shutil.copy(sba.PROFILE, root / "profile" / "credit.toml")
    shutil.copytree(channel, root / "snapshot")
    return root


def packed(artifact, folder):
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(folder / "model.tar.gz", "w:gz") as archive:
        for path in sorted(artifact.iterdir()):
            if path.name != "__pycache__":
                archive.add(path, arcname=path.name)
    return folder


def measured(folders, model, out, champion=None, version="none", challenger=None):
    options = Namespace(
        model=model,
        challenger=challenger or folders / model,
        champion=champion or folders / model,
        champion_version=version,
        snapshot=folders / "snapshot",
        profile=folders / "profile",
        out=out,
        message=out / "message",
    )
    challenge.challenge(options)
    return json.loads((out / "evaluation.json").read_text())


def changed(folders, artifacts, model, tmp_path, *, peers=None, **facts):
    """An artifact whose manifest says something else, and is whole all the same."""
    copy = tmp_path / "artifact"
    shutil.copytree(artifacts[model], copy, ignore=shutil.ignore_patterns("__pycache__"))
    manifest = json.loads((copy / "manifest.json").read_text()) | facts
    if peers is not None:
        (copy / "peers.json").write_text(json.dumps(peers))
        digest = hashlib.sha256((copy / "peers.json").read_bytes()).hexdigest()
        manifest["members"]["peers.json"] = digest
    (copy / "manifest.json").write_text(json.dumps(manifest))
    return packed(copy, tmp_path / "packed")


@pytest.mark.parametrize("model", MODELS)
def test_rows_with_their_features_get_the_logits_that_the_endpoint_gives(
    artifacts, learning, model, folders
):
    with ExitStack() as stack:
        compared = compared_model_in(folders / model, stack)
        rows = learning[model].holdout.rows.head(40)
        expected = []
        for row in plain(rows):
            baseline, contributions = compared.model.evaluator.explain(row)
            expected.append(baseline + sum(contributions.values()))

        assert np.abs(compared.logits(rows) - expected).max() < 1e-9


def test_facts_are_the_same_again(folders, tmp_path):
    first = measured(folders, MODELS[0], tmp_path / "a", version=OTHER)

    assert measured(folders, MODELS[0], tmp_path / "b", version=OTHER) == first
    assert first["withoutChampion"] == ""


def test_the_holdout_is_what_the_artifact_was_judged_on(folders, artifacts, tmp_path):
    manifest = json.loads((artifacts[MODELS[0]] / "manifest.json").read_text())
    facts = measured(folders, MODELS[0], tmp_path)

    assert (facts["rows"], facts["bads"]) == tuple(manifest["holdout"][n] for n in ("rows", "bads"))
    assert facts["challenger"]["auc"] == pytest.approx(manifest["metrics"]["auc"], abs=1e-6)
    assert facts["champion"] is None


def test_an_artifact_of_before_the_intervals_is_compared(folders, artifacts, tmp_path):
    older = tmp_path / "older"
    shutil.copytree(folders, older)
    extracted = tmp_path / "extracted"
    shutil.copytree(artifacts[MODELS[0]], extracted)
    manifest = json.loads((extracted / "manifest.json").read_text())
    del manifest["intervals"]
    (extracted / "manifest.json").write_text(json.dumps(manifest))
    packed(extracted, older / MODELS[0])

    assert measured(older, MODELS[0], tmp_path / "facts")["rows"] > 0


def test_only_what_the_model_reads_can_have_shifted(folders, artifacts, bank, tmp_path):
    shifted = {name: {*measured(folders, name, tmp_path / name)["featureCsi"]} for name in MODELS}
    read = {
        name: {*json.loads((artifacts[name] / "scorecard.json").read_bytes())["features"]}
        for name in MODELS[:2]
    }

    assert {name: shifted[name] for name in read} == read
    assert any(len(names) < len(bank.model(name).features) for name, names in read.items())
    assert shifted[MODELS[2]] == {feature.name for feature in bank.model(MODELS[2]).features}


def test_a_model_whose_tables_know_no_peers_is_judged_as_it_would_answer(
    folders, artifacts, bank, tmp_path
):
    """Figures by the peers of each day do not see it: the gate would let it pass."""
    model = "NetworkingAccelerator"  # the trees hardly need peers on this sample
    empty = {name: {} for name in bank.model(model).peers}
    spoilt = changed(folders, artifacts, model, tmp_path, peers=empty)
    limits = profile.load().gate
    found = {
        what: measured(folders, model, tmp_path / what, challenger=challenger)
        for what, challenger in (("whole", None), ("spoilt", spoilt))
    }
    against = {
        what: {one.rule for one in gate.reasons(msgspec.convert(facts, gate.Facts), limits)}
        for what, facts in found.items()
    }

    assert found["spoilt"]["challenger"] == found["whole"]["challenger"]
    assert against["spoilt"] == against["whole"] | {"AUC con sus tablas de pares"}


def test_what_the_champion_has_learnt_from_is_left_out(folders, artifacts, tmp_path):
    whole = measured(folders, MODELS[0], tmp_path / "whole")
    later = {"from": "2003-07-01", "to": "2005-05-15"}
    champion = changed(folders, artifacts, MODELS[0], tmp_path, window=later)
    facts = measured(folders, MODELS[0], tmp_path / "out", champion, OTHER)

    assert facts["holdout"]["from"] > "2005-05-15"
    assert 0 < facts["rows"] < whole["rows"]


def test_a_champion_that_has_seen_all_leaves_nothing_to_measure(folders, artifacts, tmp_path):
    seen = {"from": "2003-07-01", "to": "2005-12-31"}
    champion = changed(folders, artifacts, MODELS[0], tmp_path, window=seen)
    facts = measured(folders, MODELS[0], tmp_path / "out", champion, OTHER)

    assert facts["refused"].startswith("0 applications that no model has learnt from")


def test_a_champion_that_cannot_be_read_stops_nothing(folders, tmp_path):
    (tmp_path / "model.tar.gz").write_bytes(b"no archive")
    facts = measured(folders, MODELS[0], tmp_path / "out", tmp_path, OTHER)

    assert facts["champion"] is None
    assert "can't be read" in facts["withoutChampion"]


def test_a_champion_of_other_features_is_told(folders, tmp_path):
    facts = measured(folders, MODELS[0], tmp_path, folders / MODELS[1], OTHER)

    assert facts["champion"] is None
    assert facts["withoutChampion"].startswith("the champion reads features")


def test_a_challenger_that_cannot_be_read_is_a_fact(folders, tmp_path):
    (tmp_path / "model.tar.gz").write_bytes(b"no archive")
    facts = measured(folders, MODELS[0], tmp_path / "out", challenger=tmp_path)

    assert list(facts) == ["refused"]


def test_without_dates_the_drawn_holdout_is_taken_as_it_is(learning, bank):
    snapshot_of = msgspec.structs.replace(bank.profile.snapshot, date=None)
    undated = replace(bank, profile=msgspec.structs.replace(bank.profile, snapshot=snapshot_of))
    drawn = learning[MODELS[0]]

    assert untouched_by(undated, drawn, []) is drawn


scores = st.lists(st.integers(0, 6), min_size=6, max_size=30)


@settings(max_examples=40)
@given(scores, st.randoms(use_true_random=False))
def test_auc_and_ks_are_scikit_learns(given_scores, random):
    outcomes = np.array([0, 1] + [random.randrange(2) for _ in given_scores[2:]])
    values = np.array(given_scores, dtype=float)
    false, true, _ = roc_curve(outcomes, values)
    auc, ks = bootstrap.ranked(values, outcomes).auc_and_ks(np.ones(len(values)))

    assert auc == pytest.approx(roc_auc_score(outcomes, values))
    assert ks == pytest.approx(np.abs(true - false).max())


def test_a_weighted_application_counts_as_often():
    values, outcomes = np.array([0.1, 0.4, 0.4, 0.9]), np.array([0, 1, 0, 1])
    weights = np.array([1, 3, 2, 1])
    repeated = bootstrap.ranked(np.repeat(values, weights), np.repeat(outcomes, weights))
    ones = np.ones(weights.sum())

    found = bootstrap.ranked(values, outcomes).auc_and_ks(weights.astype(float))
    assert found == pytest.approx(repeated.auc_and_ks(ones))


def test_a_better_score_has_an_interval_above_zero(learning):
    part = learning[MODELS[0]].holdout
    outcomes = part.outcomes.to_numpy()
    noise = np.random.default_rng(1).normal(size=len(outcomes))
    found = bootstrap.differences(noise + 2 * outcomes, noise, outcomes, seed=1)

    for apart in found.values():
        assert 0 < apart["low"] < apart["value"] < apart["high"]


@pytest.fixture(scope="module")
def judged_holdout(bank, learning):
    """The outcomes of real loans, and the probabilities of a model that never saw them."""
    one = learning[MODELS[0]]
    fitted = train.fit(bank.model(MODELS[0]), one, bank.training)
    judged = card_facts.judge(one, fitted.logits)
    return one.holdout.outcomes.to_numpy(), judged.holdout.probabilities


def ks(outcomes, probabilities):
    false, true, _ = roc_curve(outcomes, probabilities)
    return np.max(true - false)


RANKS_AND_MEANS = {
    "auc": roc_auc_score,
    "gini": lambda outcomes, probabilities: 2 * roc_auc_score(outcomes, probabilities) - 1,
    "ks": ks,
    "brier": brier_score_loss,
    "bad_rate": lambda outcomes, _: outcomes.mean(),
    "mean_probability": lambda _, probabilities: probabilities.mean(),
}


@pytest.mark.parametrize("name", RANKS_AND_MEANS)
def test_the_interval_of_a_metric_is_that_of_scipys_bootstrap(judged_holdout, name):
    """A KS is biased, and scipy's correction measures once for each application."""
    method, most = ("BCa", 400) if name == "ks" else ("percentile", None)
    outcomes, probabilities = (one[:most] for one in judged_holdout)

    def metric(places):
        chosen = places.astype(int)
        return RANKS_AND_MEANS[name](outcomes[chosen], probabilities[chosen])

    rows = np.arange(len(outcomes))
    theirs = scipy.stats.bootstrap(
        (rows,), metric, n_resamples=500, method=method, vectorized=False, rng=2
    ).confidence_interval
    low, high = bootstrap.intervals(probabilities, outcomes, seed=1)[name]

    wide = theirs.high - theirs.low
    assert low == pytest.approx(theirs.low, abs=0.15 * wide)
    assert high == pytest.approx(theirs.high, abs=0.15 * wide)
    assert low < metric(rows) < high


def test_the_interval_of_an_auc_is_as_wide_as_delong_says(judged_holdout):
    """https://doi.org/10.2307/2531595"""
    outcomes, probabilities = judged_holdout
    bads, goods = probabilities[outcomes == 1], probabilities[outcomes == 0]
    above = np.sign(bads[:, None] - goods[None, :]) / 2 + 0.5
    variance = above.mean(axis=1).var(ddof=1) / len(bads) + above.mean(axis=0).var(ddof=1) / len(
        goods
    )
    low, high = bootstrap.intervals(probabilities, outcomes, seed=1)["auc"]

    assert (high - low) / 2 / 1.96 == pytest.approx(math.sqrt(variance), rel=0.1)


@pytest.mark.parametrize("kind", ["number", "text"])
def test_a_column_has_not_moved_from_itself_and_has_from_another(learning, kind):
    rows = learning[MODELS[0]].training.rows
    texts = [name for name, column in rows.items() if column.dtype == object]
    name = texts[0] if kind == "text" else next(n for n in rows if n not in texts)
    reference = measures.histogram(rows[name])
    moved = pd.Series(["never seen"] * 50, dtype=object) if kind == "text" else rows[name] * 9 + 9

    assert measures.shift(reference, rows[name]) < 1e-3
    assert measures.shift(reference, moved) > 1


@given(
    st.lists(st.none() | st.floats(0, 100), min_size=20, max_size=60),
    st.lists(st.none() | st.floats(-50, 150), min_size=1, max_size=60),
)
def test_the_gate_and_the_drift_report_measure_the_same_index(then, now):
    kept = measures.histogram(pd.Series(then, dtype=float))
    histogram = msgspec.convert(kept, Histogram)

    index = psi(histogram.expected(), histogram.counts(now))
    assert measures.shift(kept, pd.Series(now, dtype=float)) == pytest.approx(index)
