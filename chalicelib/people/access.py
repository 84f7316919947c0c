"""Table of who may call which route: the scopes of API keys, and the roles of people.

app.py makes its routes from it, docs/api.md has it as text, and tests send a request for each cell.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from chalicelib.foundation.errors import RoleMissing, ScopeMissing
from chalicelib.foundation.text import Text

ALLOWED_SCOPES = Text(
    es="Sirve una clave de: {names}.", en="A key of this scope would do: {names}."
)
ALLOWED_ROLES = Text(es="La permite el rol: {names}.", en="This role allows it: {names}.")
PEOPLE = "/people"  # API Gateway has one authorizer a method, so people's routes are their own


class Scope(StrEnum):
    """Purpose of an API key: it names a machine's work, as a role names a person's."""

    SCORING = "scoring"
    OUTCOMES = "outcomes"
    READING = "reading"


class Role(StrEnum):
    """A group of the Cognito user pool."""

    ANALYST = "analyst"
    REVIEWER = "reviewer"
    RISK = "risk"
    AUDITOR = "auditor"
    OPERATOR = "operator"


@dataclass(frozen=True)
class Access:
    """A route, the scopes of keys that may call it, and the roles that may call its twin under
    /people; without roles it has no twin.
    """

    method: str
    path: str
    scopes: frozenset[Scope]
    roles: frozenset[Role]


def _access(method: str, path: str, scopes: Iterable[Scope], roles: Iterable[Role]) -> Access:
    return Access(method, path, frozenset(scopes), frozenset(roles))


_DECISION = "/predictions/{clientId}/{predictionId}"
_CASE_READERS = (Role.ANALYST, Role.REVIEWER, Role.RISK, Role.AUDITOR)
_SWAP_READERS = (Role.RISK, Role.AUDITOR)
# Who rolls a policy back sees to which one; the decisions of a swap set are no part of it.
_POLICY_READERS = (Role.RISK, Role.AUDITOR, Role.OPERATOR)
_MODEL_READERS = (Role.RISK, Role.AUDITOR, Role.OPERATOR)

ACCESS = (
    _access("POST", "/predict", [Scope.SCORING], [Role.ANALYST]),
    _access("GET", "/decisions", [Scope.READING], _CASE_READERS),
    _access("GET", "/predictions/{clientId}", [Scope.READING], _CASE_READERS),
    # After 202 a scoring key asks here for its decision.
    _access("GET", _DECISION, [Scope.SCORING, Scope.READING], _CASE_READERS),
    _access("POST", f"{_DECISION}/outcome", [Scope.OUTCOMES], [Role.RISK]),
    _access("GET", f"{_DECISION}/change", [Scope.READING], _CASE_READERS),
    _access("POST", f"{_DECISION}/trial", [], _CASE_READERS),
    _access("GET", f"{_DECISION}/replay", [], _CASE_READERS),
    # The anchors of a day name all its records.
    _access("GET", f"{_DECISION}/evidence", [], [Role.RISK, Role.AUDITOR]),
    _access("GET", f"{_DECISION}/offer", [Scope.READING], _CASE_READERS),
    _access("POST", f"{_DECISION}/offer", [Scope.SCORING], [Role.ANALYST]),
    _access("GET", f"{_DECISION}/explanation", [Scope.READING], _CASE_READERS),
    _access("POST", f"{_DECISION}/review", [], [Role.REVIEWER]),
    _access("POST", f"{_DECISION}/review/claim", [], [Role.REVIEWER]),
    _access("POST", f"{_DECISION}/review/release", [], [Role.REVIEWER]),
    _access("POST", f"{_DECISION}/contest", [Scope.SCORING], [Role.ANALYST]),
    _access("POST", "/batches", [Scope.SCORING], [Role.ANALYST]),
    _access("GET", "/batches/{batchId}", [Scope.SCORING, Scope.READING], _CASE_READERS),
    _access("GET", "/reviews", [], [Role.REVIEWER, Role.RISK, Role.AUDITOR]),
    _access("GET", "/portfolio", [Scope.READING], [Role.RISK, Role.AUDITOR]),
    _access("GET", "/policies", [Scope.READING], _POLICY_READERS),
    _access("GET", "/policies/{version}", [Scope.READING], _POLICY_READERS),
    _access("POST", "/policies", [], [Role.RISK]),
    _access("GET", "/policy-drafts/{draft}/swap-set", [], _SWAP_READERS),
    _access("POST", "/policy-drafts/{draft}/approval", [], [Role.RISK]),
    _access("POST", "/policy-rollback", [], [Role.RISK, Role.OPERATOR]),
    # Who sets the policy can't erase the cases that show how it did.
    _access("DELETE", "/clients/{clientId}", [], [Role.OPERATOR]),
    _access("GET", "/models", [Scope.READING], _MODEL_READERS),
    _access("GET", "/challengers", [], _MODEL_READERS),
    # Who holds the role operator, too, trains and is refused.
    _access("POST", "/challengers/{model}/{challenger}/sign-off", [], [Role.RISK]),
    _access("GET", "/models/{model}/history", [], _MODEL_READERS),
    _access("GET", "/models/{model}/versions/{version}", [], _MODEL_READERS),
    _access("GET", "/models/{model}/versions/{version}/card", [], _MODEL_READERS),
    _access("POST", "/models/{model}/artifacts", [], [Role.OPERATOR]),
    _access("POST", "/models/{model}/rollback", [], [Role.OPERATOR]),
    _access("GET", "/product", [], [*Role]),
    _access("GET", "/ready", [Scope.SCORING, Scope.READING], [Role.OPERATOR]),
)
_BY_ROUTE = {(one.method, one.path): one for one in ACCESS}


def access_to(method: str, path: str) -> Access:
    """Return the row of a route, or of a route's twin. Raises KeyError."""
    return _BY_ROUTE[method, path.removeprefix(PEOPLE)]


def require_scope(method: str, path: str, held: frozenset[Scope]) -> None:
    """Raise ScopeMissing unless a key with these scopes may call the route."""
    wanted = access_to(method, path).scopes
    if not wanted & held:
        raise ScopeMissing(ALLOWED_SCOPES.format(names=", ".join(sorted(wanted))))


def require_role(method: str, path: str, held: frozenset[Role]) -> None:
    """Raise RoleMissing unless a person with these roles may call the route."""
    wanted = access_to(method, path).roles
    if not wanted & held:
        raise RoleMissing(ALLOWED_ROLES.format(names=", ".join(sorted(wanted))))
