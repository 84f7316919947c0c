"""The first day of a stage's decisions: written while the table is empty, and by nobody later."""

from datetime import UTC, date, datetime

import boto3
import pytest

from chalicelib.decisions.lists.first_day import SECONDS_KEPT, FirstDay
from chalicelib.decisions.predictions import PredictionTable
from chalicelib.foundation.settings import Settings
from infrastructure.deploy.steps import stage_parameters
from infrastructure.deploy.steps.stack import deploy
from localcloud.embedded_cloud import embedded_cloud

DEV = Settings("appvengers", "dev", "us-east-1")
NOW = datetime(2026, 11, 29, 0, 30, tzinfo=UTC)
DECIDED = {"clientId": "ana", "predictionId": "0" * 32, "createdAt": "2026-11-01T00:00:00.000Z"}


@pytest.fixture
def clients():
    with embedded_cloud(None):
        deploy(boto3.client("cloudformation"), "appvengers", "dev")
        yield boto3.client("ssm"), boto3.client("dynamodb")


def first_day(ssm):
    return FirstDay(ssm, DEV.first_day_parameter).day()


def test_an_empty_table_has_no_decision_before_yesterday_whoever_deploys_later(clients):
    ssm, dynamodb = clients
    assert first_day(ssm) is None
    stage_parameters.keep_first_day(ssm, dynamodb, DEV, NOW)
    assert first_day(ssm) == date(2026, 11, 28)
    stage_parameters.keep_first_day(ssm, dynamodb, DEV, NOW.replace(year=2027))
    assert first_day(ssm) == date(2026, 11, 28)
    assert DEV.first_day_parameter in "".join(stage_parameters.delete(ssm, DEV))
    assert first_day(ssm) is None


def test_a_table_with_items_may_have_older_ones(clients):
    ssm, dynamodb = clients
    PredictionTable(dynamodb, DEV.predictions_table).add(DECIDED)
    stage_parameters.keep_first_day(ssm, dynamodb, DEV, NOW)

    assert first_day(ssm) is None


def test_a_parameter_that_is_no_day_counts_as_none(clients):
    ssm, _ = clients
    ssm.put_parameter(Name=DEV.first_day_parameter, Value="soon", Type="String")

    assert first_day(ssm) is None


def test_it_is_read_once_in_ten_minutes_also_while_there_is_none(clients):
    ssm, dynamodb = clients
    now = [0.0]
    known = FirstDay(ssm, DEV.first_day_parameter, lambda: now[0])
    assert known.day() is None
    stage_parameters.keep_first_day(ssm, dynamodb, DEV, NOW)
    now[0] = SECONDS_KEPT - 1
    assert known.day() is None
    now[0] = SECONDS_KEPT
    assert known.day() == date(2026, 11, 28)
