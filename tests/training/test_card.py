"""A model card tells what is so, opens without a network, and two of them can be compared."""

import html.parser
import json
import re
import shutil
import subprocess
import sys
import tarfile
from dataclasses import replace

import msgspec
import numpy as np
import pandas as pd
import pytest

from chalicelib.profile import Card, Limit
from tests.training.given import MODELS, ROOT, options
from training import train
from training.validation import card, card_facts, measures
from workbench import compare

DATA = ROOT / "tests" / "data"


@pytest.fixture(scope="module")
def page(artifacts):
    return (artifacts["AppVengersAccelerator"] / "card.html").read_text("utf-8")


@pytest.fixture(scope="module")
def german(tmp_path_factory):
    directory = tmp_path_factory.mktemp("german")
    (directory / "training").mkdir()
    shutil.copy(DATA / "german_credit.csv", directory / "training")
    given = options("Tradicional")
    train.train(given, directory / "training", DATA / "german.toml", directory / "model")
    return card.facts_of((directory / "model" / "card.html").read_text("utf-8"))


@pytest.mark.parametrize("model", MODELS)
def test_a_card_asks_nothing_of_the_network(model, artifacts):
    text = (artifacts[model] / "card.html").read_text("utf-8")
    assert not re.findall(r"https?://|src=|href=|@import|url\(", text)


def test_a_card_is_well_formed(page):
    open_tags = []

    class Parser(html.parser.HTMLParser):
        def handle_starttag(self, tag, attrs):
            if tag not in ("meta", "polyline", "path"):
                open_tags.append(tag)

        def handle_endtag(self, tag):
            assert open_tags.pop() == tag

    Parser().feed(page.replace("/>", ">"))
    assert open_tags == []


def test_the_facts_are_the_manifests(page, artifacts):
    manifest = json.loads((artifacts["AppVengersAccelerator"] / "manifest.json").read_text())
    facts = card.facts_of(page)
    for name in ("metrics", "intervals", "window", "holdout", "calibration", "rows", "bads"):
        assert facts[name] == manifest[name]


def test_no_direction_of_the_profile_is_broken(page):
    checked = card.facts_of(page)["monotone"]
    assert sum(one["steps"] for one in checked) > 1_000
    assert sum(one["broken"] for one in checked) == 0


def test_a_direction_that_is_broken_is_counted_and_told(learning, bank):
    model = bank.model("NetworkingAccelerator")
    wrong = next(f for f in model.features if f.monotone)
    judged = card_facts.judge(
        learning["NetworkingAccelerator"], lambda rows: -rows[wrong.name].fillna(0).to_numpy()
    )
    facts = card_facts._direction(wrong, judged)
    assert facts["broken"] > 0


def test_every_segment_of_the_profile_is_shown_and_its_rows_add_up(page, bank):
    facts = card.facts_of(page)
    assert set(facts["groups"]) == set(bank.segments)
    for groups in facts["groups"].values():
        assert sum(group["rows"] for group in groups) <= facts["holdout"]["rows"]
    news = facts["groups"][bank.segments[0]]
    assert sum(group["rows"] for group in news) == facts["holdout"]["rows"]


def test_without_protected_attributes_the_card_says_that_fairness_is_unknown(page):
    assert "no protected attribute" in page


def test_the_card_says_when_the_outcomes_it_learnt_from_were_known(page, bank):
    facts = card.facts_of(page)
    last, months = facts["holdout"]["to"], bank.training.outcome_months
    told = f"No application after {last} is in it or in this card."

    assert months == 36
    assert f"{told} What became of them is known {months} months after the last one" in page
    assert "Nothing after" not in page
    assert told in [*card.limits({**facts, "outcomeMonths": 0})]


def test_protected_attributes_are_audited_although_no_model_reads_them(german):
    assert set(german["protected"]) == {"age", "personalStatus", "foreignWorker"}
    assert set(german["protected"]) <= set(german["groups"])
    proxies = {(p["attribute"], p["value"]): p["auc"] for p in german["proxies"]}
    assert any(auc and auc > 0.6 for auc in proxies.values())


def test_an_unchanged_column_is_stable_and_a_moved_one_is_not():
    then = pd.Series(np.random.default_rng(1).normal(size=5_000))
    now = pd.Series(np.random.default_rng(2).normal(size=5_000))
    assert measures.stability(then, now) < 0.02
    assert measures.stability(then, now + 1) > 0.5
    assert np.isfinite(measures.stability(then, now * np.nan))
    texts = pd.Series(["a", "b"] * 500 + [None], dtype=object)
    assert measures.stability(texts, texts) == pytest.approx(0)
    assert measures.stability(texts, pd.Series(["c"] * 100, dtype=object)) > 1


def test_a_text_from_the_data_cannot_become_markup(german):
    facts = {**german, "model": "<script>alert(1)</script>", "snapshot": "</script><b>"}
    text = card.page(facts)
    assert "<script>alert" not in text
    assert text.count("</script>") == 1
    assert card.facts_of(text) == facts


