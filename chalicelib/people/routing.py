"""Routes of the API, made from the table of who may call what.

A row is one route for API keys and, under /people, its twin for people: API Gateway has one
authorizer a method, and a key besides would be asked for as well.
"""

from collections.abc import Callable, Mapping
from typing import Any

from chalice.app import Chalice, CognitoUserPoolAuthorizer

from chalicelib.people.access import PEOPLE, access_to

View = Callable[..., Any]
Route = Callable[[str, str], Callable[[View], View]]

AUTHORIZER = "People"
# `make deploy` sets both for Chalice, which writes them into the API; a function needs neither.
POOL_ARN, POOL_CLIENT = "USER_POOL_ARN", "USER_POOL_CLIENT_ID"
# Without them an API that is deployed admits no token: there is no such pool.
NO_POOL = "arn:aws:cognito-idp:{region}:000000000000:userpool/{region}_NoPoolIsSet"


class PeopleAuthorizer(CognitoUserPoolAuthorizer):
    """Chalice's authorizer of user pools, for the tokens of one app client.

    API Gateway matches a token's `aud` with identityValidationExpression:
    https://docs.aws.amazon.com/apigateway/latest/api/API_CreateAuthorizer.html
    """

    def __init__(self, pool_arn: str, client_id: str) -> None:
        super().__init__(AUTHORIZER, [pool_arn])
        self._client_id = client_id

    def to_swagger(self) -> dict[str, Any]:
        found: dict[str, Any] = super().to_swagger()
        expression = {"identityValidationExpression": f"^{self._client_id}$"}
        found["x-amazon-apigateway-authorizer"] |= expression
        return found


def routing(app: Chalice, content_types: list[str], environ: Mapping[str, str]) -> Route:
    """Return a decorator of views: route(method, path) makes the routes of the table's row."""
    no_pool = NO_POOL.format(region=environ.get("AWS_DEFAULT_REGION", "us-east-1"))
    people = PeopleAuthorizer(environ.get(POOL_ARN, no_pool), environ.get(POOL_CLIENT, "none"))
    shared: dict[str, Any] = {"content_types": content_types}

    def route(method: str, path: str) -> Callable[[View], View]:
        row = access_to(method, path)

        def register(view: View) -> View:
            if row.scopes:
                app.route(path, methods=[method], api_key_required=True, **shared)(view)
            if row.roles:
                app.route(PEOPLE + path, methods=[method], authorizer=people, **shared)(view)
            return view

        return register

    return route
