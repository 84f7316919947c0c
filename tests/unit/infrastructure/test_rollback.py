"""Where a rollback goes, and what it waits for, whatever state the endpoint is in."""

import pytest

from chalicelib.models.model_bucket import ModelBucket
from infrastructure.operate import rollback
from tests import fakes
from tests.fakes import S3, LiveEndpoints

MODEL = "Tradicional"
KEYS = [
    *(f"endings/{MODEL}/{at}/{version}/in-service" for at, version in ((1, "v1"), (2, "v2"))),
    f"endings/{MODEL}/3/v3/failed",
    *(f"manifests/{MODEL}/{version}.json" for version in ("v1", "v2", "v3")),
]


def endpoint(status, version="v3", since="1", failure=""):
    return fakes.endpoint(status, version, since, failure=failure)


def goes_to(before, version=None, keys=KEYS):
    bucket = ModelBucket(S3(dict.fromkeys(keys, b"")), "models")
    return rollback.wanted(MODEL, version, rollback.answering(MODEL, before), bucket)


@pytest.mark.parametrize("status", [None, "Failed", "OutOfService", "UpdateRollbackFailed"])
def test_where_no_version_answers_alone_the_last_that_was_in_service_comes_back(status):
    before = endpoint(status) if status else None

    assert goes_to(before) == "v2"
    assert goes_to(before, "v3") == "v3"  # even the one that the endpoint names


@pytest.mark.parametrize(("live", "former"), [("v2", "v1"), ("v3", "v2")])
def test_of_what_answers_the_one_before_does(live, former):
    assert goes_to(endpoint("InService", live)) == former


def test_a_model_that_never_was_in_service_needs_a_name():
    keys = [key for key in KEYS if not key.startswith("endings/")]
    with pytest.raises(rollback.CannotRollBack, match="answered; choose one of: v1, v2, v3, with"):
        goes_to(None, keys=keys)


@pytest.mark.parametrize("status", ["Creating", "Updating", "RollingBack", "Deleting"])
def test_what_is_under_way_is_waited_for_by_the_operator(status):
    with pytest.raises(rollback.CannotRollBack, match=f"is {status}: wait until it is InService"):
        goes_to(endpoint(status))


FAILED = endpoint("Failed", failure="no such package")


@pytest.mark.parametrize("before", [None, FAILED])
def test_an_old_failure_is_not_taken_for_the_new_versions(before):
    """A failed endpoint stays so until its deletion begins, which changes its time."""
    going = endpoint("Deleting", since="2", failure="no such package")
    up = endpoint("InService", "v2", "4")
    endpoints = LiveEndpoints(before, going, None, endpoint("Creating", "v2", "3"), up)
    pauses = []
    seen = [*rollback.until_in_service(MODEL, "v2", endpoints, before, pauses.append)]

    assert seen[1:] == ["Deleting", "Deleted", "Creating", "InService"]
    assert pauses == [rollback.ASK_EVERY_SECONDS] * 4


@pytest.mark.parametrize(
    ("ended", "told"),
    [
        (endpoint("Failed", "v2", "5", "no memory"), "It is Failed: no memory"),
        (endpoint("InService", "v3", "5", "an alarm"), "v3 still answers: an alarm"),
    ],
)
def test_a_version_that_does_not_come_up_is_told(ended, told):
    before, endpoints = (
        endpoint("OutOfService"),
        LiveEndpoints(endpoint("Updating", since="4"), ended),
    )
    with pytest.raises(rollback.CannotRollBack, match=told):
        [*rollback.until_in_service(MODEL, "v2", endpoints, before, lambda _: None)]
