import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
import requests
from botocore.config import Config

from localcloud.cloud import Cloud
from localcloud.ports.loopback import PortTaken
from tests.contract.conftest import ROLE, ask, make_model, make_table, permit
from tests.contract.stepfunctions.test_executions import machine, one


def elsewhere(port: int, program: str) -> Any:
    """The JSON that a program prints in another process, whose AWS is our port."""
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
    }
    run = subprocess.run(
        [sys.executable, "-c", "import boto3, io, json\n" + program],
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_an_upload_of_any_size_triggers_the_function_once(
    cloud: Cloud, add: Callable[..., str]
) -> None:
    seen: list[tuple[str, int]] = []

    def on_upload(event: Any, context: Any) -> None:
        uploaded = event["Records"][0]["s3"]["object"]
        seen.append((uploaded["key"], uploaded["size"]))

    arn = add("on-upload", on_upload)
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="data")
    notify: Any = {"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(
        Bucket="data", NotificationConfiguration={"LambdaFunctionConfigurations": [notify]}
    )
    elsewhere(
        cloud.serve_aws(0),
        """
s3 = boto3.client("s3")
s3.put_object(Bucket="data", Key="small", Body=b"x")
s3.upload_fileobj(io.BytesIO(bytes(12_000_000)), "data", "large")
print("null")
""",
    )
    cloud.idle(5)
    assert sorted(seen) == [("large", 12_000_000), ("small", 1)]


def test_another_process_sees_the_same_table_machine_and_model(
    cloud: Cloud, add: Callable[..., str]
) -> None:
    make_table()
    make_model("one", factor=2)
    boto3.client("sagemaker").create_endpoint(EndpointName="a", EndpointConfigName="one")
    cloud.idle(20)
    task = {"Type": "Task", "Resource": add("ask", lambda event, _: ask("a", **event)["score"])}
    seen = elsewhere(
        cloud.serve_aws(0),
        f"""
item = {{"clientId": {{"S": "c1"}}, "predictionId": {{"S": "1"}}}}
dynamodb = boto3.client("dynamodb")
dynamodb.put_item(TableName="decisions", Item=item)
run = boto3.client("stepfunctions").start_sync_execution(
    stateMachineArn="{machine(one(task))}", input='{{"term": 84}}')
answer = boto3.client("sagemaker-runtime").invoke_endpoint(
    EndpointName="a", Body=b'{{"term": 1}}', ContentType="application/json")
print(json.dumps([run["status"], run["output"], json.loads(answer["Body"].read())["score"]]))
""",
    )
    assert seen == ["SUCCEEDED", "168", 2]
    assert boto3.client("dynamodb").scan(TableName="decisions")["Count"] == 1


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/", {"Origin": "https://evil.example"}),
        ("/", {"Origin": "null"}),  # a sandboxed page
        ("/", {"Host": "data.evil.example"}),  # a name that was made to lead here
        ("/moto-api/reset", {}),
    ],
)
def test_a_web_page_cannot_use_the_port(cloud: Cloud, path: str, headers: dict[str, str]) -> None:
    url = f"http://127.0.0.1:{cloud.serve_aws(0)}{path}"
    request = urllib.request.Request(url, method="POST", headers=headers)
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(request, timeout=5)


def test_a_port_that_is_taken_is_named(cloud: Cloud) -> None:
    port = cloud.serve_aws(0)
    with pytest.raises(PortTaken, match=f"Port {port} .* AWS_PORT"):
        cloud.serve_aws(port)


def test_slow_callers_hold_few_threads_and_keep_nobody_waiting(cloud: Cloud) -> None:
    port, before = cloud.serve_aws(0), threading.active_count()
    slow = [socket.create_connection(("127.0.0.1", port), timeout=9) for _ in range(300)]
    try:
        for connection in slow:
            with suppress(OSError):  # the oldest have given way already
                connection.sendall(b"POST / HTTP/1.1\r\nContent-Length: 99\r\n")
        there = boto3.client("dynamodb", endpoint_url=f"http://127.0.0.1:{port}").list_tables()

        assert there["TableNames"] == []
        assert threading.active_count() - before < 280
    finally:
        for connection in slow:
            connection.close()


