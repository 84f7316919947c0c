"""The time at which DynamoDB may delete an item, within a few days after it:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html.
"""

from datetime import datetime, timedelta

EXPIRES = "expiresAt"  # the attribute that the tables' TimeToLiveSpecification names


def after(days: int, now: datetime) -> dict[str, int]:
    """Return the attribute of an item that lives for `days`: seconds since 1970. 0: for good."""
    return {EXPIRES: int((now + timedelta(days=days)).timestamp())} if days else {}
