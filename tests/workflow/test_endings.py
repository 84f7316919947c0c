"""How a training or a deployment ended is told, once, and by one teller."""

import json
import time

import boto3
import pytest

from chalicelib import model_endpoints
from chalicelib.artifact import verify
from chalicelib.model_bucket import ModelBucket
from chalicelib.services import services
from tests.workflow.conftest import reversioned

MODEL = "Tradicional"


def notices(served, subject):
    return [one.message for one in served.bank.cloud.notices if one.subject == subject]


def job_of(model):
    """The job that trained the first version."""
    found = boto3.client("sagemaker").list_training_jobs(StatusEquals="Completed")
    names = [one["TrainingJobName"] for one in found["TrainingJobSummaries"]]
    return min(name for name in names if name.startswith(f"dev-appvengers-{model}-"))


def bring(served, model, version, body):
    served.upload(f"appvengers/{model}/{version}/model.tar.gz", body)
    return served.get("/models").json()["models"][model]


def train(served, name, snapshot, **more):
    """The model's job again, on another snapshot."""
    sagemaker = boto3.client("sagemaker")
    like = sagemaker.describe_training_job(TrainingJobName=job_of(MODEL))
    bucket = served.bank.settings.data_bucket
    channels = like["InputDataConfig"]
    channels[0]["DataSource"]["S3DataSource"]["S3Uri"] = f"s3://{bucket}/{snapshot}"
    algorithm = {
        key: like["AlgorithmSpecification"][key] for key in ("TrainingImage", "TrainingInputMode")
    }
    sagemaker.create_training_job(
        TrainingJobName=name,
        AlgorithmSpecification=algorithm,
        HyperParameters=like["HyperParameters"],
        InputDataConfig=channels,
        **{
            key: like[key]
            for key in ("RoleArn", "OutputDataConfig", "ResourceConfig", "StoppingCondition")
        },
        **more,
    )
    served.bank.cloud.idle(60)


def test_a_training_that_ended_well_is_told_with_its_metrics(served):
    told = notices(served, "Entrenamiento terminado")

    for model in ("Tradicional", "NetworkingAccelerator", "AppVengersAccelerator"):
        (one,) = [message for message in told if f"dev-appvengers-{model}-" in message]
        assert "auc 0." in one


def test_a_training_that_failed_is_told_without_its_reason_which_may_quote_data(served):
    key = "credit/snapshots/broken/part-0.csv"
    bucket = served.bank.settings.data_bucket
    boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=b"amount,clientId\n12,ana-maria\n")
    train(served, "dev-appvengers-Tradicional-broken", "credit/snapshots/broken/")
    boto3.client("s3").delete_object(Bucket=bucket, Key=key)
    (told,) = notices(served, "Entrenamiento fallido")

    assert "dev-appvengers-Tradicional-broken" in told
    assert "aws sagemaker describe-training-job" in told
    assert "part-0.csv" not in told


def test_a_state_machine_tells_of_its_own_trainings(served):
    before = len(served.bank.cloud.notices)
    train(
        served,
        "dev-appvengers-Tradicional-ofthemachine",
        "credit/snapshots/nowhere/",
        Environment={"STARTED_BY": "reentrenamiento"},
    )

    assert len(served.bank.cloud.notices) == before


def test_an_ending_that_is_told_twice_is_one_notice(served):
    version = "20340101T000000"
    key = f"appvengers/{MODEL}/{version}/model.tar.gz"
    served.upload(key, reversioned(served.artifact(MODEL), version))
    before = len(served.bank.cloud.notices)
    event = {
        "version": "0", "id": "again", "account": "", "region": "us-east-1", "resources": [],
        "detail-type": "SageMaker Endpoint State Change", "source": "aws.sagemaker",
        "time": "2034-01-01T00:00:00Z",
        "detail": {"EndpointName": f"dev-appvengers-{MODEL}", "EndpointStatus": "IN_SERVICE"},
    }  # fmt: skip
    for _ in range(3):
        answer = boto3.client("lambda").invoke(
            FunctionName="appvengers-dev-endpointChanged", Payload=json.dumps(event)
        )
        assert "FunctionError" not in answer

    assert len(served.bank.cloud.notices) == before
    assert sum(version in told for told in notices(served, "Modelo en servicio")) == 1


class Refusing:
    """A topic that takes nothing."""

    def publish(self, kind, what, detail):
        raise PermissionError(kind)


def test_a_topic_that_refuses_holds_no_waiting_version_up(served):
    using, version = services(), "20340301T000000"
    body = reversioned(served.artifact(MODEL), version)
    using.models.accept(MODEL, version, body, verify(body, MODEL, version, using.profile))
    now = time.strftime("%Y-%m-%dT%H:%M:%S.999Z", time.gmtime())
    using.models.arrived(MODEL, version, now)  # while the endpoint was busy

    with pytest.raises(PermissionError):
        model_endpoints.changed(
            f"dev-appvengers-{MODEL}", using.profile, using.models, using.endpoints, Refusing()
        )
    served.bank.cloud.idle(30)

    assert using.endpoints.live(MODEL)["version"] == version


def test_models_tells_where_the_champion_came_from(served, loans):
    shown = served.get("/models").json()["models"]
    answered = served.predict(loans[0])["models"]

    for model, one in shown.items():
        assert one["sha256"] == answered[model]["sha256"]
        assert one["snapshot"]
        assert one["metrics"]["auc"] > 0.5
        assert one["since"] <= time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + 2))


def test_a_model_that_was_brought_by_hand_has_no_job(served):
    model, by_hand = "NetworkingAccelerator", "20340102T000000"
    job = job_of(model)
    trained = job.rpartition("-")[2]
    bucket = ModelBucket(boto3.client("s3"), served.bank.settings.model_bucket)
    body = bucket.verified_artifact(model, trained)

    assert bring(served, model, by_hand, reversioned(body, by_hand))["job"] is None
    assert bring(served, model, trained, body)["job"] == job