@pytest.mark.parametrize("host", ["bank.example", "127.0.0.1@bank.example", "[::1", "localhost:x"])
def test_a_name_that_was_made_to_point_here_is_refused(cloud: Cloud, host: str) -> None:
    url = f"http://127.0.0.1:{cloud.serve_aws(0)}/"
    request = urllib.request.Request(url, headers={"Host": host})
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(request, timeout=5)


def by_bare_socket(port: int, request: str, body: str = "") -> str:
    """Return the whole answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=9) as connection:
        head = f"{request}\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {len(body)}"
        connection.sendall(f"{head}\r\nConnection: close\r\n\r\n{body}".encode())
        with connection.makefile("rb") as answer:
            return answer.read().decode()


CREDENTIAL = "AKIAIOSFODNN7EXAMPLE/20261128/us-east-1/s3/aws4_request"
ANONYMOUS = [
    ("PUT /data/credit/newData/eyes.txt HTTP/1.1", "<Code>AccessDenied</Code>"),
    ("GET /data?list-type=2 HTTP/1.1", "<Code>AccessDenied</Code>"),
    ("DELETE /data/kept HTTP/1.1", "<Code>AccessDenied</Code>"),
    ("PUT /data/a HTTP/1.1\r\nAuthorization: Basic eDp5", "<Code>AccessDenied</Code>"),
    ("PUT /data/a?X-Amz-Signature=0 HTTP/1.1", "<Code>AccessDenied</Code>"),
    ("PUT /restapis/a/v1/newData/a HTTP/1.1", "<Code>AccessDenied</Code>"),
    ("POST / HTTP/1.1\r\nX-Amz-Target: DynamoDB_20120810.ListTables",
     '"__type": "MissingAuthenticationTokenException"'),
    ("POST / HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded",
     "<Code>MissingAuthenticationToken</Code>"),
]  # fmt: skip


@pytest.mark.parametrize(("request_line", "answer"), ANONYMOUS)
def test_nobody_without_a_signature_is_let_in(cloud: Cloud, request_line: str, answer: str) -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="data")
    s3.put_object(Bucket="data", Key="kept", Body=b"kept")

    said = by_bare_socket(cloud.serve_aws(0), request_line, "Action=ListTopics&Version=2010-03-31")
    assert said.startswith("HTTP/1.1 403 ")
    assert answer in said
    assert [one["Key"] for one in s3.list_objects_v2(Bucket="data")["Contents"]] == ["kept"]


def test_to_a_head_without_a_signature_there_is_no_body(cloud: Cloud) -> None:
    said = by_bare_socket(cloud.serve_aws(0), "HEAD /data/kept HTTP/1.1")
    assert said.startswith("HTTP/1.1 403 ")
    assert said.endswith("\r\n\r\n")


def test_an_address_that_a_client_presigns_leads_to_the_port(cloud: Cloud) -> None:
    s3 = boto3.client("s3", config=Config(signature_version="s3v4"))
    s3.create_bucket(Bucket="data")
    target = {"Bucket": "data", "Key": "a folder/a"}
    put = s3.generate_presigned_url("put_object", Params={**target, "ContentType": "text/csv"})
    said = requests.put(put, data=b"rows", headers={"Content-Type": "text/csv"}, timeout=10)

    assert said.status_code == 200
    assert urlsplit(put).hostname == "127.0.0.1"
    get = s3.generate_presigned_url("get_object", Params=target)
    assert requests.get(get, timeout=10).text == "rows"
    assert s3.get_object(**target)["ContentType"] == "text/csv"


SIZE = 4
CSV = {"Content-Type": "text/csv"}
TARGET = {"Bucket": "data", "Key": "a folder/ü"}


def presigned(**client: Any) -> str:
    """Return the address at which four bytes of CSV may be put within a second or more."""
    s3 = boto3.client("s3", config=Config(signature_version="s3v4"), **client)
    target = {**TARGET, "ContentType": "text/csv", "ContentLength": SIZE}
    return s3.generate_presigned_url("put_object", Params=target, ExpiresIn=1 + 20)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({}, None),
        ({"data": b"rows2"}, "SignatureDoesNotMatch"),
        ({"data": b"row"}, "SignatureDoesNotMatch"),
        ({"headers": {"Content-Type": "text/html"}}, "SignatureDoesNotMatch"),
        ({"headers": {}}, "SignatureDoesNotMatch"),
        ({"method": "DELETE"}, "SignatureDoesNotMatch"),
        ({"was": "a%20folder", "url": "another"}, "SignatureDoesNotMatch"),
        ({"was": "X-Amz-Expires=21", "url": "X-Amz-Expires=604800"}, "SignatureDoesNotMatch"),
        ({"was": "X-Amz-Expires=21", "url": "X-Amz-Expires=604801"},
         "AuthorizationQueryParametersError"),
        ({"was": "X-Amz-Date=2", "url": "X-Amz-Date=x2"}, "AuthorizationQueryParametersError"),
        ({"was": "X-Amz-Signature", "url": "X-Amz-Signature=0&X-Amz-Signature"},
         "AuthorizationQueryParametersError"),
        ({"headers": CSV | {"x-amz-copy-source": "/data/another"}}, "AccessDenied"),
        ({"headers": CSV | {"x-amz-acl": "public-read"}}, "AccessDenied"),
        ({"headers": CSV | {"Authorization": "AWS4-HMAC-SHA256 Credential=embedded/x"}},
         "InvalidArgument"),
        ({"was": "X-Amz-Credential=embedded", "url": "X-Amz-Credential=other"},
         "InvalidAccessKeyId"),
    ],
    ids=["as signed", "larger", "smaller", "type", "no type", "method", "key", "expiry", "a week",
         "date", "two signatures", "copy", "public", "two mechanisms", "signer"],
)  # fmt: skip
def test_a_presigned_address_takes_what_it_was_signed_for(
    cloud: Cloud, changed: dict[str, Any], code: str | None
) -> None:
    boto3.client("s3").create_bucket(Bucket="data")
    usual = {"method": "PUT", "data": b"rows", "headers": CSV}
    url, was, by = presigned(), changed.pop("was", ""), changed.pop("url", "")
    assert was in url

    said = requests.request(url=url.replace(was, by), timeout=10, **usual | changed)

    assert said.ok == (code is None), said.text
    assert code is None or f"<Code>{code}</Code>" in said.text
    stored = boto3.client("s3").list_objects_v2(Bucket="data")["KeyCount"]
    assert stored == (code is None)


def test_a_presigned_address_ends(cloud: Cloud) -> None:
    s3 = boto3.client("s3", config=Config(signature_version="s3v4"))
    s3.create_bucket(Bucket="data")
    s3.put_object(**TARGET, Body=b"rows")
    address = s3.generate_presigned_url("get_object", Params=TARGET, ExpiresIn=1)

    time.sleep(2.1)  # its time is in whole seconds
    said = requests.get(address, timeout=10)

    assert (said.status_code, "Request has expired" in said.text) == (403, True)


@pytest.mark.parametrize(("action", "status"), [("s3:PutObject", 200), ("s3:GetObject", 403)])
def test_a_presigned_address_may_do_what_its_signer_may(
    cloud: Cloud, action: str, status: int
) -> None:
    boto3.client("s3").create_bucket(Bucket="data")
    permit({"Effect": "Allow", "Action": action, "Resource": "arn:aws:s3:::data/*"})
    given = boto3.client("sts").assume_role(RoleArn=ROLE, RoleSessionName="writer")["Credentials"]
    address = presigned(
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )

    said = requests.put(address, data=b"rows", headers={"Content-Type": "text/csv"}, timeout=10)

    assert said.status_code == status, said.text


def test_a_credential_in_the_query_of_a_signed_request_makes_no_operator(cloud: Cloud) -> None:
    boto3.client("s3").create_bucket(Bucket="data")
    permit({"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"})
    given = boto3.client("sts").assume_role(RoleArn=ROLE, RoleSessionName="reader")["Credentials"]
    credential = f"{given['AccessKeyId']}/20261128/us-east-1/s3/aws4_request"
    header = f"Authorization: AWS4-HMAC-SHA256 Credential={credential}, Signature=0"
    port = cloud.serve_aws(0)

    for query in ("list-type=2", "list-type=2&X-Amz-Credential=embedded/x"):
        said = by_bare_socket(port, f"GET /data?{query} HTTP/1.1\r\n{header}")
        assert said.startswith("HTTP/1.1 403 "), query


SIGNED = f"Authorization: AWS4-HMAC-SHA256 Credential={CREDENTIAL}, Signature=0"


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_half_a_request_changes_nothing(cloud: Cloud, method: str) -> None:
    """A connection that breaks within the headers looks like their end to http.client."""
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="data")
    s3.put_object(Bucket="data", Key="precious", Body=b"loans")
    half = f"{method} /data/precious HTTP/1.1\r\nHost: 127.0.0.1\r\n{SIGNED}\r\n"
    with socket.create_connection(("127.0.0.1", cloud.serve_aws(0)), timeout=9) as connection:
        connection.sendall(half.encode())
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as answer:
            assert answer.readline().startswith(b"HTTP/1.1 400 ")

    assert s3.get_object(Bucket="data", Key="precious")["Body"].read() == b"loans"


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("A: b", 200),
        ("nonsense", 400),
        ("Host: bank.example", 400),
        ("Transfer-Encoding : chunked", 400),
        ("Transfer-Encoding: chunked", 400),  # beside a Content-Length
        ("Transfer-Encoding: xchunked", 501),
        ("Content-Length: 0", 400),  # the second
    ],
)
def test_a_request_has_headers_and_an_end_that_all_readers_agree_on(
    cloud: Cloud, line: str, status: int
) -> None:
    said = by_bare_socket(cloud.serve_aws(0), f"GET / HTTP/1.1\r\n{SIGNED}\r\n{line}")

    assert said.startswith(f"HTTP/1.1 {status} ")


@pytest.mark.parametrize(
    ("request_line", "body", "status", "answer"),
    [
        ("POST / HTTP/1.1\r\nX-Amz-Target: DynamoDB_20120810.ListTables",
         '{"Limit": 1e400}', 400, '"__type": "SerializationException"'),
        ("POST / HTTP/1.1\r\nX-Amz-Target: DynamoDB_20120810.ListTables",
         "[" * 50_000, 500, '"__type": "InternalErrorException"'),
        ("PATCH / HTTP/1.1", "{}", 404, '"__type": "UnknownOperationException"'),
        ("BREW /data HTTP/1.1", "", 404, '"__type": "UnknownOperationException"'),
    ],
)  # fmt: skip
def test_what_moto_can_not_read_is_an_error_in_the_services_protocol_and_no_traceback(
    cloud: Cloud,
    capfd: pytest.CaptureFixture[str],
    request_line: str,
    body: str,
    status: int,
    answer: str,
) -> None:
    line = f"{request_line}\r\n{SIGNED.replace('/s3/', '/dynamodb/')}"
    said = by_bare_socket(cloud.serve_aws(0), line, body)

    assert said.startswith(f"HTTP/1.1 {status} ")
    assert answer in said
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("method", ["PATCH", "BREW", "TRACE", "get"])
@pytest.mark.parametrize(
    ("service", "status", "answer"),
    [
        ("s3", 405, "<Code>MethodNotAllowed</Code>"),
        ("lambda", 404, '"__type": "UnknownOperationException"'),
        ("states", 404, '"__type": "UnknownOperationException"'),
    ],
)
def test_a_method_that_a_service_never_takes_is_refused_in_its_protocol(
    cloud: Cloud, service: str, status: int, answer: str, method: str
) -> None:
    boto3.client("s3").create_bucket(Bucket="data")
    line = f"{method} /data HTTP/1.1\r\n{SIGNED.replace('/s3/', f'/{service}/')}"
    said = by_bare_socket(cloud.serve_aws(0), line, "{}")

    assert said.startswith(f"HTTP/1.1 {status} ")
    assert answer in said


def bare(port: int, request: str) -> str:
    """Return the whole answer to what is sent, and ended, as it is written."""
    with socket.create_connection(("127.0.0.1", port), timeout=9) as connection:
        connection.sendall(request.encode())
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as answer:
            return answer.read().decode()


LINE = f"HTTP/1.1\r\nHost: 127.0.0.1\r\n{SIGNED}"


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        ("O'Brien\r\n\r\n", 400),
        ("PRI * HTTP/2.0\r\n\r\n", 505),
        (f"GET /{'x' * 70_000} {LINE}\r\n\r\n", 414),
        (f"GET / {LINE}\r\nA: {'x' * 70_000}\r\n\r\n", 431),
        (f"PUT /data/a {LINE}\r\nnonsense\r\n\r\n", 400),
        (f"PUT /data/a {LINE}\r\n", 400),
        (f"PUT /data/a {LINE}\r\nContent-Length: -1\r\n\r\n", 400),
        (f"PUT /data/a {LINE}\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
    ],
)
def test_what_is_no_http_is_answered_by_its_status_alone(
    cloud: Cloud, capfd: pytest.CaptureFixture[str], request_line: str, status: int
) -> None:
    head, _, body = bare(cloud.serve_aws(0), request_line).partition("\r\n\r\n")
    line, *headers = head.split("\r\n")

    assert line.startswith(f"HTTP/1.1 {status} ")
    assert (headers, body) == (["Content-Length: 0", "Connection: close"], "")
    assert capfd.readouterr().err == ""


JSON_LINE = f"POST / {LINE.replace('/s3/', '/dynamodb/')}\r\nX-Amz-Target: DynamoDB_20120810"
FORM = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 8\r\n\r\nAction=X"


@pytest.mark.parametrize(
    ("request_line", "status", "kind", "answer"),
    [
        (f"{JSON_LINE}.ListTables\r\nContent-Length: 9\r\n\r\n{{}}", 400,
         "application/x-amz-json-1.0", '"__type": "SerializationException"'),
        (f"{JSON_LINE}.Guess\r\nContent-Length: 2\r\n\r\n{{}}", 400,
         "application/json", '"__type": "UnknownOperationException"'),
        (f"PUT /data/a {LINE}\r\nContent-Length: 9\r\n\r\nab", 400,
         "application/xml", "<Code>IncompleteBody</Code>"),
        (f"PUT /data/a {LINE}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab", 400,
         "application/xml", "<Code>IncompleteBody</Code>"),
        (f"GET /nowhere {LINE.replace('/s3/', '/lambda/')}\r\n\r\n", 404,
         "application/x-amz-json-1.0", '"__type": "UnknownOperationException"'),
        (f"POST / {LINE.replace('/s3/', '/sns/')}\r\n{FORM}", 400,
         "application/xml", "<Code>InvalidAction</Code>"),
    ],
)  # fmt: skip
def test_what_no_service_can_take_is_an_error_in_its_protocol_and_never_html(
    cloud: Cloud, request_line: str, status: int, kind: str, answer: str
) -> None:
    boto3.client("s3").create_bucket(Bucket="data")
    head, _, body = bare(cloud.serve_aws(0), request_line).partition("\r\n\r\n")

    assert head.startswith(f"HTTP/1.1 {status} ")
    assert f"Content-Type: {kind}\r\n" in head
    assert answer in body
    assert not any(name in head + body for name in ("Werkzeug", "Python", "html"))
    assert not boto3.client("s3").list_objects_v2(Bucket="data")["KeyCount"]
