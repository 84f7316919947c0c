from pathlib import Path

import pytest

from chalicelib.decisions.outcome_rules import trust_of
from chalicelib.foundation.errors import InvalidProfile
from chalicelib.profile import PROFILE_FILE, load

GERMAN = Path(__file__).parents[1] / "data" / "german.toml"
TEXT = PROFILE_FILE.read_text(encoding="utf-8")
MACHINES = 'instances = { type = "ml.m5.large", count = 2 }'
CANARY = "canary = { share = 0.5, bake_seconds = 60 }"


def refusal_of(tmp_path, old: str, new: str) -> str:
    assert old in TEXT
    path = tmp_path / "credit.toml"
    path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InvalidProfile) as refused:
        load(path)
    return str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("minimum = 100", "minimun = 100", "minimun"),
        (
            "minimum = 100",
            'minimum = "x"',
            "features.amount: Expected `float | null`, got `str` - at `$.minimum`",
        ),
        ("minimum = 100", "minimum = 9e9", "must not be above the maximum"),
        ('pattern = "[A-Z]{2}"', 'pattern = "[A-Z{2}"', "no regular expression"),
        ("base_odds = 50", "base_odds = 0", "score.base_odds must be above 0"),
        ("minimum_weight = 0.6", "minimum_weight = 1.1", "decision.minimum_weight"),
        ("minimum_weight = 0.6", "minimum_weight = -0.1", "decision.minimum_weight"),
        ("provisioned = 2 ", "provisioned = 51 ", "endpoint.prod.provisioned must be 1 to 50"),
        ("provisioned = 2 ", "provisioned = 0 ", "endpoint.prod.provisioned must be 1 to 50"),
        ("provisioned = 2 ", "keep_warm = 21 ", "endpoint.prod.keep_warm must be 0 to 20"),
        ("provisioned = 2 ", "provisioned = 2\nkeep_warm = 1 ", "provisioned and keep_warm"),
        ("max_concurrency = 3 ", "max_concurrency = 3\nkeep_warm = 4 ", "must be 0 to 3"),
        ("minimum_models = 2", "minimum_models = 4", "decision.minimum_models"),
        ("[endpoint.prod]", "[endpoint.test]", "endpoint.prod is missing"),
        ("[evidence.prod]", "[evidence.test]", "the stages dev, prod, and no other: see prod"),
        ("years = 10 ", "years = 0 ", "evidence.prod.years must be 1 to 100, not 0"),
        ("years = 10 ", "years = 101 ", "evidence.prod.years must be 1 to 100, not 101"),
        ('lock = "COMPLIANCE"', 'lock = "NONE"', "Invalid enum value 'NONE'"),
        ("[sagemaker] ", "[sagemaker]\nnetwork_isolation = true", "network_isolation"),
        (
            "memory_mb = 2048\n",
            "",
            "endpoint.dev needs memory_mb and max_concurrency, or instances",
        ),
        ("memory_mb = 2048", f"{CANARY}\nmemory_mb = 2048", "a serverless endpoint moves all"),
        ("memory_mb = 2048", f"{MACHINES}\nmemory_mb = 2048", "either instances or memory_mb"),
        ("psi_watch = 0.1", "psi_watch = 0.3", "drift.psi_watch"),
        ("fewest = 200", "fewest = 0", "drift.fewest"),
        ('mandatory = ["Tradicional"]', 'mandatory = ["Otro"]', "Otro"),
        ('peers = ["lender"]', 'peers = ["lendr"]', "lendr"),
        ('features = ["amount"', 'features = ["amnt"', "amnt"),
        ("[features.amount]", "[features.amount]\nprotected = true", "never scored"),
        ('date = "approvalDate"', "", "snapshot.date"),
        ("ratio =", "prefix =", "derive"),
        ("slope = 1.13", "slope = 0.0", "slope"),
        ('es = "El monto solicitado"', 'es = ""', "reason in es and en"),
        ("derive = { ratio", "actionable = true\nderive = { ratio", "nobody can be told"),
        ('direction = "decrease" }', 'values = ["1"] }', "those of a number"),
        ('direction = "decrease" }', 'direction = "down" }', "actionable"),
        ('values = ["no"] }', 'values = ["never"] }', "none of its values"),
        ('values = ["no"] }', "minimum = 1 }", "not a direction"),
        ('pattern = "[A-Z]{2}"', 'pattern = "[A-Z]{2}"\nactionable = true', "must list"),
        ('owner = "Riesgo de crédito"', 'owner = " "', "Tradicional.inventory.owner is empty"),
        (
            'validator = "Validación de modelos"',
            'validator = "ciencia de datos "',
            "Ciencia de datos can't validate what they develop",
        ),
        ("next_review = 2027-06-30", "next_review = 2027-06-31", "can't be read"),
    ],
)
def test_a_contradiction_is_told_with_its_place(tmp_path, old, new, told):
    assert told in refusal_of(tmp_path, old, new)


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("slope = 1.13", "slope = nan", "decision.slope"),
        ("intercept = 0.379", "intercept = inf", "decision.intercept"),
        ("approve_from = 561", "approve_from = nan", "decision.approve_from"),
        ("Tradicional = 0.10", "Tradicional = inf", "decision.weights.Tradicional"),
        ("base_points = 600", "base_points = nan", "score.base_points"),
        ("minimum_auc = 0.55", "minimum_auc = nan", "gate.minimum_auc"),
        ("minimum = 100\n", "minimum = nan\n", "features.amount.minimum"),
        ("[0.5, 0.75", "[0.5, inf", "features.guaranteeShare.actionable.values.1"),
    ],
)
def test_a_number_that_is_not_finite_decides_nothing(tmp_path, old, new, place):
    assert f"{place} must be a finite number" in refusal_of(tmp_path, old, new)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            'review_unseen = ["lender",',
            'review_unseen = ["lander", "amount", "sector", "zip",',
            "decision.review_unseen names no code that is asked for: amount, lander, sector",
        ),
        ("top_reasons = 4", "top_reasons = -1", "decision.top_reasons must not be below 0"),
        (
            "maximum_disagreement = 104",
            "maximum_disagreement = -1",
            "decision.maximum_disagreement must not be below 0",
        ),
        *(
            (f"{name}_months = {months}", f"{name}_months = -1", f"training.{name}_months must not")
            for name, months in (
                ("outcome", 36), ("window", 24), ("calibration", 3), ("holdout", 3),
                ("half_life", 6), ("peer", 60),
            )
        ),
        ("half_life_months = 6", "half_life_months = 0", "half_life_months must be above 0"),
        ("[0.5, 0.75", "[0.5, 7.5", "7.5 is outside the feature's own bounds"),
        ("[0.5, 0.75", "[-0.5, 0.75", "-0.5 is outside the feature's own bounds"),
        ('type = "code"', 'type = "code"\nmonotone = "increasing"', "has no more or less"),
    ],
)  # fmt: skip
def test_a_figure_that_would_make_no_sense_is_told(tmp_path, old, new, told):
    assert told in refusal_of(tmp_path, old, new)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("count = 2", "count = 1", "2 or more for a canary"),
        ("share = 0.5", "share = 0.6", "half of the capacity"),
        ("share = 0.5, ", "", "one of share and instances"),
        ("share = 0.5", "share = 0.5, instances = 1", "one of share and instances"),
        ("share = 0.5", "instances = 2", "half of instances.count"),
        ("bake_seconds = 60", "bake_seconds = 4000", "bake_seconds must be 1 to 3600"),
        ("share = 0.5", "alarms = [], share = 0.5", "nothing would ever roll it back"),
        ("share = 0.5", 'alarms = ["other"], share = 0.5', "Invalid enum value 'other'"),
    ],
)
def test_a_canary_that_sagemaker_would_refuse_is_told(tmp_path, old, new, told):
    serverless = "memory_mb = 2048\nmax_concurrency = 3"
    machines = f"{MACHINES}\n{CANARY}"
    path = tmp_path / "credit.toml"
    path.write_text(TEXT.replace(serverless, machines), encoding="utf-8")
    assert load(path).endpoint["dev"].canary

    assert told in refusal_of(tmp_path, serverless, machines.replace(old, new))


