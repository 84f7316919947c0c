"""The table of who may call what, and the scopes of keys as the parameter has them."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import boto3
import pytest
from botocore.stub import Stubber

import app
from chalicelib.foundation.errors import RoleMissing, ScopeMissing, ServiceUnavailable
from chalicelib.people.access import ACCESS, PEOPLE, Role, Scope, require_role, require_scope
from chalicelib.people.caller import person_of, source_of
from chalicelib.people.key_scopes import KeyScopes, parsed, written
from chalicelib.people.routing import PeopleAuthorizer

OPEN_PATHS = ("/health", "/openapi.json", "/docs", "/docs/{name}", "/", "/console/{name}")
OPEN = {(method, path) for method in ("GET", "HEAD") for path in OPEN_PATHS}
NAME = "/dev/appvengers/api-key-scopes"
BOTH = frozenset([Scope.SCORING, Scope.READING])


def asked():
    """Return the routes without OPTIONS, which a browser sends without a key or token."""
    routes = app.app.routes.items()
    return {path: {one: by[one] for one in by if one != "OPTIONS"} for path, by in routes}


def test_every_path_takes_options_without_a_key_or_a_token():
    for by in app.app.routes.values():
        assert not by["OPTIONS"].api_key_required
        assert by["OPTIONS"].authorizer is None


def test_every_route_of_the_api_is_in_the_table_or_open():
    routes = {(method, path) for path, by in asked().items() for method in by}
    machines = {(one.method, one.path) for one in ACCESS if one.scopes}

    assert {route for route in routes if not route[1].startswith(PEOPLE)} == machines | OPEN
    assert len(machines) == len([one for one in ACCESS if one.scopes])


def test_every_route_of_people_asks_for_a_token_and_for_nothing_else():
    routes = {
        (method, path): route
        for path, by in asked().items()
        for method, route in by.items()
        if path.startswith(PEOPLE)
    }

    assert set(routes) == {(one.method, PEOPLE + one.path) for one in ACCESS if one.roles}
    for route in routes.values():
        assert isinstance(route.authorizer, PeopleAuthorizer)
        assert not route.api_key_required


def test_every_route_of_machines_asks_for_a_key_and_no_open_one_does():
    for path, by in asked().items():
        for method, route in by.items():
            if not path.startswith(PEOPLE):
                assert bool(route.api_key_required) == ((method, path) not in OPEN)


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize("row", ACCESS, ids=lambda row: f"{row.method} {row.path}")
def test_a_key_without_the_scope_is_refused(row, scope):
    if scope in row.scopes:
        require_scope(row.method, row.path, frozenset([scope]))
    else:
        with pytest.raises(ScopeMissing):
            require_scope(row.method, row.path, frozenset([scope]))


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("row", ACCESS, ids=lambda row: f"{row.method} {row.path}")
def test_a_person_without_the_role_is_refused(row, role):
    if role in row.roles:
        require_role(row.method, PEOPLE + row.path, frozenset([role]))
    else:
        with pytest.raises(RoleMissing):
            require_role(row.method, PEOPLE + row.path, frozenset([role]))


def test_a_refusal_names_what_would_do():
    with pytest.raises(ScopeMissing, match=r"scope would do: reading, scoring\."):
        require_scope("GET", "/ready", frozenset())


def test_a_route_that_is_not_in_the_table_is_refused():
    with pytest.raises(KeyError):
        require_scope("DELETE", "/models", frozenset(Scope))


def test_scopes_are_read_as_they_are_written():
    scopes = {"a1": frozenset(Scope), "b2": BOTH}

    assert parsed(written(scopes)) == scopes


@pytest.fixture
def parameter():
    """Yield the scopes, and a function that says what Systems Manager answers next."""
    client = boto3.client("ssm", region_name="us-east-1")
    with Stubber(client) as stubbed:

        def answer(value=None):
            given = {"Name": NAME, "WithDecryption": False}
            if value is None:
                stubbed.add_client_error("get_parameter", "InternalServerError", "", 500)
            else:
                stubbed.add_response("get_parameter", {"Parameter": {"Value": value}}, given)

        yield KeyScopes(client, NAME), answer
        stubbed.assert_no_pending_responses()


def test_a_key_is_looked_up_once_a_minute(parameter):
    scopes, answer = parameter
    answer('{"a1":["scoring","reading"]}')

    assert [scopes.of("a1"), scopes.of("a1")] == [BOTH, BOTH]


def test_an_unknown_key_has_no_scope_and_is_looked_up_again_soon(parameter):
    scopes, answer = parameter
    answer('{"a1":["scoring"]}')

    assert scopes.of("new") == scopes.of("new") == frozenset()
    scopes._read_at -= 3
    answer('{"new":["reading"]}')
    assert scopes.of("new") == {Scope.READING}
    assert scopes.of("a1") == frozenset()


def test_who_comes_during_the_first_reading_waits_for_it():
    class Slow:
        def get_parameter(self, **_):
            came.append(callers.submit(scopes.of, "a1"))
            with suppress(TimeoutError):
                came[0].exception(timeout=0.05)
            return {"Parameter": {"Value": '{"a1":["scoring"]}'}}

    scopes, came = KeyScopes(Slow(), NAME), []
    with ThreadPoolExecutor(1) as callers:
        assert scopes.of("a1") == {Scope.SCORING}
        assert came[0].result() == {Scope.SCORING}


@pytest.mark.parametrize("broken", [None, "[]", '{"a1":["everything"]}', "{"])
def test_a_parameter_that_cannot_be_read_changes_nothing_and_gives_nothing(parameter, broken):
    scopes, answer = parameter
    answer(broken)
    with pytest.raises(ServiceUnavailable):
        scopes.of("a1")
    scopes._read_at -= 3
    answer('{"a1":["scoring"]}')
    assert scopes.of("a1") == {Scope.SCORING}
    scopes._read_at -= 61
    answer(broken)
    assert scopes.of("a1") == {Scope.SCORING}


def test_the_page_has_the_table():
    page = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")
    for row in ACCESS:
        cells = ["yes" if scope in row.scopes else "" for scope in Scope]
        cells += ["yes" if role in row.roles else "" for role in Role]
        assert f"| `{row.method} {row.path}` | {' | '.join(cells)} |\n" in page


def context(**claims):
    return {"authorizer": {"claims": claims}, "identity": {"apiKeyId": None}}


@pytest.mark.parametrize(
    ("groups", "roles"),
    [
        ({"cognito:groups": "risk"}, {Role.RISK}),
        ({"cognito:groups": "analyst,auditor,staff"}, {Role.ANALYST, Role.AUDITOR}),
        ({"cognito:groups": "Risk,riskier, operator"}, set()),
        ({"cognito:groups": ""}, set()),
        ({}, set()),
    ],
)
def test_a_persons_roles_are_the_groups_that_are_roles(groups, roles):
    person = person_of(context(sub="1", **{"cognito:username": "Bank_ana"}, **groups))

    assert person.roles == roles
    assert person.recorded() == {"sub": "1", "username": "Bank_ana"}


def test_the_source_of_an_outcome_is_who_reports_it():
    assert source_of(context(sub="1")) == "person:1"
    assert source_of({"identity": {"apiKeyId": "k"}}) == "apiKey:k"
    assert source_of({"authorizer": None, "identity": {}}) == "apiKey:unknown"
    assert source_of({"authorizer": {"claims": {}}, "identity": {}}) == "apiKey:unknown"
