"""[api] of credit.toml: whose pages may call the API, and how often callers may."""

import msgspec

from chalicelib.profile.tables.base_table import Table


class Limit(Table, frozen=True):
    """Requests a second, and how many may come at once: of each API key, and of all callers of a
    route together.

    API Gateway keeps both in token buckets:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
    """

    rate: int
    burst: int


LIMITS = {"dev": Limit(rate=10, burst=20), "prod": Limit(rate=100, burst=200)}


class Api(Table, frozen=True):
    """The origins whose pages a browser lets read answers, none: only the API's own pages; and the
    limits of each stage.
    """

    origins: tuple[str, ...] = ()
    limits: dict[str, Limit] = msgspec.field(default_factory=lambda: {**LIMITS})
