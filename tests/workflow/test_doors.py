"""The API's port against a hostile caller, over plain sockets."""

import gzip
import json
import socket
import threading
import time
import zlib
from http.client import HTTPResponse
from urllib.parse import urlsplit

import msgspec
import pytest
import requests

from bank.first_run import body_of
from chalicelib.foundation.errors import InvalidApplication, InvalidRequest, PredictionNotFound
from chalicelib.http.response_headers import SECURITY
from chalicelib.profile.tables.api_tables import Api
from chalicelib.services import services
from infrastructure.deploy.steps.deployed_api import UNQUOTED
from tests.workflow.conftest import API_KEY, Served

PAGE = "http://localhost:3000"
PROBLEM = "application/problem+json"
KEYED = [
    "/predict", "/predictions/ana", "/predictions/ana/0a", "/predictions/ana/0a/outcome",
    "/predictions/ana/0a/change", "/predictions/ana/0a/offer",
    "/predictions/ana/0a/explanation", "/models",
]  # fmt: skip


def connected(served: Served) -> socket.socket:
    address = urlsplit(served.url)
    assert address.hostname
    assert address.port
    return socket.create_connection((address.hostname, address.port), timeout=30)


def sent(served: Served, target: str, method: str = "GET", body: bytes = b"", **headers: str):
    """The answer to a request as it is written: nothing normalises its target."""
    given = {"Host": "127.0.0.1", "Connection": "close", "Content-Length": str(len(body))}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{name}: {value}" for name, value in given.items() if value]
    with connected(served) as connection:
        head = "\r\n".join([f"{method} {target} HTTP/1.1", *lines, "", ""])
        connection.sendall(head.encode("latin-1") + body)
        answer = HTTPResponse(connection, method=method)
        answer.begin()
        return answer, answer.read()


def problem(answer: HTTPResponse, body: bytes) -> dict:
    """The answer's problem; every problem has these headers and members."""
    assert answer.getheader("Content-Type") == PROBLEM
    assert answer.getheader("Cache-Control") == "no-store"
    assert answer.getheader("Content-Language")
    told = json.loads(body)
    assert told["status"] == answer.status
    assert told["type"].startswith("urn:problem:")
    return told


def spellings(path: str) -> list[str]:
    """The path with each of its characters percent-encoded, and in other disguises."""
    encoded = [f"{path[:at]}%{ord(path[at]):02x}{path[at + 1 :]}" for at in range(1, len(path))]
    doubled = [one.replace("%", "%25") for one in encoded]
    others = [
        path + "/", path + "//", "/" + path, path + ";a=1", path + "?x=1", path + "#a",
        path.upper(),
        "/." + path, "/x/.." + path, path + "%00", path + "%20", path.replace("/", "%2f"),
        path.replace("/", "/%2e/"), path.replace("/", "\\"), "http://127.0.0.1" + path,
        "http://elsewhere.example" + path, "*", path[1:],
    ]  # fmt: skip
    return [path, *encoded, *doubled, *others]


@pytest.mark.parametrize("path", KEYED)
def test_no_spelling_of_a_path_opens_it_without_the_key(served, path):
    for method in ("GET", "POST", "HEAD", "PUT", "DELETE", "PATCH", "TRACE"):
        for target in spellings(path) if method in ("GET", "POST") else [path]:
            answer, body = sent(served, target, method, b"{}", Content_Type="application/json")

            assert answer.status in (400, 403, 404), (method, target)
            assert method == "HEAD" or problem(answer, body)


def test_an_encoded_path_with_the_key_is_the_same_path(served):
    for target in ("/models", "/%6dodels", "/models/", "/models?a=1", "http://localhost/models"):
        assert sent(served, target, x_api_key=API_KEY)[0].status == 200
    for target in ("/Models", "//models", "/./models", "/models;a", "/%256dodels", "/models//"):
        assert sent(served, target, x_api_key=API_KEY)[0].status == 404


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("127.0.0.1:8000", "", 200),
        ("localhost", "", 200),
        ("[::1]:8000", "", 200),
        ("bank.localhost", "", 200),
        ("bank.example", "", 403),
        ("127.0.0.1.bank.example", "", 403),
        ("127.0.0.1@bank.example", "", 403),
        ("bank.example#.localhost", "", 403),
        ("[::1", "", 403),
        ("127.0.0.1:x", "", 403),
        ("127.0.0.1", "http://localhost:3000", 200),
        ("127.0.0.1", "https://bank.example", 403),
        ("127.0.0.1", "http://localhost.bank.example", 403),
        ("127.0.0.1", "null", 403),
        ("127.0.0.1", "file://localhost", 403),
        ("127.0.0.1", "http://[", 403),
    ],
)
def test_only_this_machine_is_answered(served, host, origin, status):
    answer, body = sent(served, "/models", Host=host, Origin=origin, x_api_key=API_KEY)

    assert answer.status == status
    opened = answer.getheader("Access-Control-Allow-Origin")
    assert opened is None  # the profile lists no origins
    if status == 403:
        assert problem(answer, body)["type"] == "urn:problem:foreign-caller"


