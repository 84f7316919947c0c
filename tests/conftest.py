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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Group tests for `--dist loadgroup`: each file stays in one worker, and so do all files that
    look at the one deployment of tests/deploy, which takes minutes to make.
    """
    for item in items:
        shares_it = "deployed" in getattr(item, "fixturenames", ())
        group = "the deployment" if shares_it else item.path.as_posix()
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def sba() -> profile.Profile:
    """The deployed profile."""
    return profile.load()