def compared(first, second):
    return subprocess.run(
        [sys.executable, "-m", "workbench.compare", str(first), str(second)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


def test_champion_and_challenger_are_compared_on_one_page(artifacts, tmp_path):
    tarred = tmp_path / "model.tar.gz"
    with tarfile.open(tarred, "w:gz") as archive:
        archive.add(artifacts["Tradicional"], ".")
    run = compared(tarred, artifacts["AppVengersAccelerator"])
    assert run.returncode == 0, run.stderr
    facts = card.facts_of((artifacts["AppVengersAccelerator"] / "card.html").read_text())
    assert f"{facts['metrics']['auc']:.4f}" in run.stdout
    [read] = [f["csi"] for f in facts["features"] if f["name"] == "lenderVolume"]
    row = run.stdout.partition("<td>lenderVolume</td>")[2].partition("</tr>")[0]
    assert row.startswith(f"<td>-</td><td>{read:.4f}</td>")
    for heading in ("By vintage", "Segment: sector", "Known limits of the challenger"):
        assert f"<h2>{heading}</h2>" in run.stdout


@pytest.mark.parametrize("model", ["Tradicional", "NetworkingAccelerator"])
def test_a_card_tells_which_features_a_scorecard_left_out(artifacts, bank, model):
    written = json.loads((artifacts[model] / "scorecard.json").read_text())["features"]
    text = (artifacts[model] / "card.html").read_text("utf-8")
    rows = re.findall(r"<tr><td>(\w+)</td>(?:<td>[^<]*</td>){3}<td>([^<]*)</td></tr>", text)
    told = {name: use for name, use in rows if name in bank.features}

    assert told == {
        f.name: "yes" if f.name in written else "not used: wrong sign"
        for f in bank.model(model).features
    }
    assert model == "Tradicional" or {*told.values()} == {"yes", "not used: wrong sign"}


def test_a_feature_that_a_scorecard_left_out_has_no_csi_in_a_comparison(artifacts):
    facts = [
        card.facts_of((artifacts[model] / "card.html").read_text("utf-8"))
        for model in ("NetworkingAccelerator", "AppVengersAccelerator")
    ]
    left_out = [f["name"] for f in facts[0]["features"] if not f["read"]]
    text = compare.page(*facts)

    assert left_out
    for name in left_out:
        row = text.partition("Features, stability")[2].partition(f"<td>{name}</td>")[2]
        cells = re.findall(r"<td>([^<]*)</td>", row.partition("</tr>")[0])
        assert cells[0] == cells[2] == "-"
        assert cells[1] != "-"


def test_what_a_scorecard_left_out_is_no_limit_of_it_when_it_moves(german):
    moved = [{**one, "csi": 0.9} for one in german["features"]]
    first = moved[0]["name"]
    told = " ".join(card.limits({**german, "features": moved}))
    left_out = [{**moved[0], "read": False}, *moved[1:]]

    assert f"{first} has moved" in told
    assert f"{first} has moved" not in " ".join(card.limits({**german, "features": left_out}))


def test_a_card_of_before_is_compared_as_if_all_was_read(german):
    old = [{k: v for k, v in one.items() if k != "read"} for one in german["features"]]
    assert "not used" not in card.page({**german, "features": old})


@pytest.mark.parametrize("model", MODELS)
def test_a_limit_of_the_data_is_told_in_the_cards_of_the_models_it_is_of(artifacts, bank, model):
    text = html.unescape((artifacts[model] / "card.html").read_text("utf-8"))
    told = text.partition("<h2>Known limits</h2>")[2].partition("<script")[0]
    reads = {feature.name for feature in bank.model(model).needed}
    limits = bank.profile.card.limits
    concerned = {feature: feature in reads for limit in limits for feature in limit.features}

    assert concerned == {
        "lender": model != "Tradicional",
        "amount": model != "NetworkingAccelerator",
    }
    for limit in limits:
        is_told = concerned[limit.features[0]]
        assert (limit.es in told, limit.en in told) == (is_told, is_told)


@pytest.mark.parametrize("model", MODELS)
def test_a_card_tells_what_a_blank_scores_as(artifacts, model):
    text = (artifacts[model] / "card.html").read_text("utf-8")
    similar = "scores as what is usual among similar applications" in text

    assert "An input left blank, or a code never seen, scores as" in text
    assert similar == (model == "AppVengersAccelerator")


def test_a_product_without_declared_limits_has_none_in_its_card(german, bank):
    limited = Card(limits=(Limit("a", "b"),))
    everybody = replace(bank, profile=msgspec.structs.replace(bank.profile, card=limited))

    assert german["limits"] == []
    assert everybody.limits_of(bank.model("Tradicional")) == [{"es": "a", "en": "b"}]


def test_two_cards_with_protected_attributes_are_compared_by_them_and_their_proxies(german):
    text = compare.page(german, {**german, "proxies": []})
    assert "<h2>Protected: age</h2>" in text
    [row] = re.findall(r"<tr><td>foreignWorker</td><td>yes</td>.*?</tr>", text)
    assert row.endswith("<td>-</td></tr>")


def test_what_is_no_artifact_cannot_be_compared(artifacts, tmp_path):
    other = tmp_path / "model.tar.gz"
    other.write_bytes(b"no tar")
    run = compared(other, artifacts["Tradicional"])
    assert run.returncode == 1
    assert "neither an artifact's folder nor its model.tar.gz" in run.stderr
    assert "Traceback" not in run.stderr