def test_a_page_of_another_site_can_not_ask_without_naming_its_origin(served):
    assert sent(served, "/health", Sec_Fetch_Site="cross-site")[0].status == 403
    assert sent(served, "/health", Sec_Fetch_Site="none")[0].status == 200


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({}, 200),
        ({"Sec_Fetch_Mode": "cors"}, 403),
        ({"Sec_Fetch_Dest": "iframe"}, 403),
        ({"Host": "bank.example"}, 403),
    ],
)
def test_a_link_of_another_site_opens_a_page_in_a_window_alone(served, changed, status):
    link = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}
    link |= {"Sec_Fetch_Dest": "document", "Host": "localhost"} | changed

    assert sent(served, "/", **link)[0].status == status


@pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH", "TRACE", "PROPFIND", "LOCK"])
def test_another_method_is_answered_as_api_gateway_does(served, method):
    for key in ("", API_KEY):
        answer, body = sent(served, "/models", method, x_api_key=key)

        assert problem(answer, body)["type"] == "urn:problem:not-found"


def test_head_has_no_body_and_is_only_where_it_is_declared(served):
    answer, body = sent(served, "/health", "HEAD")
    got = sent(served, "/health")
    assert got[0].getheader("Cache-Control") == "no-store"

    assert (answer.status, body) == (200, b"")
    assert answer.getheader("Content-Length") == str(len(got[1]))
    assert sent(served, "/models", "HEAD", x_api_key=API_KEY)[0].status == 404


@pytest.fixture
def listed(served):
    """The API of a profile that lists one page of this machine."""
    using, usual = services(), services().profile
    using.profile = msgspec.structs.replace(usual, api=Api((PAGE,)))
    yield
    using.profile = usual


def test_no_page_of_another_origin_reads_an_answer_unless_the_profile_lists_it(served):
    answer, _ = sent(served, "/predict", "OPTIONS", Origin=PAGE)

    assert (answer.status, answer.getheader("Allow")) == (204, "OPTIONS, POST")
    assert answer.getheader("Access-Control-Allow-Origin") is None
    assert sent(served, "/nowhere", "OPTIONS")[0].status == 404


def test_a_page_that_the_profile_lists_may_ask_without_a_key_and_reads_answers(served, listed):
    asked, _ = sent(served, "/predict", "OPTIONS", Origin=PAGE)
    answer, _ = sent(served, "/models", Origin=PAGE, x_api_key=API_KEY)
    other, _ = sent(served, "/models", Origin="http://localhost:3001", x_api_key=API_KEY)

    assert asked.getheader("Access-Control-Allow-Methods") == "OPTIONS, POST"
    assert "x-api-key" in asked.getheader("Access-Control-Allow-Headers")
    assert asked.getheader("Access-Control-Allow-Origin") == PAGE
    assert answer.getheader("Access-Control-Allow-Origin") == PAGE
    assert "Location" in answer.getheader("Access-Control-Expose-Headers")
    assert other.getheader("Access-Control-Allow-Origin") is None
    assert answer.getheader("Vary") == other.getheader("Vary") == "Origin"


@pytest.mark.parametrize("path", ["/health", "/models", "/openapi.json", "/docs", "/predictions/-"])
def test_every_answer_has_the_headers_of_security(served, path):
    answer, _ = sent(served, path, x_api_key=API_KEY)

    for name in SECURITY:
        assert answer.getheader(name)
    assert "frame-ancestors 'none'" in answer.getheader("Content-Security-Policy")
    refused, _ = sent(served, "/models")
    assert {*UNQUOTED.items()} <= {*refused.getheaders()}


@pytest.mark.parametrize(
    ("target", "headers", "status"),
    [
        ("/models?" + "x" * 10_300, {}, 431),
        ("/models", {"Padding": "x" * 11_000}, 431),
        ("/models", {"Content-Length": "-1"}, 400),
        ("/models", {"Content-Length": "1, 1"}, 400),
        ("/models", {"Content-Length": str(10 * 2**20 + 1)}, 413),
        ("/models", {"Transfer-Encoding": "gzip", "Content-Length": ""}, 501),
        ("/mod els", {}, 400),
    ],
)
def test_what_the_server_can_not_read_is_a_problem_in_both_languages(
    served, target, headers, status
):
    answer, body = sent(served, target, **headers, x_api_key=API_KEY)

    assert answer.status == status
    assert " / " in problem(answer, body)["title"]
    assert answer.getheader("Content-Language") == "es, en"


