"""[api] of credit.toml: whose pages may call the API."""

from chalicelib.profile.tables.base_table import Table


class Api(Table, frozen=True):
    """The origins whose pages a browser lets read answers; none: only the API's own pages."""

    origins: tuple[str, ...] = ()
