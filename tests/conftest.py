"""No test reaches an account: the credentials lead nowhere. Hypothesis has a small profile."""

import os

import pytest
from hypothesis import settings

from chalicelib import profile

collect_ignore = ["data"]

settings.register_profile("tests", max_examples=50, deadline=None)
settings.load_profile("tests")

os.environ |= {
    "APP_NAME": "appvengers",
    "STAGE": "dev",
    "AWS_DEFAULT_REGION": "us-east-1",
    "POWERTOOLS_SERVICE_NAME": "dev-appvengers",
    "AWS_ACCESS_KEY_ID": "nobody",
    "AWS_SECRET_ACCESS_KEY": "nothing",
    "AWS_EC2_METADATA_DISABLED": "true",
    "OMP_NUM_THREADS": "1",
}


@pytest.fixture(scope="session")
def sba() -> profile.Profile:
    """The deployed profile."""
    return profile.load()
