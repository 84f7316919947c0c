"""Which quotas a stage needs, and what a person reads when one is too low."""

import msgspec
import pytest

from chalicelib import profile
from infrastructure.account import quotas
from infrastructure.account.quotas import Granted

BANK = profile.load()
REGION = "us-east-1"


def needed(stage="dev", **endpoint):
    if endpoint:
        table = BANK.endpoint | {stage: profile.Endpoint(**endpoint)}
        bank = msgspec.structs.replace(BANK, endpoint=table)
    else:
        bank = BANK
    return {need.name: need for need in quotas.needs(bank, stage, rules=6)}


def concurrency(value, in_use=0, each=5):
    need = needed(memory_mb=2048, max_concurrency=each)[quotas.CONCURRENCY]
    return quotas.fault(need, Granted("L-96300102", value, in_use), "dev", REGION)


def test_a_quota_that_is_met_exactly_is_enough():
    assert concurrency(15) == ""
    assert concurrency(20, in_use=5) == ""
    assert concurrency(14) != ""
    assert concurrency(20, in_use=6) != ""


def test_ten_one_and_none_are_three_sentences_that_say_what_to_do():
    ten, single, none = concurrency(10), concurrency(1), concurrency(0)

    assert "is 10 in this account. dev needs 15 (3 models x max_concurrency 5): 5 too few" in ten
    assert "Or set max_concurrency = 3 in [endpoint.dev] of chalicelib/credit.toml." in ten
    assert "1 is not even 1 for each of the 3 models" in single
    assert "This account can run no serverless endpoint now." in none
    for said in (single, none):
        assert 'instances = { type = "ml.m5.large", count = 1 } in [endpoint.dev]' in said
        assert "max_concurrency = " not in said
    for said in (ten, single, none):
        assert (
            "aws service-quotas request-service-quota-increase --service-code sagemaker "
            "--quota-code L-96300102 --desired-value 15 --region us-east-1" in said
        )


def test_what_others_use_is_asked_for_too():
    said = concurrency(10, in_use=4, each=3)

    assert "is 10 in this account, of which others use 4. dev needs 9" in said
    assert "3 too few" in said
    assert "--desired-value 13 " in said
    assert "max_concurrency = 2 in" in said


def test_a_stage_on_instances_needs_them_twice_and_nothing_serverless():
    found = needed(instances=profile.Instances("ml.m5.large", 2))

    assert found["ml.m5.large for endpoint usage"].amount == 12
    assert quotas.CONCURRENCY not in found


@pytest.mark.parametrize(
    ("name", "amount"),
    [
        ("ml.m5.large for training job usage", 3),
        ("ml.m5.large for processing job usage", 3),
        (quotas.ALL_TRAININGS, 3),
        (quotas.ALL_PROCESSINGS, 3),
        (quotas.EXECUTIONS, 5),
        (quotas.RULES, 6),
        (quotas.PARAMETERS, 1),
        (quotas.ENDPOINTS, 3),
    ],
)
def test_a_deployment_of_three_models_needs(name, amount):
    need = needed()[name]

    assert need.amount == amount
    assert quotas.fault(need, Granted("L-1", amount), "dev", REGION) == ""
    assert "1 too few" in quotas.fault(need, Granted("L-1", amount - 1), "dev", REGION)


def test_what_aws_never_raises_has_no_command():
    said = quotas.fault(needed()[quotas.PARAMETERS], Granted("", 10_000, 10_000), "dev", REGION)

    assert "1 too few" in said
    assert "aws service-quotas" not in said


def test_every_type_of_the_profile_has_a_known_code():
    """Others are looked up by their name among some 3,000 quotas."""
    for stage in BANK.endpoint:
        for name in {*needed(stage)} - {quotas.PARAMETERS, quotas.PROVISIONED}:
            assert quotas.CODES[name].startswith("L-")


def test_lambdas_quota_is_held_against_the_rate_that_the_api_lets_through():
    """A decision takes 0.65 s of functions: 65 at once are 100 a second."""
    assert quotas.throttled(Granted("L-B99A9384", 65), 100, 0.65, "prod") == ""
    said = quotas.throttled(Granted("L-B99A9384", 10), 100, 0.65, "prod")

    assert "is 10: about 15 decisions a second, while the API lets 100 through in prod" in said
    assert "65 are enough" in said


def test_provisioned_concurrency_is_needed_where_the_profile_asks_for_it():
    given = {"memory_mb": 2048, "max_concurrency": 5}
    need = needed(**given, provisioned=2)[quotas.PROVISIONED]

    assert quotas.PROVISIONED not in needed(**given)
    assert need.amount == 6
    assert quotas.fault(need, Granted("L-1", 6), "dev", REGION) == ""
    said = quotas.fault(need, Granted("L-1", 5), "dev", REGION)
    assert "dev needs 6 (3 models x provisioned 2): 1 too few" in said
    assert "--quota-code L-1 --desired-value 6 " in said
    assert "a smaller provisioned in [endpoint.dev]" in said


def test_the_quota_of_provisioned_concurrency_is_known_by_its_words():
    need = needed(memory_mb=2048, max_concurrency=5, provisioned=2)[quotas.PROVISIONED]

    assert quotas.is_named(need, "Maximum provisioned concurrency across all serverless endpoints")
    assert not quotas.is_named(need, quotas.CONCURRENCY)
    assert not quotas.is_named(need, quotas.ENDPOINTS)
