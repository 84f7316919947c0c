"""A deployed REST API answers on the AWS port, for those with its key."""

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
import requests

from localcloud.cloud import Cloud

PARAMETERS = {"gatewayresponse.header.Content-Type": "'application/problem+json'"}


@dataclass(frozen=True)
class Gateway:
    url: str
    api: str
    key: str
    seen: list[Any]

    def ask(self, path: str, method: str = "GET", key: str | None = None, **more: Any) -> Any:
        headers = {"x-api-key": self.key if key is None else key, **more.pop("headers", {})}
        return requests.request(method, f"{self.url}{path}", headers=headers, timeout=10, **more)


@pytest.fixture
def gateway(cloud: Cloud, add: Callable[..., str]) -> Gateway:
    """GET and POST /loans/{id} need a key, GET /health does not."""
    seen: list[Any] = []

    def handler(event: Any, context: Any) -> Any:
        seen.append(event)
        if event["body"] == "raise":
            raise ValueError("no")
        headers = {"X-Loan": "7"} | ({"Content-Type": "text/csv"} if event["body"] == "csv" else {})
        return {"statusCode": 201, "headers": headers, "body": json.dumps({"ok": True})}

    arn, client = add("loans", handler), boto3.client("apigateway")
    api = client.create_rest_api(name="bank")["id"]
    root = client.get_resources(restApiId=api)["items"][0]["id"]
    loans = client.create_resource(restApiId=api, parentId=root, pathPart="loans")["id"]
    loan = client.create_resource(restApiId=api, parentId=loans, pathPart="{id}")["id"]
    newest = client.create_resource(restApiId=api, parentId=loans, pathPart="newest")["id"]
    health = client.create_resource(restApiId=api, parentId=root, pathPart="health")["id"]
    routes = [(loan, "GET"), (loan, "POST"), (newest, "GET"), (health, "GET")]
    for resource, method in routes:
        names: Any = {"restApiId": api, "resourceId": resource, "httpMethod": method}
        client.put_method(**names, authorizationType="NONE", apiKeyRequired=resource != health)
        uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"
        client.put_integration(**names, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    client.create_deployment(restApiId=api, stageName="v1")
    key = planned(client, api)
    address = f"http://127.0.0.1:{cloud.serve_aws(0)}/restapis/{api}/v1/_user_request_"
    return Gateway(address, api, key, seen)


def planned(client: Any, api: str, stage: str = "v1", enabled: bool = True) -> str:
    """A key in a usage plan of the API's stage."""
    plan = client.create_usage_plan(name="p", apiStages=[{"apiId": api, "stage": stage}])["id"]
    made = client.create_api_key(name="k", enabled=enabled)
    client.create_usage_plan_key(usagePlanId=plan, keyId=made["id"], keyType="API_KEY")
    return str(made["value"])


def test_the_function_gets_each_value_of_a_repeated_header_and_the_last_as_the_header(gateway):
    address = urlsplit(gateway.url)
    connection = HTTPConnection(address.netloc, timeout=30)
    connection.putrequest("POST", f"{address.path}/loans/a")
    for name, value in [("x-api-key", gateway.key), ("Content-Length", "0"), ("X-Own", "a, b"),
                        ("Idempotency-Key", "a1"), ("idempotency-key", "b1")]:  # fmt: skip
        connection.putheader(name, value)
    connection.endheaders()
    assert connection.getresponse().status == 201
    connection.close()

    (event,) = gateway.seen
    several = {name.lower(): values for name, values in event["multiValueHeaders"].items()}
    single = {name.lower(): value for name, value in event["headers"].items()}
    assert (several["idempotency-key"], single["idempotency-key"]) == (["a1", "b1"], "b1")
    assert (several["x-own"], single["x-own"]) == (["a, b"], "a, b")


def test_a_function_is_asked_what_the_gateway_would_ask_it(gateway):
    found = gateway.ask(
        "/loans/a%20b?limit=5&limit=6", "POST", data="é".encode(),
        headers={"Content-Type": "application/json", "Accept-Language": "en"},
    )  # fmt: skip

    assert (found.status_code, found.json(), found.headers["X-Loan"]) == (201, {"ok": True}, "7")
    (event,) = gateway.seen
    assert event["resource"] == "/loans/{id}"
    [key] = boto3.client("apigateway").get_api_keys()["items"]
    assert event["requestContext"]["identity"]["apiKeyId"] == key["id"]
    assert event["pathParameters"] == {"id": "a b"}
    assert event["queryStringParameters"] == {"limit": "6"}
    assert event["multiValueQueryStringParameters"] == {"limit": ["5", "6"]}
    assert event["headers"]["Accept-Language"] == "en"
    assert (event["body"], event["isBase64Encoded"]) == ("é", False)
    assert event["requestContext"]["path"].endswith("/v1/_user_request_/loans/a b")


def test_what_is_no_text_comes_as_base64(gateway):
    gateway.ask("/loans/a", "POST", data=b"\xff\x00", headers={"Content-Type": "image/png"})

    assert (gateway.seen[0]["body"], gateway.seen[0]["isBase64Encoded"]) == ("/wA=", True)


def test_a_compressed_body_comes_decompressed_and_another_coding_not_at_all(gateway):
    sent = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    gateway.ask("/loans/a", "POST", data=gzip.compress(b'{"a": 1}'), headers=sent)
    refused = [
        gateway.ask("/loans/a", "POST", data=b"{}", headers=sent | {"Content-Encoding": coding})
        for coding in ("gzip", "br")
    ]

    assert [event["body"] for event in gateway.seen] == ['{"a": 1}']
    assert [answer.status_code for answer in refused] == [415, 415]


def test_a_paths_own_word_comes_before_a_parameter(gateway):
    gateway.ask("/loans/newest")

    assert gateway.seen[0]["resource"] == "/loans/newest"


def test_only_a_key_of_a_plan_of_this_stage_opens(gateway):
    client = boto3.client("apigateway")
    strange = client.create_api_key(name="of no plan", enabled=True)["value"]
    elsewhere = planned(client, gateway.api, stage="v2")
    disabled = planned(client, gateway.api, enabled=False)
    for key in ("", "wrong", strange, elsewhere, disabled):
        assert gateway.ask("/loans/a", key=key).status_code == 403
        assert gateway.ask("/%6coans/a", key=key).status_code == 403

    assert gateway.seen == []
    assert gateway.ask("/health", key="").status_code == 201


@pytest.mark.parametrize("path", ["/nowhere", "/loans", "/loans/", "/loans/a/b", "/"])
def test_a_path_that_does_not_exist_is_the_gateways_to_refuse(gateway, path):
    assert gateway.ask(path).json() == {"message": "Missing Authentication Token"}
    assert gateway.ask(path).status_code == 403


def test_the_gateways_own_answers_are_those_that_were_put(gateway):
    boto3.client("apigateway").put_gateway_response(
        restApiId=gateway.api, responseType="MISSING_AUTHENTICATION_TOKEN", statusCode="404",
        responseParameters=PARAMETERS, responseTemplates={"application/json": '{"status": 404}'},
    )  # fmt: skip
    found = gateway.ask("/nowhere")

    assert (found.status_code, found.json()) == (404, {"status": 404})
    assert found.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(("body", "kind"), [("", "application/json"), ("csv", "text/csv")])
def test_an_answer_that_names_no_content_type_is_json(gateway, body, kind):
    assert gateway.ask("/loans/a", "POST", data=body).headers["Content-Type"] == kind


def test_a_function_that_fails_is_a_502_without_its_words(gateway):
    found = gateway.ask("/loans/a", "POST", data="raise")

    assert (found.status_code, found.json()) == (502, {"message": "Internal server error"})


def test_a_page_in_a_browser_can_not_call_it(gateway):
    found = gateway.ask("/health", headers={"Origin": "https://example.com"})

    assert found.status_code == 403
    assert gateway.seen == []
