"""A version for an endpoint, whatever state that is in. SageMaker deletes when it has time to."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from chalicelib.foundation.errors import EndpointBusy, EndpointGoing, EndpointOnInstances
from chalicelib.models.containers import SERVING
from chalicelib.models.endpoints import ModelEndpoints, capacity
from chalicelib.profile import Endpoint, Instances, load
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