def test_a_missing_profile_is_told(tmp_path):
    with pytest.raises(InvalidProfile, match="can't be read"):
        load(tmp_path / "credit.toml")


def test_a_models_schema_changes_with_what_it_reads_and_with_no_text(tmp_path, sba):
    def schema(old: str, new: str) -> str:
        assert old in TEXT
        path = tmp_path / "credit.toml"
        path.write_text(TEXT.replace(old, new), encoding="utf-8")
        return load(path).schema("Tradicional")

    same = sba.schema("Tradicional")

    assert schema("El monto solicitado", "El importe") == same
    assert schema("maximum = 5_000_000", "maximum = 6_000_000") == same
    assert schema('ratio = ["amount", "employees"]', 'ratio = ["amount", "jobsCreated"]') != same
    assert schema('["amount", "guaranteeShare"', '["amount"') != same


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            'segments = ["newBusiness"',
            'segments = ["nobody"',
            "card.segments names no feature: nobody",
        ),
        ('features = ["lender"]', 'features = ["nobody"]', "card.limits names no feature: nobody"),
        ('en = "The lender is who', 'fr = "The lender is who', "card.limits"),
        (
            'ratio = ["amount", "employees"]',
            'ratio = ["amount", "employees"], measure = "volume"',
            "measures peers",
        ),
        ('["lender"], measure = "volume"', '["lender"], measure = "loudness"', "loudness"),
        ("peer_months = 60", "peer_months = 36", "peer_months must be above outcome_months"),
    ],
)
def test_what_a_card_or_a_measure_cannot_be_is_told(tmp_path, old, new, told):
    assert told in refusal_of(tmp_path, old, new)


@pytest.mark.parametrize("path", [PROFILE_FILE, GERMAN], ids=["sba", "german"])
def test_every_feature_that_a_model_uses_has_a_text_of_its_own_in_both_languages(path):
    profile = load(path)
    used = {name for model in profile.models.values() for name in model.features}

    for language in ("es", "en"):
        texts = [profile.features[name].reason.said_in(language).strip() for name in used]
        assert all(texts)
        assert len(set(texts)) == len(texts)  # a derived feature is not told as its source


def test_the_policy_is_made_once(sba):
    assert sba.policy is sba.policy


@pytest.mark.parametrize("path", [PROFILE_FILE, GERMAN], ids=["sba", "german without [outcomes]"])
@pytest.mark.parametrize(
    ("source", "trust"),
    [
        ("file:credit/newData/loans.csv", "trusted"),
        ("file:credit/newData/reported/loans.csv", "untrusted"),
        ("apiKey:a1b2c3d4e5", "untrusted"),
        ("person:1a2b", "untrusted"),
    ],
)
def test_files_of_the_bank_are_trusted_and_those_of_its_partners_are_not(path, source, trust):
    assert trust_of(source, load(path).outcomes.rules) == trust
