"""Verification of ID tokens, as API Gateway's authorizer of user pools does it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwt import JWTClaimsRegistry
from moto.cognitoidp.models import cognitoidp_backends

from localcloud.services.cognito.user_pools import has_key

_DATES = ("exp", "iat")  # which the authorizer hands on in words


class InvalidToken(Exception):
    """The authorizer answers UNAUTHORIZED; the message says why, for the log."""


def verified(
    authorization: str, provider_arns: Iterable[str], audience: str | None = None
) -> dict[str, str]:
    """Return the claims of the ID token in an Authorization header, as a function gets them.

    The token must be signed with RS256 by one of the pools, name that pool as its issuer, not have
    expired, be an ID token, and have an `aud` that matches `audience`, a pattern. A method without
    scopes takes ID tokens only. Raises InvalidToken.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-integrate-with-cognito.html
    https://docs.aws.amazon.com/apigateway/latest/api/API_CreateAuthorizer.html
    """
    token = authorization.removeprefix("Bearer ").strip()
    for pool in _pools(provider_arns):
        if claims := _claims(token, pool):
            break
    else:
        raise InvalidToken("no pool of the authorizer issued this token, or it has expired")
    if claims.get("token_use") != "id":
        raise InvalidToken("it is no ID token")
    if audience is not None and not re.fullmatch(audience, str(claims.get("aud", ""))):
        raise InvalidToken("it is for another app client")
    return dict(_texts(claims))


def issuer(pool: Any) -> str:
    return f"https://cognito-idp.{pool.region}.amazonaws.com/{pool.id}"


def _pools(arns: Iterable[str]) -> Iterator[Any]:
    """Yield the pools that there are, and have signed anything."""
    for arn in arns:
        _, _, _, region, account, resource = arn.split(":", 5)
        pool = cognitoidp_backends[account][region].user_pools.get(resource.rpartition("/")[2])
        if pool and has_key(pool):
            yield pool


def _claims(token: str, pool: Any) -> dict[str, Any] | None:
    """Return the claims of a token that the pool signed for now; None of any other."""
    rules = JWTClaimsRegistry(
        iss={"essential": True, "value": issuer(pool)},
        exp={"essential": True},
        sub={"essential": True},
    )
    try:
        found = jwt.decode(token, pool.json_web_key, algorithms=["RS256"]).claims
        rules.validate(found)
    except (JoseError, ValueError, TypeError):
        return None
    return dict(found)


def _texts(claims: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the claims as texts: a list is joined by commas, and a time is in words.

    https://repost.aws/questions/QUFJRBaEJRSmmqarNrvCWoQA/aws-cognito-group shows an event.
    """
    for name, value in claims.items():
        if name in _DATES:
            yield name, f"{datetime.fromtimestamp(value, UTC):%a %b %d %H:%M:%S UTC %Y}"
        elif isinstance(value, list):
            yield name, ",".join(str(one) for one in value)
        else:
            yield name, str(value).lower() if isinstance(value, bool) else str(value)
