"""Contradictions of [api] with what browsers send as Origin, and with API Gateway's limits."""

import re
from collections.abc import Iterator

from chalicelib.foundation.settings import STAGES
from chalicelib.profile.schema import Profile

# https://www.rfc-editor.org/rfc/rfc6454#section-6.2; a page over http is safe on one machine alone.
ORIGIN = re.compile(r"https://[a-z0-9.-]+(:\d{1,5})?|http://(localhost|127\.0\.0\.1)(:\d{1,5})?")

# Of an account: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
MOST = {"rate": 10_000, "burst": 5_000}


def of_api(profile: Profile) -> Iterator[str]:
    for origin in profile.api.origins:
        if not ORIGIN.fullmatch(origin):
            yield (
                f"api.origins has {origin!r}: an origin is https://host or http://localhost, in "
                "lower case, perhaps with a port, and nothing behind it"
            )
    for stage in sorted({*STAGES} ^ {*profile.api.limits}):
        yield f"api.limits must have the stages {', '.join(STAGES)}, and no other: see {stage}"
    for stage, limits in profile.api.limits.items():
        for name, most in MOST.items():
            of_key, of_route = getattr(limits.key, name), getattr(limits.route, name)
            if not 2 <= of_route <= most:
                yield f"api.limits.{stage}.route.{name} must be 2 to {most:,}, not {of_route:,}"
            elif not 1 <= of_key < of_route:
                yield (
                    f"api.limits.{stage}.key.{name} must be 1 to {of_route - 1:,}, less than the "
                    f"route's {of_route:,}, not {of_key:,}"
                )
