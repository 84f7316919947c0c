"""[api] of credit.toml: whose pages may call the API, and how often callers may."""

import msgspec

from chalicelib.profile.tables.base_table import Table


class Limit(Table, frozen=True):
    """Requests a second, and how many may come at once.

    API Gateway keeps them in a token bucket:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
    """

    rate: int
    burst: int


class Limits(Table, frozen=True):
    """The limits of a stage: of each API key, and of all callers of a route together. A route's are
    higher, so that no key alone uses them up.
    """

    key: Limit
    route: Limit


LIMITS = {
    "dev": Limits(key=Limit(rate=10, burst=20), route=Limit(rate=15, burst=30)),
    "prod": Limits(key=Limit(rate=50, burst=100), route=Limit(rate=100, burst=200)),
}


class Api(Table, frozen=True):
    """The origins whose pages a browser lets read answers, none: only the API's own pages; and the
    limits of each stage.
    """

    origins: tuple[str, ...] = ()
    limits: dict[str, Limits] = msgspec.field(default_factory=lambda: {**LIMITS})
