"""Access to the embedded cloud, if AWS_ENDPOINT_URL leads to it."""

import os
from collections.abc import Mapping, MutableMapping
from urllib.parse import urlparse

LOOPBACK = ("127.0.0.1", "localhost", "::1")
CLIENT = {
    # Step Functions' synchronous calls go to a host of their own on AWS only.
    "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "embedded",
    "AWS_SECRET_ACCESS_KEY": "embedded",
}


def is_embedded(environ: Mapping[str, str] = os.environ) -> bool:
    return urlparse(environ.get("AWS_ENDPOINT_URL", "")).hostname in LOOPBACK


def reach(environ: MutableMapping[str, str] = os.environ) -> None:
    """Set false credentials for the embedded cloud, so that no real ones sign its requests."""
    if is_embedded(environ):
        environ.update(
            {**CLIENT, "AWS_DEFAULT_REGION": environ.get("AWS_DEFAULT_REGION") or "us-east-1"}
        )
        for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN"):
            environ.pop(name, None)


def api_url(api: str, stage: str, region: str, environ: Mapping[str, str] = os.environ) -> str:
    """Return the URL of a REST API: a host on AWS, a path on the embedded cloud."""
    if is_embedded(environ):
        return f"{environ['AWS_ENDPOINT_URL'].rstrip('/')}/restapis/{api}/{stage}/_user_request_/"
    return f"https://{api}.execute-api.{region}.amazonaws.com/{stage}/"
