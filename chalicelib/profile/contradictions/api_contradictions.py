"""Contradictions of [api] with what browsers send as Origin."""

import re
from collections.abc import Iterator

from chalicelib.profile.schema import Profile

# https://www.rfc-editor.org/rfc/rfc6454#section-6.2; a page over http is safe on one machine alone.
ORIGIN = re.compile(r"https://[a-z0-9.-]+(:\d{1,5})?|http://(localhost|127\.0\.0\.1)(:\d{1,5})?")


def of_api(profile: Profile) -> Iterator[str]:
    for origin in profile.api.origins:
        if not ORIGIN.fullmatch(origin):
            yield (
                f"api.origins has {origin!r}: an origin is https://host or http://localhost, in "
                "lower case, perhaps with a port, and nothing behind it"
            )
