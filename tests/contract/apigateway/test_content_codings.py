"""Answers go out in the coding that the caller wants most, from the API's minimum size on."""

import gzip
import io
import zlib
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
import requests
from botocore.exceptions import ClientError

from bank.api import own_answers
from chalicelib.profile.tables.api_tables import Api
from localcloud.cloud import Cloud
from localcloud.services.apigateway.content_codings import CODINGS, compressed, decompressed
from localcloud.services.apigateway.gateway import Gateway, Needs, Stage

MINIMUM = 100
BODIES = {"small": "x" * (MINIMUM - 1), "large": "x" * MINIMUM, "none": "", "é": "é" * 50}
# What a caller accepts, and the coding of an answer that is large enough.
ACCEPTED = [
    ("gzip", "gzip"),
    ("GZIP", "gzip"),
    ("gzip, deflate, br", "gzip"),
    ("deflate, gzip", "deflate"),
    ("deflate;q=0.5,gzip;q=1.0", "gzip"),
    ("gzip;q=1.0, identity;q=0.5, *;q=0", "gzip"),
    ("br, gzip", None),
    ("br;q=1.0, gzip;q=0.8", None),
    ("identity, gzip", None),
    ("*", None),
    ("", None),
    ("gzip;q=0", None),
    ("gzip;q=2", None),
    ("gzip, ;", None),
]

Answered = tuple[int, Mapping[str, str], bytes]
Ask = Callable[..., Answered]


def handler(event: Any, context: Any = None) -> Any:
    name = event["pathParameters"]["name"]
    headers = {"Content-Encoding": "br"} if name == "br" else {}
    status = 204 if name == "none" else 200
    return {"statusCode": status, "headers": headers, "body": BODIES.get(name, BODIES["large"])}


def of_make_run(minimum: int | None) -> Ask:
    """The gateway of `make run`."""
    routes = {"/{name}": {"GET": Needs.NOTHING, "HEAD": Needs.NOTHING}}
    answers, stage = own_answers(Api(), "dev"), Stage("v1", minimum)
    invoke = lambda event, _: handler(event)  # noqa: E731
    gateway = Gateway(routes, lambda _: None, lambda _: {}, invoke, answers, stage)

    def ask(name: str, accepted: str, method: str = "GET") -> Answered:
        told: list[Any] = []
        environ = {"REQUEST_METHOD": method, "REQUEST_URI": f"/{name}", "HTTP_HOST": "localhost"}
        environ |= {"wsgi.input": io.BytesIO(), "HTTP_ACCEPT_ENCODING": accepted}
        body = b"".join(gateway(environ, lambda *given: told.extend(given)))
        return int(told[0][:3]), dict(told[1]), body

    return ask


def deployed(cloud: Cloud, arn: str, minimum: int | None) -> Ask:
    """A deployed REST API."""
    client = boto3.client("apigateway")
    api = client.create_rest_api(name="bank")["id"]
    root = client.get_resources(restApiId=api)["items"][0]["id"]
    resource = client.create_resource(restApiId=api, parentId=root, pathPart="{name}")["id"]
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"
    for method in ("GET", "HEAD"):
        names: Any = {"restApiId": api, "resourceId": resource, "httpMethod": method}
        client.put_method(**names, authorizationType="NONE")
        client.put_integration(**names, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    set_minimum(api, "" if minimum is None else str(minimum))
    client.create_deployment(restApiId=api, stageName="v1")
    address = f"http://127.0.0.1:{cloud.serve_aws(0)}/restapis/{api}/v1/_user_request_"

    def ask(name: str, accepted: str, method: str = "GET") -> Answered:
        headers = {"Accept-Encoding": accepted}
        url = f"{address}/{name}"
        with requests.request(method, url, headers=headers, timeout=10, stream=True) as found:
            return found.status_code, found.headers, found.raw.read(decode_content=False)

    return ask


def set_minimum(api: str, value: str) -> Any:
    patch: Any = {"op": "replace", "path": "/minimumCompressionSize", "value": value}
    return boto3.client("apigateway").update_rest_api(restApiId=api, patchOperations=[patch])


@pytest.fixture(params=["of make run", "deployed"])
def apis(request, cloud: Cloud, add: Callable[..., str]) -> Callable[[int | None], Ask]:
    """Both APIs of this machine, by their minimum."""
    if request.param == "deployed":
        arn = add("codings", handler)
        return lambda minimum: deployed(cloud, arn, minimum)
    return of_make_run


@pytest.mark.parametrize(("accepted", "coding"), ACCEPTED)
def test_the_coding_that_is_wanted_most_counts_and_no_other(apis, accepted, coding):
    status, headers, body = apis(MINIMUM)("large", accepted)

    assert (status, headers.get("Content-Encoding")) == (200, coding)
    assert int(headers["Content-Length"]) == len(body)
    plain = zlib.decompress(body, CODINGS[coding]) if coding else body
    assert plain.decode() == BODIES["large"]


@pytest.mark.parametrize(
    ("minimum", "name", "coding"),
    [
        (None, "large", None),
        (0, "small", "gzip"),
        (MINIMUM, "small", None),
        (MINIMUM, "large", "gzip"),
        (MINIMUM, "é", "gzip"),  # bytes, not characters
        (0, "none", None),
        (MINIMUM, "br", "br"),  # the function's own coding
    ],
)
def test_an_answer_is_compressed_from_the_minimum_on(apis, minimum, name, coding):
    status, headers, body = apis(minimum)(name, "gzip")

    assert (status, headers.get("Content-Encoding")) == (204 if name == "none" else 200, coding)
    assert (gzip.decompress(body) if coding == "gzip" else body).decode() == BODIES.get(
        name, BODIES["large"]
    )


def test_head_has_the_headers_of_get_and_no_body(apis):
    ask = apis(MINIMUM)
    _, of_get, body = ask("large", "gzip")
    _, of_head, nothing = ask("large", "gzip", "HEAD")

    assert nothing == b""
    for name in ("Content-Encoding", "Content-Length"):
        assert of_head[name] == of_get[name]
    assert int(of_head["Content-Length"]) == len(body)


@pytest.mark.parametrize("coding", CODINGS)
def test_what_is_compressed_comes_back(coding):
    for text in (b"", b"a", b"a" * 100_000):
        assert decompressed(compressed(text, coding), coding) == text


@pytest.mark.usefixtures("cloud")
def test_the_minimum_is_kept_and_checked_as_aws_does():
    api = boto3.client("apigateway").create_rest_api(name="a", minimumCompressionSize=5)["id"]
    assert boto3.client("apigateway").get_rest_api(restApiId=api)["minimumCompressionSize"] == 5
    assert set_minimum(api, "10485760")["minimumCompressionSize"] == 10_485_760
    for wrong in ("10485761", "-1", "many"):
        with pytest.raises(ClientError, match="BadRequestException"):
            set_minimum(api, wrong)
    assert "minimumCompressionSize" not in set_minimum(api, "")
