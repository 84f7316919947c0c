"""A version for an endpoint, whatever state that is in. SageMaker deletes when it has time to."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from botocore.exceptions import ClientError

from chalicelib.foundation.errors import EndpointBusy, EndpointGoing, EndpointOnInstances
from chalicelib.models.containers import SERVING, image_uri
from chalicelib.models.endpoints import ModelEndpoints, capacity, deployment
from chalicelib.profile import Canary, Endpoint, Instances, load
from tests import fakes

NOW = datetime(2026, 11, 24, tzinfo=UTC)
OLD, NEW = "20260101T000000", "20260201T000000"
SERVERLESS = load().endpoint["dev"]
INSTANCES = Endpoint(instances=Instances("ml.m5.large"))


def sagemaker_with(status, version=OLD, **on):
    """SageMaker with a serverless endpoint, and the capacity of more versions."""
    more = {name: capacity(endpoint) for name, endpoint in on.items()}
    return fakes.SageMaker(status, version, **{version: capacity(SERVERLESS), **more})


def endpoints(sagemaker, runs_on=SERVERLESS):
    return ModelEndpoints(sagemaker, "dev-bank", "role", runs_on, load().sagemaker)


def put(sagemaker, version, runs_on=SERVERLESS):
    return endpoints(sagemaker, runs_on).put("Tradicional", version, "s3://models/a")


def test_a_failed_endpoint_is_deleted_first_and_made_anew_when_its_name_is_free():
    sagemaker = sagemaker_with("Failed")
    with pytest.raises(EndpointGoing):
        put(sagemaker, NEW)
    with pytest.raises(EndpointGoing):  # Lambda's first retry comes while AWS is still at it
        put(sagemaker, NEW)
    sagemaker.status = ""

    assert put(sagemaker, NEW) is True
    assert sagemaker.did == ["delete", "create"]
    assert sagemaker.version == NEW


@pytest.mark.parametrize("status", ["Creating", "Updating", "SystemUpdating", "RollingBack"])
def test_what_is_on_its_way_is_left_alone(status):
    sagemaker = sagemaker_with(status)
    with pytest.raises(EndpointBusy):
        put(sagemaker, NEW)

    assert sagemaker.did == []


@pytest.mark.parametrize("status", ["UpdateRollbackFailed", "OutOfService"])
@pytest.mark.parametrize("version", [OLD, NEW])
def test_what_is_half_in_service_takes_a_version_even_the_one_that_it_has(status, version):
    sagemaker = sagemaker_with(status)

    assert put(sagemaker, version) is True
    assert sagemaker.did == ["update"]


@pytest.mark.parametrize("status", ["Updating", "SystemUpdating", "RollingBack"])
def test_an_update_that_names_the_version_may_still_end_with_another(status):
    """While it goes on, SageMaker may name what was there before."""
    with pytest.raises(EndpointBusy):
        put(sagemaker_with(status), OLD)


def test_times_are_utc_whatever_zone_this_machine_is_in():
    """The order of the ledger is that of its text."""
    sagemaker = sagemaker_with("InService")
    sagemaker.at = NOW.astimezone(timezone(timedelta(hours=-5)))
    live = endpoints(sagemaker).live("Tradicional")

    assert live.keys() == fakes.endpoint("InService").keys()
    assert [live["since"], live["created"]] == ["2026-11-24T00:00:00+00:00"] * 2


@pytest.mark.parametrize("status", ["InService", "Creating"])
def test_what_is_in_service_already_or_comes_up_is_not_updated(status):
    sagemaker = sagemaker_with(status)

    assert put(sagemaker, OLD) is False
    assert sagemaker.did == []


def test_an_endpoint_on_instances_is_left_as_it_is_where_aws_would_refuse_the_update():
    sagemaker = sagemaker_with("InService", **{OLD: INSTANCES})
    with pytest.raises(EndpointOnInstances, match="dev-bank-Tradicional"):
        put(sagemaker, NEW)

    assert sagemaker.did == []
    assert sagemaker.on.keys() == {OLD}


def test_a_serverless_endpoint_is_updated_to_instances():
    sagemaker = sagemaker_with("InService")

    assert put(sagemaker, NEW, INSTANCES) is True
    assert sagemaker.did == ["update"]
    assert sagemaker.on[NEW] == capacity(INSTANCES)


def test_a_version_that_comes_back_gets_the_capacity_of_today():
    """It was serverless; its former configuration would be refused by an endpoint on instances."""
    sagemaker = sagemaker_with("InService", NEW, **{OLD: SERVERLESS, NEW: INSTANCES})

    assert put(sagemaker, OLD, INSTANCES) is True
    assert sagemaker.did == ["delete configuration", "update"]
    assert sagemaker.on[OLD] == capacity(INSTANCES)


def test_the_configuration_in_use_is_never_deleted():
    sagemaker = sagemaker_with("OutOfService")

    assert put(sagemaker, OLD, INSTANCES) is True
    assert sagemaker.did == ["update"]


@pytest.mark.parametrize("provisioned", [None, 1, 3])
def test_a_serverless_endpoint_has_its_provisioned_concurrency(provisioned):
    serverless = capacity(Endpoint(2048, 3, provisioned=provisioned))["ServerlessConfig"]

    assert serverless.get("ProvisionedConcurrency") == provisioned
    assert (serverless["MemorySizeInMB"], serverless["MaxConcurrency"]) == (2048, 3)


MODEL = f"dev-bank-Tradicional-{NEW}"


@pytest.mark.parametrize(
    ("endpoint", "isolated"),
    [(SERVERLESS, False), (INSTANCES, True)],  # AWS has no such serverless ones
)
def test_a_model_is_cut_off_from_the_network_wherever_aws_allows_it(endpoint, isolated):
    sagemaker = sagemaker_with("InService")

    assert put(sagemaker, NEW, endpoint) is True
    assert sagemaker.models[MODEL]["EnableNetworkIsolation"] is isolated
    assert sagemaker.models[MODEL]["PrimaryContainer"]["Environment"] == SERVING


def test_a_version_that_comes_back_gets_a_model_of_today():
    """AWS refuses a serverless endpoint with a model that is cut off, as that on instances was."""
    sagemaker = sagemaker_with("", NEW)
    put(sagemaker, NEW, INSTANCES)
    sagemaker.status, sagemaker.version, sagemaker.did = "InService", OLD, []
    put(sagemaker, NEW)

    assert sagemaker.did == ["delete model", "delete configuration", "update"]
    assert sagemaker.models[MODEL]["EnableNetworkIsolation"] is False


def test_the_model_in_use_is_never_deleted():
    sagemaker = sagemaker_with("InService", OLD)
    put(sagemaker, NEW)
    sagemaker.status, sagemaker.did = "OutOfService", []

    assert put(sagemaker, NEW, INSTANCES) is True
    assert sagemaker.did == ["update"]


class Shifting(fakes.SageMaker):
    """SageMaker that keeps how each update is to go, and what was asked for by which name."""

    def __init__(self, *given, **on):
        super().__init__(*given, **on)
        self.updates = []

    def update_endpoint(self, EndpointName, EndpointConfigName, **shifting):
        super().update_endpoint(EndpointName, EndpointConfigName)
        self.updates.append((EndpointName, EndpointConfigName, shifting))


def shifted(endpoint, **on):
    """Return how an endpoint on OLD is updated to NEW."""
    sagemaker = Shifting(
        "InService", OLD, **{name: capacity(runs_on) for name, runs_on in on.items()}
    )
    put(sagemaker, NEW, endpoint)
    [(name, config, shifting)] = sagemaker.updates
    assert (name, config) == ("dev-bank-Tradicional", f"dev-bank-Tradicional-{NEW}")
    return shifting


CANARY = Canary(bake_seconds=600, share=0.125)
WITH_CANARY = Endpoint(instances=Instances("ml.m5.large", 2), canary=CANARY)


def test_a_canary_goes_before_an_update_from_instances():
    assert shifted(WITH_CANARY, **{OLD: INSTANCES}) == {
        "DeploymentConfig": deployment(CANARY, "dev-bank", "Tradicional")
    }


def test_an_update_moves_at_once_without_a_canary_or_from_what_has_no_instances():
    assert shifted(INSTANCES, **{OLD: INSTANCES}) == {}
    assert shifted(WITH_CANARY, **{OLD: SERVERLESS}) == {}
    assert shifted(WITH_CANARY) == {}  # the configuration in service was deleted


@pytest.mark.parametrize(
    ("canary", "size"),
    [
        (CANARY, {"Type": "CAPACITY_PERCENT", "Value": 12}),  # 12.5 by round half to even
        (Canary(600, share=0.1255), {"Type": "CAPACITY_PERCENT", "Value": 13}),
        (Canary(600, share=0.5), {"Type": "CAPACITY_PERCENT", "Value": 50}),
        (Canary(600, instances=1), {"Type": "INSTANCE_COUNT", "Value": 1}),
    ],
)
def test_a_canary_has_its_size_its_time_and_the_alarms_of_its_model(canary, size):
    assert deployment(canary, "dev-bank", "Tradicional") == {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {
                "Type": "CANARY",
                "CanarySize": size,
                "WaitIntervalInSeconds": 600,
            },
            "TerminationWaitInSeconds": 600,
        },
        "AutoRollbackConfiguration": {
            "Alarms": [
                {"AlarmName": "dev-bank-model-errors-Tradicional"},
                {"AlarmName": "dev-bank-model-latency-Tradicional"},
            ]
        },
    }


def test_an_endpoint_on_instances_has_their_type_and_count():
    assert capacity(Endpoint(instances=Instances("ml.m5.large", 3))) == {
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 3,
        "InitialVariantWeight": 1,
    }


def test_a_model_has_the_artifact_the_role_and_the_image_of_its_region():
    sagemaker = sagemaker_with("")
    put(sagemaker, NEW)

    assert sagemaker.models[MODEL] == {
        "ModelName": MODEL,
        "ExecutionRoleArn": "role",
        "PrimaryContainer": {
            "Image": image_uri(load().sagemaker.image, "us-east-1"),
            "ModelDataUrl": "s3://models/a",
            "Environment": SERVING,
        },
        "EnableNetworkIsolation": False,
    }


def test_the_version_that_is_tried_again_keeps_its_model_and_configuration():
    sagemaker = sagemaker_with("", NEW)
    put(sagemaker, NEW)
    sagemaker.status, sagemaker.version, sagemaker.did = "InService", OLD, []
    sagemaker.on[OLD] = capacity(SERVERLESS)

    assert put(sagemaker, NEW) is True
    assert sagemaker.did == ["update"]


def test_a_model_of_another_artifact_is_replaced():
    sagemaker = sagemaker_with("")
    put(sagemaker, NEW)
    sagemaker.status, sagemaker.version, sagemaker.did = "InService", OLD, []
    endpoints(sagemaker).put("Tradicional", NEW, "s3://models/b")

    assert sagemaker.did == ["delete model", "update"]
    assert sagemaker.models[MODEL]["PrimaryContainer"]["ModelDataUrl"] == "s3://models/b"


def test_a_model_without_the_mark_of_isolation_was_not_cut_off():
    sagemaker = sagemaker_with("")
    put(sagemaker, NEW)
    del sagemaker.models[MODEL]["EnableNetworkIsolation"]
    sagemaker.status, sagemaker.version, sagemaker.did = "InService", OLD, []
    put(sagemaker, NEW)

    assert sagemaker.did == ["update"]


def test_an_endpoint_that_is_being_deleted_is_waited_for_and_not_deleted_again():
    sagemaker = sagemaker_with("Deleting")
    with pytest.raises(EndpointGoing, match="Tradicional"):
        put(sagemaker, NEW)

    assert sagemaker.did == []


def test_a_failed_version_that_comes_again_is_deleted_first_too():
    sagemaker = sagemaker_with("Failed")
    with pytest.raises(EndpointGoing):
        put(sagemaker, OLD)

    assert sagemaker.did == ["delete"]


def test_a_version_is_cleared_once_and_again():
    sagemaker = sagemaker_with("")
    put(sagemaker, NEW)
    sagemaker.did = []
    for _ in range(2):
        endpoints(sagemaker).clear("Tradicional", NEW)

    assert sagemaker.did == ["delete configuration", "delete model"]
    assert (MODEL in sagemaker.models, NEW in sagemaker.on) == (False, False)


def test_what_lives_has_its_version_and_why_it_failed():
    class Failing(fakes.SageMaker):
        def describe_endpoint(self, EndpointName):
            return super().describe_endpoint(EndpointName) | {"FailureReason": "no package"}

    assert endpoints(fakes.SageMaker("", OLD)).live("Tradicional") is None
    live = endpoints(fakes.SageMaker("Creating", OLD)).live("Tradicional")
    assert (live["status"], live["version"], live["failure"]) == ("Creating", OLD, "")
    assert endpoints(Failing("Failed", OLD)).live("Tradicional")["failure"] == "no package"


class Pending(fakes.SageMaker):
    """SageMaker with a deployment that goes on."""

    def __init__(self, *variants, **more):
        super().__init__("Updating", OLD)
        self.pending = {"EndpointConfigName": f"dev-bank-Tradicional-{NEW}", **more}
        self.pending |= {"ProductionVariants": list(variants)} if variants else {}

    def describe_endpoint(self, EndpointName):
        return super().describe_endpoint(EndpointName) | {"PendingDeploymentSummary": self.pending}


def test_a_deployment_under_way_has_its_stages_and_its_instances():
    baking = {"Status": "Baking", "StatusMessage": "10 minutes"}
    variants = (
        {"CurrentInstanceCount": 1, "DesiredInstanceCount": 2, "VariantStatus": [baking]},
        {"CurrentInstanceCount": 3, "DesiredInstanceCount": 4, "VariantStatus": [{"Status": "x"}]},
        {},
    )

    assert endpoints(Pending(*variants)).under_way("Tradicional") == {
        "version": NEW,
        "stages": [
            {"status": "Baking", "message": "10 minutes"},
            {"status": "x", "message": ""},
        ],
        "instances": 4,
        "wantedInstances": 6,
    }
    none = {"version": NEW, "stages": [], "instances": 0, "wantedInstances": 0}
    assert endpoints(Pending()).under_way("Tradicional") == none


def test_nothing_is_under_way_without_a_deployment_or_an_endpoint():
    assert endpoints(fakes.SageMaker("InService", OLD)).under_way("Tradicional") is None
    assert endpoints(fakes.SageMaker("", OLD)).under_way("Tradicional") is None


@pytest.mark.parametrize("error", [{"Message": "Rate exceeded"}, {}])
def test_another_fault_of_sagemaker_is_raised(error):
    class Throttled(fakes.SageMaker):
        def describe_endpoint(self, EndpointName):
            raise ClientError({"Error": {"Code": "ThrottlingException", **error}}, "Describe")

    with pytest.raises(ClientError, match="ThrottlingException"):
        endpoints(Throttled("", OLD)).live("Tradicional")
