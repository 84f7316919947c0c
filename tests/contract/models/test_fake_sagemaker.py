"""SageMaker's stand-in of the unit tests, held to the same facts as the embedded cloud's."""

import boto3
import pytest
from botocore.exceptions import ClientError

from chalicelib.models.endpoints import ModelEndpoints, capacity
from chalicelib.profile import load
from localcloud.embedded_cloud import embedded_cloud
from tests import fakes
from tests.contract.conftest import make_model, make_role

NAME, V1, V2 = "dev-bank-Tradicional", "20260101T000000", "20260201T000000"
SERVERLESS = capacity(load().endpoint["dev"])


@pytest.fixture(params=["cloud", "fake"])
def sagemaker(request):
    """A client, with a model of the version V1 and a configuration each of V1 and V2."""
    if request.param == "fake":
        client = fakes.SageMaker("", V1, **{V1: SERVERLESS, V2: SERVERLESS})
        client.create_model(ModelName=f"{NAME}-{V1}", PrimaryContainer={})
        yield client
        return
    with embedded_cloud(None):
        make_role()
        make_model(f"{NAME}-{V1}")
        client = boto3.client("sagemaker")
        client.delete_endpoint_config(EndpointConfigName=f"{NAME}-{V1}")
        for version in (V1, V2):
            variant = {"VariantName": "AllTraffic", "ModelName": f"{NAME}-{V1}", **SERVERLESS}
            client.create_endpoint_config(
                EndpointConfigName=f"{NAME}-{version}", ProductionVariants=[variant]
            )
        yield client


def in_service(sagemaker):
    """Wait on the cloud; set the state of the stand-in."""
    if isinstance(sagemaker, fakes.SageMaker):
        sagemaker.status = "InService"
    else:
        sagemaker.get_waiter("endpoint_in_service").wait(
            EndpointName=NAME, WaiterConfig={"Delay": 0.2, "MaxAttempts": 300}
        )


def live(sagemaker):
    profile = load()
    endpoints = ModelEndpoints(
        sagemaker, "dev-bank", "role", profile.endpoint["dev"], profile.sagemaker
    )
    return endpoints.live("Tradicional")


def message(call, **asked):
    with pytest.raises(ClientError) as error:
        call(**asked)
    assert error.value.response["Error"]["Code"] == "ValidationException"
    return error.value.response["Error"]["Message"].lower()


def test_an_absent_resource_is_a_fault_by_its_words_alone(sagemaker):
    absent = [
        (sagemaker.describe_endpoint, {"EndpointName": NAME}),
        (sagemaker.delete_endpoint, {"EndpointName": NAME}),
        (sagemaker.describe_endpoint_config, {"EndpointConfigName": f"{NAME}-gone"}),
        (sagemaker.delete_endpoint_config, {"EndpointConfigName": f"{NAME}-gone"}),
        (sagemaker.describe_model, {"ModelName": f"{NAME}-gone"}),
        (sagemaker.delete_model, {"ModelName": f"{NAME}-gone"}),
    ]

    assert ["could not find" in message(call, **asked) for call, asked in absent] == [True] * 6
    assert live(sagemaker) is None


def test_a_name_is_taken_once(sagemaker):
    config = sagemaker.describe_endpoint_config(EndpointConfigName=f"{NAME}-{V1}")
    [variant] = config["ProductionVariants"]
    sagemaker.create_endpoint(EndpointName=NAME, EndpointConfigName=f"{NAME}-{V1}")
    taken = [
        message(sagemaker.create_endpoint, EndpointName=NAME, EndpointConfigName=f"{NAME}-{V1}"),
        message(
            sagemaker.create_endpoint_config,
            EndpointConfigName=f"{NAME}-{V1}",
            ProductionVariants=[variant],
        ),
    ]

    assert ["already existing" in each for each in taken] == [True, True]


def test_an_endpoint_is_created_and_updated_with_the_version_that_it_names(sagemaker):
    states = []
    sagemaker.create_endpoint(EndpointName=NAME, EndpointConfigName=f"{NAME}-{V1}")
    states.append(live(sagemaker))
    in_service(sagemaker)
    states.append(live(sagemaker))
    sagemaker.update_endpoint(EndpointName=NAME, EndpointConfigName=f"{NAME}-{V2}")
    states.append(live(sagemaker))
    in_service(sagemaker)
    states.append(live(sagemaker))

    assert [state["status"] for state in states] == [
        "Creating",
        "InService",
        "Updating",
        "InService",
    ]
    assert [states[at]["version"] for at in (0, 1, 3)] == [V1, V1, V2]
    assert {tuple(state) for state in states} == {tuple(fakes.endpoint("InService"))}


def test_a_configuration_that_is_gone_begins_no_update(sagemaker):
    sagemaker.create_endpoint(EndpointName=NAME, EndpointConfigName=f"{NAME}-{V1}")
    in_service(sagemaker)
    asked = {"EndpointName": NAME, "EndpointConfigName": f"{NAME}-gone"}

    assert "could not find" in message(sagemaker.update_endpoint, **asked)
    assert live(sagemaker)["status"] == "InService"
