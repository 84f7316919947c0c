"""`make verify-aws`, on the stage that test_deployed.py left."""

import re

import boto3
import pytest

from infrastructure.deploy.steps import api_keys
from infrastructure.verify.checklist import checks
from localcloud.services.servicequotas.account_quotas import TABLE

TABLE_OF_DECISIONS = "dev-appvengers-PrediccionesCredito"
(CONCURRENCY,) = (quota for quota in TABLE if quota.code == "L-96300102")
# What the embedded cloud can prove of itself; the rest says why it can't.
PROVED = {"quotas", "trainings", "endpoints", "alive", "ready", "strangers", "denials", "failures",
          "event-sources", "compressed", "backups"}  # fmt: skip
WIDE = {"COLUMNS": "400"}


def stored() -> int:
    return boto3.client("dynamodb").scan(TableName=TABLE_OF_DECISIONS, Select="COUNT")["Count"]


def endings(said: str) -> dict[str, str]:
    found = re.findall(r"^│ (\S+) +│ .*│ (proved|failed|not applicable) +│", said, re.MULTILINE)
    return dict(found)


def test_a_deployed_stage_fails_nothing_and_is_not_changed(deployed):
    before = stored()
    code, said = deployed.operator.run("infrastructure.verify", "--stage", "dev", **WIDE)
    found = endings(said)

    assert code == 0, said
    assert list(found) == [check.name for check in checks()]
    assert {name for name, ending in found.items() if ending == "proved"} == PROVED
    assert stored() == before
    assert "the embedded cloud has no X-Ray" in said
    assert "it changes something: YES=yes" in said
    assert "not yet on AWS" in said


def test_with_yes_predictions_are_made_too(deployed):
    before = stored()
    code, said = deployed.operator.run("infrastructure.verify", "--stage", "dev", "--yes", **WIDE)

    assert code == 0, said
    found = endings(said)
    assert (found["predict"], found["async"]) == ("proved", "proved"), said
    assert stored() == before + 4  # two decisions, and a claim and a mark of the second


@pytest.fixture
def spoilt(deployed):
    gateway = boto3.client("apigateway")
    (key,) = [one.id for one in api_keys.keys(gateway, deployed.settings) if one.scope == "scoring"]
    gateway.update_api_key(
        apiKey=key, patchOperations=[{"op": "replace", "path": "/enabled", "value": "false"}]
    )
    deployed.cloud.quotas.grant(CONCURRENCY, 8)
    yield deployed
    deployed.cloud.quotas.grant(CONCURRENCY, 10)
    gateway.update_api_key(
        apiKey=key, patchOperations=[{"op": "replace", "path": "/enabled", "value": "true"}]
    )


def test_what_is_wrong_is_failed_with_the_reason(spoilt):
    code, said = spoilt.operator.run("infrastructure.verify", "--stage", "dev", **WIDE)
    found = endings(said)

    assert code == 1
    assert {name for name, ending in found.items() if ending == "failed"} == {"quotas", "ready"}
    assert "is 8 in this account. dev needs 9" in said
    assert "GET /ready answered 403" in said


def test_a_stage_that_is_not_there_is_told_row_by_row(deployed):
    code, said = deployed.operator.run("infrastructure.verify", "--stage", "prod", **WIDE)

    assert code == 1
    assert "Traceback" not in said
    assert endings(said)["endpoints"] == "failed"
    assert "No REST API named appvengers leads to appvengers-prod." in said
