"""API Gateway as the local port has it: one route decides about the key and about the function."""

import io
import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bank.api import UNREADABLE, ForeignCaller, own_answers
from chalicelib.profile.tables.api_tables import Api
from infrastructure.deploy.steps.deployed_api import ANSWERS, body_of, headers_of
from infrastructure.project import ROOT
from localcloud.services.apigateway.gateway import Gateway, Needs, Stage, match
from localcloud.services.apigateway.refused import Refused
from localcloud.services.cognito.tokens import InvalidToken

ROUTES = {
    "/loans": {"GET": Needs.KEY, "POST": Needs.KEY},
    "/loans/{id}": {"GET": Needs.KEY},
    "/loans/newest": {"GET": Needs.KEY},
    "/health": {"GET": Needs.NOTHING, "HEAD": Needs.NOTHING},
    "/people/loans": {"GET": Needs.TOKEN},
}
words = st.sampled_from(
    ["loans", "LOANS", "newest", "health", "..", ".", "", "a b", "é", "a/b", "%"]
)


@st.composite
def spelled(draw: Any) -> str:
    """A path, some of whose characters are percent-encoded, once or twice."""
    path = "/" + "/".join(draw(st.lists(words, min_size=1, max_size=3)))
    written = [
        draw(st.sampled_from([quote(one), f"%{ord(one):02X}", f"%25{ord(one):02x}"]))
        if one.isascii() and one != "%"
        else quote(one)
        for one in path
    ]
    return "/" + "".join(written[1:]) + draw(st.sampled_from(["", "/", "//", ";a=1"]))


def claims(authorization: str) -> dict[str, str]:
    if authorization != "Bearer token":
        raise InvalidToken("another")
    return {"sub": "ana"}


def asked(target: str, method: str = "GET", key: str = "", **more: Any) -> tuple[Any, ...]:
    """The status, headers and body of the answer, and the events that the function was given."""
    events: list[Any] = []
    answers: list[Any] = []

    def invoke(event: Any, _: str) -> Any:
        events.append(event)
        return {"statusCode": 200, "headers": {"Access-Control-Allow-Origin": "*"}, "body": "{}"}

    key_id = lambda given: "id" if given == "key" else None  # noqa: E731
    gateway = Gateway(ROUTES, key_id, claims, invoke, own_answers(Api(), "dev"), Stage("v1"))
    environ = {"REQUEST_METHOD": method, "REQUEST_URI": target, "wsgi.input": io.BytesIO()}
    environ |= {"HTTP_X_API_KEY": key, "HTTP_HOST": "localhost:8000"} | more
    body = b"".join(gateway(environ, lambda *told: answers.extend(told)))
    return int(answers[0][:3]), dict(answers[1]), body, events


@given(spelled() | st.text(), st.sampled_from(["GET", "POST", "HEAD", "PUT", "OPTIONS"]))
def test_no_spelling_reaches_a_keyed_route_without_its_key(target, method):
    *_, events = asked(target, method)

    assert all(event["resource"] == "/health" for event in events)


@given(spelled())
def test_what_a_path_reaches_without_a_key_it_reaches_with_one(target):
    without, having = asked(target), asked(target, key="key")

    assert (without[0], having[0]) in {(403, 200), (200, 200), (404, 404)}


@pytest.mark.parametrize(
    ("path", "route", "parameters"),
    [
        ("/loans", "/loans", {}),
        ("/loans/", "/loans", {}),
        ("/%6coans/%61", "/loans/{id}", {"id": "a"}),
        ("/loans/newest", "/loans/newest", {}),
        ("/loans/a%2Fb", "/loans/{id}", {"id": "a/b"}),
        ("/loans/%2561", "/loans/{id}", {"id": "%61"}),
        ("/loans/%ff", "/loans/{id}", {"id": "\ufffd"}),
    ],
)
def test_a_segment_is_decoded_once(path, route, parameters):
    assert match(path, ROUTES) == (route, parameters)


