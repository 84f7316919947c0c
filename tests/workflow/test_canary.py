"""With instances in the profile a new version is tried, by the template's own alarms."""

import time
from datetime import UTC, datetime

import boto3
import pytest

from chalicelib import profile
from chalicelib.foundation.notifications import NotificationTopic
from chalicelib.models.deployment import converge
from chalicelib.models.endpoints import ModelEndpoints
from chalicelib.models.model_bucket import ModelBucket
from chalicelib.profile import Canary, Endpoint, Instances
from localcloud.cloud import ACCOUNT
from tests.workflow.conftest import manifest_of, reversioned, watch

MODEL = "Tradicional"
MACHINES = Endpoint(
    instances=Instances("ml.m5.large", 2), canary=Canary(bake_seconds=3, instances=1)
)
ALARM = f"dev-appvengers-model-latency-{MODEL}"
VERSIONS = [f"2037010{day}T000000" for day in range(1, 4)]


@pytest.fixture(scope="module")
def arrive(served):
    """A version that was verified comes to endpoints on instances."""
    body, settings = served.artifact(MODEL), served.bank.settings
    client, chosen = boto3.client("sagemaker"), profile.load()
    role = settings.role_arn("endpoints", ACCOUNT)
    on_machines = ModelEndpoints(client, settings.prefix, role, MACHINES, chosen.sagemaker)
    bucket = ModelBucket(boto3.client("s3"), settings.model_bucket)
    topic = NotificationTopic(boto3.client("sns"), settings.topic_arn(ACCOUNT))

    def come(version):
        key = f"verified/{MODEL}/{version}/model.tar.gz"
        boto3.client("s3").put_object(Bucket=bucket.name, Key=key, Body=reversioned(body, version))
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        bucket.arrived(MODEL, version, now.replace("+00:00", "Z"))
        converge(MODEL, bucket, on_machines, topic)

    yield come
    boto3.client("sagemaker").delete_endpoint(EndpointName=f"dev-appvengers-{MODEL}")
    version = manifest_of(body)["version"]
    served.upload(f"appvengers/{MODEL}/{version}/model.tar.gz", body)


def live():
    found = boto3.client("sagemaker").describe_endpoint(EndpointName=f"dev-appvengers-{MODEL}")
    return found["EndpointConfigName"].rpartition("-")[2], found["EndpointStatus"]


def ring(state):
    boto3.client("cloudwatch").set_alarm_state(
        AlarmName=ALARM, StateValue=state, StateReason="drill"
    )


def test_from_serverless_to_machines_all_traffic_moves_at_once(served, arrive):
    arrive(VERSIONS[0])
    served.bank.cloud.idle(30)

    assert live() == (VERSIONS[0], "InService")


def standing(desk, version):
    return desk.ask("auditor", "GET", f"/models/{MODEL}/versions/{version}").json()


def until_it_bakes(desk, version):
    deadline = time.monotonic() + 30
    while True:
        found = standing(desk, version)
        if found["deployment"] and found["deployment"]["stages"][0]["status"] == "Baking":
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def test_a_canary_whose_alarm_rings_is_rolled_back_and_told(served, desk, loans, arrive):
    arrive(VERSIONS[1])
    watched = until_it_bakes(desk, VERSIONS[1])
    assert live() == (VERSIONS[0], "Updating")
    ring("ALARM")
    served.bank.cloud.idle(30)
    ring("OK")
    notice = served.bank.cloud.notices[-1]
    ended = standing(desk, VERSIONS[1])

    assert (watched["state"], watched["endpoint"]["version"]) == ("DEPLOYING", VERSIONS[0])
    assert watched["deployment"] == {
        "version": VERSIONS[1], "instances": 2, "wantedInstances": 2,
        "stages": [{"status": "Baking", "message": "Baking with 50% of the traffic"}],
    }  # fmt: skip
    assert (ended["state"], ended["deployment"]) == ("FAILED", None)
    assert ALARM in ended["endpoint"]["failure"]

    assert live() == (VERSIONS[0], "InService")
    assert notice.subject == "Despliegue revertido"
    assert f"{MODEL} {VERSIONS[1]}" in notice.message
    assert ALARM in notice.message
    assert served.predict(loans[0])["models"][MODEL]["version"] == VERSIONS[0]


def test_a_canary_in_good_health_takes_over(served, loans, arrive):
    arrive(VERSIONS[2])
    served.bank.cloud.idle(30)

    assert live() == (VERSIONS[2], "InService")
    assert served.predict(loans[0])["models"][MODEL]["version"] == VERSIONS[2]


def test_instances_go_on_answering_until_somebody_deletes_them_for_serverless(
    served, loans, arrive
):
    """AWS refuses the update. A retraining must not take a model away that answers."""
    version, name = "20370201T000000", f"dev-appvengers-{MODEL}"
    body = reversioned(served.artifact(MODEL), version)
    before = len(served.bank.cloud.notices)
    for _ in range(2):
        served.upload(f"appvengers/{MODEL}/{version}/model.tar.gz", body)
        shown = served.get("/models").json()["models"][MODEL]
        assert (shown["version"], shown["waiting"]) == (VERSIONS[2], version)
        assert served.predict(loans[0])["models"][MODEL]["version"] == VERSIONS[2]
    told = served.bank.cloud.notices[before:]
    assert {one.subject for one in told} == {"Modelo en espera"}
    assert f"aws sagemaker delete-endpoint --endpoint-name {name}" in told[0].message
    boto3.client("sagemaker").delete_endpoint(EndpointName=name)
    watch()
    served.bank.cloud.idle(30)

    shown = served.get("/models").json()["models"][MODEL]
    assert (shown["version"], shown["status"]) == (version, "InService")
    assert "waiting" not in shown
