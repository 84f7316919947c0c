"""Each role opens its routes, and no other: one request a cell of the table."""

import boto3
import pytest

from chalicelib.people.access import ACCESS, PEOPLE, Role
from tests.contract.people.conftest import EVERY_KEY, kind

PASSWORD = "Neither-of-12!"  # noqa: S105 - of this test
PEOPLES = [row for row in ACCESS if row.roles]
BOTH = [row for row in PEOPLES if row.scopes]


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("row", PEOPLES, ids=lambda row: f"{row.method} {row.path}")
def test_a_role_opens_its_routes(door, tokens, row, role):
    answer = door.ask_as(tokens[role], row.method, PEOPLE + row.path)

    assert (kind(answer) == "role-missing") == (role not in row.roles)
    assert (answer.status_code == 403) == (role not in row.roles)
    assert answer.status_code != 401


@pytest.mark.parametrize("row", PEOPLES, ids=lambda row: f"{row.method} {row.path}")
def test_no_route_of_people_opens_without_a_token(door, tokens, row):
    without = door.ask(row.method, PEOPLE + row.path)
    with_a_key = door.ask(row.method, PEOPLE + row.path, **{"x-api-key": EVERY_KEY})

    for answer in (without, with_a_key):
        assert (answer.status_code, kind(answer)) == (401, "unauthorized")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("row", BOTH, ids=lambda row: f"{row.method} {row.path}")
def test_no_token_opens_a_route_of_machines(door, tokens, row):
    for token in tokens.values():
        assert kind(door.ask_as(token, row.method, row.path)) == "forbidden"


def test_a_person_with_two_roles_has_the_routes_of_both_and_without_any_none(door):
    cognito, name = boto3.client("cognito-idp"), {"UserPoolId": door.pool.id, "Username": "two"}
    cognito.admin_create_user(**name, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(**name, Password=PASSWORD, Permanent=True)
    door.passwords["two"] = PASSWORD
    nothing = door.token("two")
    for role in (Role.OPERATOR, Role.ANALYST):
        cognito.admin_add_user_to_group(**name, GroupName=role)
    both = door.token("two")

    assert kind(door.ask_as(nothing, "GET", "/people/ready")) == "role-missing"
    assert door.ask_as(both, "GET", "/people/ready").status_code == 503  # there are no models
    assert door.ask_as(both, "GET", "/people/predictions/{clientId}").status_code == 200
    assert kind(door.ask_as(both, "POST", "/people/predictions/a/b/outcome")) == "role-missing"


def test_a_group_that_is_no_role_gives_nothing(door):
    cognito, name = boto3.client("cognito-idp"), {"UserPoolId": door.pool.id, "Username": "odd"}
    cognito.create_group(UserPoolId=door.pool.id, GroupName="Risk")
    cognito.admin_create_user(**name, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(**name, Password=PASSWORD, Permanent=True)
    cognito.admin_add_user_to_group(**name, GroupName="Risk")
    door.passwords["odd"] = PASSWORD

    assert kind(door.ask_as(door.token("odd"), "GET", "/people/models")) == "role-missing"