@pytest.mark.parametrize(
    "path", ["/", "", "//loans", "/loans//", "/loans%2Fa", "/Loans", "/loans/a/b"]
)
def test_what_is_no_route_is_the_gateways_to_answer(path):
    with pytest.raises(Refused, match="MISSING_AUTHENTICATION_TOKEN"):
        match(path, ROUTES)


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("http://127.0.0.1/health", 200),
        ("HTTP://LocalHost:8000/health?a=1", 200),
        ("http://bank.example/health", 404),
        ("http://a@localhost/health", 404),
        ("file://localhost/health", 404),
        ("http://[::1/health", 404),
        ("http://localhost:x/health", 404),
        ("localhost:8000", 404),
        ("*", 404),
        ("health", 404),
    ],
)
def test_a_target_that_names_a_host_names_this_machine(target, status):
    assert asked(target)[0] == status


def test_its_own_answers_are_the_deployed_ones():
    for target, method, kind in (
        ("/nowhere", "GET", "MISSING_AUTHENTICATION_TOKEN"),
        ("/loans", "DELETE", "MISSING_AUTHENTICATION_TOKEN"),
        ("/loans", "GET", "INVALID_API_KEY"),
        ("/people/loans", "GET", "UNAUTHORIZED"),
    ):
        status, headers, body, _ = asked(target, method)

        assert status == ANSWERS[kind].status
        assert body.decode() == body_of(ANSWERS[kind])
        assert headers == headers_of(ANSWERS[kind], Api(), "dev") | {
            "Content-Length": str(len(body))
        }


def test_a_fault_of_the_function_is_the_gateways_503():
    def fails(*_: Any) -> Any:
        raise ValueError("what was sent")

    told: list[Any] = []
    environ = {"REQUEST_METHOD": "GET", "REQUEST_URI": "/health", "wsgi.input": io.BytesIO()}
    gateway = Gateway(ROUTES, lambda _: None, claims, fails, own_answers(Api(), "dev"), Stage("v1"))
    body = b"".join(gateway(environ, lambda *given: told.extend(given)))

    assert told[0].startswith("503")
    assert json.loads(body)["type"] == "urn:problem:service-unavailable"


def test_the_headers_that_open_an_answer_to_a_page_are_the_functions_own():
    headers = asked("/health", HTTP_ORIGIN="http://localhost:1")[1]

    assert headers["Access-Control-Allow-Origin"] == "*"


def test_the_event_names_the_key_and_never_holds_a_body_as_bytes():
    raw = {"wsgi.input": io.BytesIO(b"\xe9"), "CONTENT_TYPE": "application/json"}
    [event] = asked("/loans?a=1&a=2", "POST", "key", **raw)[3]

    assert event["requestContext"]["identity"]["apiKeyId"] == "id"
    assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"]}
    assert (event["body"], event["isBase64Encoded"]) == ("\ufffd", False)


def test_the_event_has_the_claims_of_a_token_and_a_key_is_no_token():
    [event] = asked("/people/loans", HTTP_AUTHORIZATION="Bearer token")[3]

    assert event["requestContext"]["authorizer"] == {"claims": {"sub": "ana"}}
    assert asked("/people/loans", key="key")[0] == 401


def test_a_token_is_no_key_and_leaves_no_claims_on_a_keyed_route():
    assert asked("/loans", HTTP_AUTHORIZATION="Bearer token")[0] == 403
    [event] = asked("/loans", key="key", HTTP_AUTHORIZATION="Bearer token")[3]
    assert "authorizer" not in event["requestContext"]


@pytest.mark.parametrize("problem", [*UNREADABLE.values(), ForeignCaller()])
def test_a_type_of_this_machine_alone_has_an_address_in_the_handbook(problem):
    page = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    slug = problem.uri().removeprefix("urn:problem:")

    assert f'| {problem.status} | <a id="{slug}"></a>`{slug}` |' in page
