"""Callers of the API, as API Gateway has verified them; nothing here comes from a body or header
of the request itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.decisions.outcome_rules import of_api_key, of_person
from chalicelib.foundation.errors import Unauthorized
from chalicelib.people.access import Role

Context = Mapping[str, Any]  # an event's requestContext


@dataclass(frozen=True, slots=True)
class Person:
    """A person who has signed in.

    `sub` is the user pool's id of the person, for good. `username` is the name in the pool; it
    starts with the provider's name if a directory vouches for the person.
    """

    sub: str
    username: str
    roles: frozenset[Role]

    def recorded(self) -> dict[str, str]:
        """Return the person as decisions keep them."""
        return {"sub": self.sub, "username": self.username}


def person_of(context: Context) -> Person | None:
    """Return the person whose token the gateway has verified; None if a key calls.

    The gateway joins the groups by commas. A group that is no role gives nothing.
    """
    claims = (context.get("authorizer") or {}).get("claims")
    if not claims:
        return None
    groups = {*str(claims.get("cognito:groups", "")).split(",")}
    roles = frozenset(role for role in Role if role in groups)
    return Person(claims["sub"], claims.get("cognito:username", ""), roles)


def signed_in(context: Context) -> Person:
    """Return the person who calls a route that keys can't call. Raises Unauthorized."""
    person = person_of(context)
    if person is None:
        raise Unauthorized
    return person


def key_id_of(context: Context) -> str | None:
    """Return API Gateway's id of the caller's key."""
    found: str | None = (context.get("identity") or {}).get("apiKeyId")
    return found


def source_of(context: Context) -> str:
    """Return the source of this caller's outcomes."""
    person = person_of(context)
    return of_person(person.sub) if person else of_api_key(key_id_of(context))