def in_chunks(served, body: bytes, size: int = 7):
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    framed = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in [*chunks, b""])
    headers = {"Transfer-Encoding": "chunked", "Content-Length": ""}
    return sent(
        served, "/predict", "POST", framed, Content_Type="application/json", x_api_key=API_KEY,
        **headers,
    )  # fmt: skip


def test_a_body_in_chunks_is_taken(served, loans):
    answer, body = in_chunks(served, json.dumps(body_of(loans[3])).encode())

    assert answer.status == 200, body


@pytest.mark.parametrize(
    ("coding", "packed", "status"),
    [
        ("gzip", gzip.compress, 200),
        ("deflate", zlib.compress, 200),
        ("identity", bytes, 200),
        ("GZIP", gzip.compress, 200),
        ("gzip", bytes, 415),
        ("gzip", lambda body: gzip.compress(body)[:-9], 415),
        ("br", bytes, 415),
        ("zstd", bytes, 415),
        ("gzip", lambda body: gzip.compress(body + b" " * 70_000), 413),
        ("gzip", lambda body: gzip.compress(body + b" " * 11 * 2**20), 413),
    ],
)
def test_a_compressed_body_is_taken_as_api_gateway_takes_it(served, loans, coding, packed, status):
    headers = {"x-api-key": API_KEY, "Content-Type": "application/json", "Content-Encoding": coding}
    body = packed(json.dumps(body_of(loans[4])).encode())
    answer = requests.post(f"{served.url}/predict", body, headers=headers, timeout=30)

    assert answer.status_code == status
    assert status == 200 or answer.headers["Content-Type"] == PROBLEM


def test_slow_callers_hold_no_threads_and_keep_nobody_waiting(served, loans):
    before = threading.active_count()
    slow = [connected(served) for _ in range(300)]
    try:
        for connection in slow:
            connection.sendall(b"POST /predict HTTP/1.1\r\nContent-Length: 99\r\n")
        started = time.monotonic()
        assert served.predict(loans[0])

        assert time.monotonic() - started < 10
        assert threading.active_count() - before < 150
    finally:
        for connection in slow:
            connection.close()


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize(
    ("path", "body", "kind"),
    [
        ("/predict", b"\xe9", InvalidRequest),
        ("/predict", b'{"clientId": "ana", "clientId": "eva"}', InvalidRequest),
        ("/predict", b'{"clientId": "", "application": {"state": "ny"}}', InvalidApplication),
        ("/predictions/nobody/0a", None, PredictionNotFound),
        ("/predictions/nobody/0a/outcome", b"{}", PredictionNotFound),
        ("/predictions/nobody/0a/change", None, PredictionNotFound),
        ("/predictions/nobody?limit=0", None, InvalidRequest),
    ],
)
def test_an_error_is_in_the_callers_language(served, path, body, kind, language):
    other = {"es": "en", "en": "es"}[language]
    headers = {"x-api-key": API_KEY, "Content-Type": "application/json"}
    wish = {"Accept-Language": f"{other};q=0.3, fr, {language};q=0.8"}
    ask = requests.post if body is not None else requests.get
    answer = ask(served.url + path, data=body, headers=headers | wish, timeout=9)

    assert answer.status_code == kind.status
    assert answer.headers["Content-Type"] == PROBLEM
    assert answer.headers["Content-Language"] == language
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json()["title"] == getattr(kind.title, language)


def test_whatever_holds_a_persons_data_is_kept_by_no_cache(served, loans):
    answer = served.post(body_of(loans[5]), **{"Accept-Language": "en"})
    path = f"/predictions/{loans[5]['clientId']}"
    one = f"{path}/{answer.json()['predictionId']}"
    answers = [answer, served.get(path), served.get(one), served.get(f"{one}/change")]

    assert {one.headers["Cache-Control"] for one in answers} == {"no-store"}
    assert answer.headers["Content-Language"] == "en"
    assert answers[2].headers["Content-Language"] == "en"  # of the reasons, as they are stored


def test_25000_and_25000_0_are_one_application(served, loans):
    body = body_of(loans[6])
    answers = [
        served.post(
            body | {"application": body["application"] | {"amount": amount}},
            **{"Idempotency-Key": "numbers"},
        )
        for amount in (25000, 25000.0)
    ]

    assert [one.status_code for one in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
