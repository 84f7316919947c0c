"""Decisions as the bank stored them, replayed from its table and its model bucket."""

import boto3
import pytest
from click.testing import CliRunner

from tests.workflow.conftest import changed, manifest_of
from workbench import replay


def replayed(*arguments: str) -> tuple[int, list[str]]:
    done = CliRunner().invoke(replay.main, arguments)
    assert not done.exception or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout.splitlines()


@pytest.fixture(scope="module")
def answers(served, loans):
    return [served.predict(loan) for loan in loans[500:508]]


def test_a_stored_decision_is_identical(answers):
    client, prediction = answers[0]["clientId"], answers[0]["predictionId"]

    assert replayed(client, prediction) == (0, [f"identical  {client} {prediction}"])


def test_the_newest_decisions_are_identical(answers):
    status, lines = replayed("--all", "5")
    newest = [f"identical  {a['clientId']} {a['predictionId']}" for a in answers[:-6:-1]]

    assert status == 0
    assert lines == [*newest, "5 replayed, 5 identical, 0 not"]


def test_one_with_a_code_that_no_loan_had_is_identical_and_hiding_that_is_seen(served, loans):
    invented = {"application": loans[500]["application"] | {"lender": "BANK OF NOBODY"}}
    answer = served.predict(loans[500] | invented)
    table = boto3.resource("dynamodb").Table(served.bank.settings.predictions_table)
    key = {name: answer[name] for name in ("clientId", "predictionId")}
    honest = replayed(*key.values())
    item = table.get_item(Key=key)["Item"]
    del item["unseen"]
    table.put_item(Item=item)

    assert honest == (0, [f"identical  {key['clientId']} {key['predictionId']}"])
    assert replayed(*key.values())[1][1:] == [
        "  unseen: None is stored, ['lender'] comes out",
    ]


def test_an_artifact_that_was_replaced_in_the_bucket_is_refused(served, answers):
    version = answers[0]["models"]["Tradicional"]["version"]
    key = f"verified/Tradicional/{version}/model.tar.gz"
    bucket = boto3.resource("s3").Bucket(served.bank.settings.model_bucket)
    original = served.artifact("Tradicional")
    body = changed(original, scorecard__json=b"{}")
    served.upload(key, body)
    status, lines = replayed(answers[0]["clientId"], answers[0]["predictionId"])
    served.upload(key, original)

    assert bucket.Object(key).get()["Body"].read() == original
    assert manifest_of(body) == manifest_of(original)
    assert (status, lines[1:]) == (
        1,
        [f"  model Tradicional {version}: refused, scorecard.json is not the recorded one"],
    )


def test_a_value_that_was_changed_in_the_table_is_named(served, answers):
    table = boto3.resource("dynamodb").Table(served.bank.settings.predictions_table)
    key = {name: answers[1][name] for name in ("clientId", "predictionId")}
    item = table.get_item(Key=key)["Item"]
    table.put_item(Item=item | {"application": item["application"] | {"state": "ZZ"}})
    status, lines = replayed(*key.values())
    table.put_item(Item=item)

    assert status == 1
    assert lines[1] == "  feature state: not the value that was scored"


def test_what_is_not_there_and_what_is_not_asked_is_told(served):
    missing = CliRunner().invoke(replay.main, ["nobody", "0a"])

    assert (missing.exit_code, "nobody has no prediction 0a" in missing.output) == (1, True)
    assert CliRunner().invoke(replay.main, []).exit_code == 2
    assert CliRunner().invoke(replay.main, ["ana", "0a", "--all", "3"]).exit_code == 2


def test_a_bank_that_is_not_there_is_told_with_what_to_do(served):
    away = CliRunner().invoke(replay.main, ["ana", "0a", "--stage", "prod"])

    assert away.exit_code == 1
    assert "The bank of stage prod can't be read" in away.output
    assert "python -m bank env" in away.output
