"""The parameter that says where people sign in."""

import boto3
import pytest
from botocore.stub import Stubber

from chalicelib.people.sign_in_parameter import SignInParameter
from chalicelib.people.sign_in_place import SignInPlace, written

PLACE = SignInPlace("https://pool.example", "abc", "https://bank.example/v1/")


def parameter(value=None):
    client = boto3.client("ssm")
    stub = Stubber(client)
    if value is None:
        stub.add_client_error("get_parameter", "ParameterNotFound")
    else:
        stub.add_response("get_parameter", {"Parameter": {"Name": "/a", "Value": value}})
    stub.activate()
    return SignInParameter(client, "/a")


def test_the_place_is_read_once_a_minute():
    found = parameter(written(PLACE))

    assert found.place() == PLACE
    assert found.place() == PLACE  # a second request has no answer


@pytest.mark.parametrize("value", [None, "", "{}", "[]"])
def test_a_parameter_that_is_missing_or_strange_names_no_place(value):
    assert parameter(value).place() is None
