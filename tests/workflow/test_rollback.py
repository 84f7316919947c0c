"""One command, and the version before answers again."""

import os
import subprocess
import sys

import boto3
import pytest

from chalicelib import profile
from chalicelib.models.endpoints import ModelEndpoints
from chalicelib.models.model_bucket import ModelBucket
from infrastructure.operate.rollback import CannotRollBack, roll_back
from tests.workflow.conftest import reversioned

MODEL = "NetworkingAccelerator"
VERSIONS = [f"2031010{day}T000000" for day in range(1, 5)]
PREFIX = f"dev-appvengers-{MODEL}"


@pytest.fixture(scope="module")
def rolling(served):
    """Roll back what the module has uploaded: four versions, one after the other."""
    body = served.artifact(MODEL)
    for version in VERSIONS:
        key = f"appvengers/{MODEL}/{version}/model.tar.gz"
        served.upload(key, reversioned(body, version))
    chosen = profile.load()
    client, bucket = boto3.client("sagemaker"), served.bank.settings.model_bucket
    endpoints = ModelEndpoints(
        client, "dev-appvengers", "", chosen.endpoint["dev"], chosen.sagemaker
    )

    def back(model=MODEL, version=None):
        roll_back(model, version, chosen, ModelBucket(boto3.client("s3"), bucket), endpoints)
        served.bank.cloud.idle(30)

    return back


def answers(served):
    return served.get("/models").json()["models"][MODEL]["version"]


def there():
    sagemaker = boto3.client("sagemaker")
    configs = sagemaker.list_endpoint_configs(NameContains=PREFIX)["EndpointConfigs"]
    models = sagemaker.list_models(NameContains=PREFIX)["Models"]
    names = [one["EndpointConfigName"] for one in configs], [one["ModelName"] for one in models]
    return tuple(
        {name.removeprefix(f"{PREFIX}-") for name in found if name.startswith(PREFIX)}
        for found in names
    )


def test_the_live_version_and_the_one_before_are_kept_and_older_ones_cleared(served, rolling):
    assert there() == ({*VERSIONS[2:]}, {*VERSIONS[2:]})


def test_the_version_before_answers_again(served, rolling, capsys):
    rolling()

    assert answers(served) == VERSIONS[2]
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"{MODEL}: {VERSIONS[3]} answers now, {VERSIONS[2]} will."
    assert said[-1] == f"{MODEL} {VERSIONS[2]} answers."


def test_a_second_rollback_goes_one_further_back_and_never_forward(served, rolling):
    if answers(served) == VERSIONS[3]:
        rolling()
    rolling()

    assert answers(served) == VERSIONS[1]


def test_a_version_that_was_cleared_away_comes_back_by_its_name(served, rolling):
    rolling(version=VERSIONS[0])

    assert answers(served) == VERSIONS[0]
    assert VERSIONS[0] in there()[0]


@pytest.mark.parametrize(
    ("model", "version", "told"),
    [
        ("Otro", None, "no model of the profile: Tradicional"),
        (MODEL, "20990101T000000", f"choose one of: .*{VERSIONS[1]}, {VERSIONS[2]}, {VERSIONS[3]}"),
        (MODEL, VERSIONS[0], f"{VERSIONS[0]} is in service already; choose one of"),
    ],
)
def test_what_cannot_be_brought_back_is_told_with_what_there_is(
    served, rolling, model, version, told
):
    if version == VERSIONS[0] and answers(served) != version:
        rolling(version=version)
    before = (answers(served), there())
    with pytest.raises(CannotRollBack, match=told):
        rolling(model, version)

    assert (answers(served), there()) == before


def test_a_version_of_another_profile_is_not_brought_back(served, rolling):
    """What createEndpointModel would refuse is told before anything is done."""
    bucket = served.bank.settings.model_bucket
    s3, key = boto3.client("s3"), f"verified/{MODEL}/{VERSIONS[1]}/model.tar.gz"
    whole = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    s3.put_object(Bucket=bucket, Key=key, Body=whole[:1000])
    before = answers(served)
    with pytest.raises(CannotRollBack, match="would be refused: It can't be read"):
        rolling(version=VERSIONS[1])
    s3.put_object(Bucket=bucket, Key=key, Body=whole)

    assert answers(served) == before


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("status", ["", "Failed", "OutOfService", "UpdateRollbackFailed"])
def test_what_is_gone_or_broken_comes_back_as_it_was_or_by_its_name(
    served, rolling, loans, capsys, status, named
):
    before, endpoints = answers(served), served.bank.cloud.endpoints
    if status:
        endpoints.remove(PREFIX)
        endpoints.records[PREFIX].endpoint_status = status
    else:
        boto3.client("sagemaker").delete_endpoint(EndpointName=PREFIX)
    rolling(version=before if named else None)

    assert served.predict(loans[0])["models"][MODEL]["version"] == before
    told = f"{MODEL}: no single version answers now, {before} will."
    assert capsys.readouterr().out.startswith(told)


def test_the_command_works_from_another_process(served, rolling):
    """As an operator runs it, against the port that speaks AWS."""
    port = served.bank.cloud.serve_aws(0)
    command = [sys.executable, "-m", "infrastructure.operate.rollback", "--stage", "dev"]
    done = subprocess.run(
        [*command, "--model", MODEL, "--version", VERSIONS[1]],
        capture_output=True,
        text=True,
        env={**os.environ, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"},
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(f"{MODEL} {VERSIONS[1]} answers.\n")
    assert answers(served) == VERSIONS[1]
