"""A new version on a part of the traffic, and back if an alarm rings."""

import threading
import time
from collections import Counter
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from localcloud.cloud import Cloud
from tests.contract.conftest import ask, make_model, permit

ALARM = "model-errors"


@pytest.fixture(autouse=True)
def instances(cloud: Cloud) -> None:
    """The endpoint `a` on two machines, which multiplies by one, and a version that does by two."""
    for factor, name in ((1, "one"), (2, "two")):
        make_model(name, factor=factor)
    boto3.client("cloudwatch").put_metric_alarm(
        AlarmName=ALARM, ComparisonOperator="GreaterThanThreshold", EvaluationPeriods=1,
        Threshold=5, Namespace="AWS/SageMaker", MetricName="Invocation4XXErrors", Period=60,
        Statistic="Sum",
    )  # fmt: skip
    boto3.client("sagemaker").create_endpoint(EndpointName="a", EndpointConfigName="one")
    cloud.idle(20)


def canary(bake: int, stay: int = 0, share: int = 50) -> dict[str, Any]:
    routing = {
        "Type": "CANARY",
        "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": share},
        "WaitIntervalInSeconds": bake,
    }
    policy = {"TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": stay}
    alarms = {"Alarms": [{"AlarmName": ALARM}]}
    return {"BlueGreenUpdatePolicy": policy, "AutoRollbackConfiguration": alarms}


def update(config: dict[str, Any]) -> None:
    boto3.client("sagemaker").update_endpoint(
        EndpointName="a", EndpointConfigName="two", DeploymentConfig=config
    )


def ring(state: str = "ALARM") -> None:
    boto3.client("cloudwatch").set_alarm_state(
        AlarmName=ALARM, StateValue=state, StateReason="drill"
    )


def scores(many: int = 60) -> Counter[int]:
    return Counter(ask("a", term=1)["score"] for _ in range(many))


def until_answered(by: int) -> None:
    while by not in scores(5):
        time.sleep(0.1)


def described() -> tuple[str, str, str]:
    found = boto3.client("sagemaker").describe_endpoint(EndpointName="a")
    return found["EndpointStatus"], found["EndpointConfigName"], found.get("FailureReason", "")


def pending() -> Any:
    found = boto3.client("sagemaker").describe_endpoint(EndpointName="a")
    return found.get("PendingDeploymentSummary")


def test_a_part_of_the_traffic_goes_first_and_all_of_it_after(cloud: Cloud) -> None:
    assert pending() is None
    update(canary(bake=3))
    beginning = pending()
    until_answered(by=2)
    seen = scores()
    assert seen[1]
    assert seen[2]
    assert described()[:2] == ("Updating", "one")
    while_it_bakes = pending()
    cloud.idle(20)

    assert {one["EndpointConfigName"] for one in (beginning, while_it_bakes)} == {"two"}
    (variant,) = while_it_bakes["ProductionVariants"]
    assert variant["VariantStatus"][0]["Status"] == "Baking"
    assert "50%" in variant["VariantStatus"][0]["StatusMessage"]
    assert variant["CurrentInstanceCount"] == variant["DesiredInstanceCount"] == 1
    assert beginning["ProductionVariants"][0]["VariantStatus"][0]["Status"] == "Creating"
    assert pending() is None
    assert described() == ("InService", "two", "")
    assert scores() == {2: 60}


def test_an_alarm_while_it_bakes_brings_the_old_version_back(cloud: Cloud) -> None:
    update(canary(bake=60))
    until_answered(by=2)
    ring()
    cloud.idle(20)
    status, config, reason = described()

    assert (status, config) == ("InService", "one")
    assert ALARM in reason
    assert scores() == {1: 60}


def test_an_alarm_after_all_the_traffic_moved_brings_the_old_version_back(cloud: Cloud) -> None:
    update(canary(bake=0, stay=60))
    until_answered(by=2)
    assert scores() == {2: 60}
    ring()
    cloud.idle(20)

    assert described()[:2] == ("InService", "one")
    assert scores() == {1: 60}


def test_no_request_is_lost_when_a_canary_is_rolled_back(cloud: Cloud) -> None:
    stop, faults = threading.Event(), []

    def keep_asking() -> None:
        while not stop.is_set():
            try:
                ask("a", term=1)
            except ClientError as error:
                faults.append(error)

    threads = [threading.Thread(target=keep_asking) for _ in range(3)]
    for thread in threads:
        thread.start()
    update(canary(bake=60))
    until_answered(by=2)
    ring()
    cloud.idle(20)
    stop.set()
    for thread in threads:
        thread.join()

    assert not faults


def test_alarms_that_the_models_role_may_not_see_roll_it_back(cloud: Cloud) -> None:
    permit({"Effect": "Allow", "Action": ["s3:*", "logs:*", "ecr:*"], "Resource": "*"})
    update(canary(bake=60))
    cloud.idle(20)
    status, config, reason = described()

    assert (status, config) == ("InService", "one")
    assert "cloudwatch:DescribeAlarms" in reason


def test_more_than_half_and_what_is_serverless_are_refused(cloud: Cloud) -> None:
    with pytest.raises(ClientError, match="at most 50%"):
        update(canary(bake=1, share=60))
    serverless = {"MemorySizeInMB": 1024, "MaxConcurrency": 1}
    variant: Any = {"VariantName": "All", "ModelName": "one", "ServerlessConfig": serverless}
    sagemaker = boto3.client("sagemaker")
    sagemaker.create_endpoint_config(EndpointConfigName="less", ProductionVariants=[variant])
    sagemaker.delete_endpoint(EndpointName="a")
    sagemaker.create_endpoint(EndpointName="a", EndpointConfigName="less")
    cloud.idle(20)
    with pytest.raises(ClientError, match="real-time endpoints on instances"):
        update(canary(bake=1))
