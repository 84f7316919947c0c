"""Each API key opens the routes of its scope, and no other: one request a cell of the table."""

import boto3
import pytest

from chalicelib.people.access import ACCESS, Scope
from tests.contract.people.conftest import EVERY_KEY, SCOPED, kind

KEYED = [row for row in ACCESS if row.scopes]


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize("row", KEYED, ids=lambda row: f"{row.method} {row.path}")
def test_a_key_opens_the_routes_of_its_scope(door, row, scope):
    answer = door.ask(row.method, row.path, **{"x-api-key": SCOPED[scope]})

    assert (kind(answer) == "scope-missing") == (scope not in row.scopes)
    assert (answer.status_code == 403) == (scope not in row.scopes)


@pytest.mark.parametrize("row", KEYED, ids=lambda row: f"{row.method} {row.path}")
def test_a_key_from_before_the_scopes_opens_all(door, row):
    assert door.ask(row.method, row.path, **{"x-api-key": EVERY_KEY}).status_code != 403


def test_a_key_whose_scope_nobody_wrote_opens_nothing(door):
    name = door.bank.settings.key_scopes_parameter
    ssm = boto3.client("ssm")
    written = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    ssm.put_parameter(Name=name, Value="{}", Type="String", Overwrite=True)
    from chalicelib.services import services

    try:
        services().key_scopes._read_at -= 61
        answers = [door.ask("GET", "/models", **{"x-api-key": key}) for key in SCOPED.values()]
        assert [kind(answer) for answer in answers] == ["scope-missing"] * 3
    finally:
        ssm.put_parameter(Name=name, Value=written, Type="String", Overwrite=True)
        services().key_scopes._read_at -= 61
