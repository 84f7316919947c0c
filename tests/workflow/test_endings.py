"""How a training or a deployment ended is told, once, and by one teller."""

import io
import json
import tarfile
import time

import boto3
import pytest

from chalicelib.models import deployment
from chalicelib.models.artifact import verify
from chalicelib.models.model_bucket import ModelBucket
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
    job = "dev-appvengers-Tradicional-broken"
    train(served, job, "credit/snapshots/broken/")
    boto3.client("s3").delete_object(Bucket=bucket, Key=key)
    (told,) = [one for one in notices(served, "Entrenamiento fallido") if job in one]

    assert "aws sagemaker describe-training-job" in told
    assert "part-0.csv" not in told


def test_a_state_machine_tells_of_its_own_trainings(served):
    key, bucket = "credit/snapshots/00000000-nowhere/notes.txt", served.bank.settings.data_bucket
    boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=b"no applications")
    before = len(served.bank.cloud.notices)
    train(
        served,
        "dev-appvengers-Tradicional-ofthemachine",
        "credit/snapshots/00000000-nowhere/",
        Environment={"STARTED_BY": "reentrenamiento"},
    )
    boto3.client("s3").delete_object(Bucket=bucket, Key=key)

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


def test_what_comes_back_after_a_restart_is_not_told_again(served):
    cloud, before = served.bank.cloud, len(served.bank.cloud.notices)
    since = served.get("/models").json()["models"][MODEL]["since"]
    record = cloud.endpoints.records[f"dev-appvengers-{MODEL}"]
    cloud.endpoints.deploy(record, record.endpoint_config_name, "Creating")  # as `restore` does
    cloud.idle(30)

    assert len(served.bank.cloud.notices) == before
    assert served.get("/models").json()["models"][MODEL]["since"] == since


def test_what_was_taken_away_and_made_again_is_told(served):
    sagemaker, name = boto3.client("sagemaker"), f"dev-appvengers-{MODEL}"
    config = sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"]
    before = len(served.bank.cloud.notices)
    sagemaker.delete_endpoint(EndpointName=name)
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
    served.bank.cloud.idle(30)

    assert [one.subject for one in served.bank.cloud.notices[before:]] == ["Modelo en servicio"]


def test_a_failed_update_is_told_in_a_line(served):
    """A model that no container can load: SageMaker's reason is its whole traceback."""
    sagemaker, name = boto3.client("sagemaker"), f"dev-appvengers-{MODEL}"
    like = sagemaker.describe_model(
        ModelName=sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"]
    )
    s3, bucket = boto3.client("s3"), served.bank.settings.model_bucket
    s3.put_object(Bucket=bucket, Key="verified/line.tar.gz", Body=archive_that_raises())
    container = like["PrimaryContainer"] | {"ModelDataUrl": f"s3://{bucket}/verified/line.tar.gz"}
    config = f"{name}-line"
    sagemaker.create_model(
        ModelName=config, ExecutionRoleArn=like["ExecutionRoleArn"], PrimaryContainer=container
    )
    variant = {"VariantName": "AllTraffic", "ModelName": config}
    serverless = {"MemorySizeInMB": 1024, "MaxConcurrency": 1}
    sagemaker.create_endpoint_config(
        EndpointConfigName=config, ProductionVariants=[{**variant, "ServerlessConfig": serverless}]
    )
    sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=config)
    served.bank.cloud.idle(30)
    reason = sagemaker.describe_endpoint(EndpointName=name)["FailureReason"]
    told = notices(served, "Despliegue revertido")[-1]

    assert reason.count("\n") > 3
    _, _, line = told.partition("\n")
    assert "\n" not in line
    assert len(line) < 320
    assert "no such package" in line
    assert "describe-endpoint" in line


def archive_that_raises() -> bytes:
    packed, code = io.BytesIO(), b"raise ImportError('no such package')"
    member = tarfile.TarInfo("code/inference.py")
    member.size = len(code)
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.addfile(member, io.BytesIO(code))
    return packed.getvalue()


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("UpdateRollbackFailed", "Responden dos versiones: suba de nuevo"),
        ("OutOfService", "No responde: suba de nuevo"),
    ],
)
def test_an_endpoint_that_is_half_in_service_is_told_with_what_to_do(served, status, told):
    endpoints, using = HalfInService(status, services().endpoints.live(MODEL)), services()
    deployment.changed(
        f"dev-appvengers-{MODEL}", using.profile, using.models, endpoints, using.topic
    )

    assert told in notices(served, "Despliegue fallido")[-1]


class HalfInService:
    """An endpoint as no embedded cloud has it."""

    def __init__(self, status, live):
        self._live = live | {"status": status, "since": f"2034-02-01T00:00:00+00:00-{status}"}

    def live(self, model):
        return self._live


def test_an_upload_that_is_gone_before_its_event_is_told_and_ends_well(served):
    key = f"appvengers/{MODEL}/20340201T000000/model.tar.gz"
    bucket = {"name": served.bank.settings.model_bucket}
    record = {"eventTime": "2034-02-01T00:00:00.000Z", "s3": {"bucket": bucket}}
    event = {"Records": [record | {"s3": record["s3"] | {"object": {"key": key}}}]}
    answer = boto3.client("lambda").invoke(
        FunctionName="appvengers-dev-createEndpointModel", Payload=json.dumps(event)
    )

    assert "FunctionError" not in answer
    assert key in notices(served, "Modelo rechazado")[-1]
    assert "upload it again" in notices(served, "Modelo rechazado")[-1]


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
        deployment.changed(
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
