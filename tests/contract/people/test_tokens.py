"""Tokens that API Gateway refuses: each is right but for one thing."""

import base64
import json
import time

import boto3
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from moto.cognitoidp.models import cognitoidp_backends
from moto.utilities.utils import load_resource

from localcloud.services.cognito.tokens import issuer, verified
from tests.contract.people.conftest import ACCOUNT, kind

ROUTE = ("GET", "/people/ready")
RS256 = {"alg": "RS256", "kid": "dummy"}


@pytest.fixture
def pool(door, tokens):
    """The pool as moto has it; it has signed."""
    return cognitoidp_backends[ACCOUNT]["us-east-1"].user_pools[door.pool.id]


@pytest.fixture
def signed(door, pool):
    """signed(...) -> a token that is right but for what is given."""

    def sign(key=None, header=RS256, leave_out=(), **other):
        now = int(time.time())
        claims = {
            "sub": "1", "cognito:username": "ana", "cognito:groups": ["operator"], "iat": now,
            "iss": issuer(pool), "aud": door.pool.client_id, "token_use": "id", "exp": now + 60,
        } | other  # fmt: skip
        left = {name: value for name, value in claims.items() if name not in leave_out}
        return jwt.encode(header, left, key or pool.json_web_key, algorithms=[header["alg"]])

    return sign


def part(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def test_the_token_that_the_others_are_made_from_is_let_in(door, signed):
    assert door.ask_as(signed(), *ROUTE).status_code == 503  # there are no models
    assert door.ask(*ROUTE, Authorization=signed()).status_code == 503  # AWS takes both forms


@pytest.mark.parametrize(
    "wrong",
    [
        {"exp": 1},
        {"leave_out": ["exp"]},
        {"iss": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Another"},
        {"leave_out": ["iss"]},
        {"aud": "anotherclientofthesamepool"},
        {"aud": ["anotherclientofthesamepool"]},
        {"leave_out": ["aud"]},
        {"token_use": "access"},
        {"leave_out": ["token_use"]},
        {"leave_out": ["sub"]},
        {"nbf": 2**40},
    ],
    ids=str,
)
def test_a_wrong_claim_is_refused(door, signed, wrong):
    answer = door.ask_as(signed(**wrong), *ROUTE)

    assert (answer.status_code, kind(answer)) == (401, "unauthorized")


def test_the_second_in_which_it_expires_is_too_late(door, signed, pool):
    now = int(time.time())
    arns = [pool.arn]

    assert verified(signed(exp=now + 30), arns)["sub"] == "1"
    assert door.ask_as(signed(exp=now), *ROUTE).status_code == 401


def test_another_signature_is_refused(door, signed, pool):
    right = signed()
    own = RSAKey.generate_key(2048)
    published = RSAKey.import_key(load_resource("cognitoidp/resources/jwks-private.json"))
    public = pool.json_web_key.as_pem(private=False)
    private = pool.json_web_key.as_dict(private=True)
    free = RSAKey.import_key({name: one for name, one in private.items() if name != "alg"})
    confused = OctKey.import_key(base64.urlsafe_b64encode(public))
    head, claims, signature = right.split(".")
    raised = part({"sub": "1", "cognito:groups": ["risk"], "token_use": "id"})
    for token in (
        signed(key=own),
        signed(key=published),  # moto's, which is in its wheel
        signed(key=confused, header={"alg": "HS256"}),  # the public key as a secret
        signed(key=free, header={"alg": "RS512"}),
        f"{part({'alg': 'none'})}.{claims}.",
        f"{part({'alg': 'None'})}.{claims}.{signature}",
        f"{head}.{raised}.{signature}",
        f"{head}.{claims}.",
        f"{head}.{claims}.{signature[:-6]}AAAAAA",
    ):
        assert door.ask_as(token, *ROUTE).status_code == 401, token


@pytest.mark.parametrize("text", ["", "Bearer", "Bearer  ", "a.b.c", "Basic YTpi", "Bearer é.é.é"])
def test_what_is_no_token_is_refused(door, text):
    assert door.ask(*ROUTE, Authorization=text.encode()).status_code == 401


def test_a_token_of_another_pool_is_refused(door, pool, signed):
    cognito = boto3.client("cognito-idp")
    other = cognito.create_user_pool(PoolName="other")["UserPool"]["Id"]
    theirs = cognitoidp_backends[ACCOUNT]["us-east-1"].user_pools[other]
    whole = signed(key=theirs.json_web_key, iss=issuer(theirs))
    half = signed(key=theirs.json_web_key)

    assert verified(whole, [theirs.arn])["sub"] == "1"
    for token in (whole, half):
        assert door.ask_as(token, *ROUTE).status_code == 401
    cognito.delete_user_pool(UserPoolId=other)


def test_an_access_token_is_no_id_token(door, pool):
    access, _ = pool.create_access_token(door.pool.client_id, "operator", origin_jti="1")

    assert door.ask_as(access, *ROUTE).status_code == 401


def test_claims_come_as_the_gateway_hands_them_on(signed, pool):
    claims = verified(
        signed(**{"cognito:groups": ["risk", "auditor"], "email_verified": True, "exp": 2**31}),
        [pool.arn],
    )

    assert claims["cognito:groups"] == "risk,auditor"
    assert claims["email_verified"] == "true"
    assert claims["exp"] == "Tue Jan 19 03:14:08 UTC 2038"
    assert {type(value) for value in claims.values()} == {str}
