"""How a deployment ended is told, in a line, also of what is being deleted to be made anew."""

import pytest

from chalicelib.foundation.errors import EndpointGoing, EndpointOnInstances
from chalicelib.models import deployment
from chalicelib.models.model_bucket import Arrival, Ending, ModelBucket
from chalicelib.profile import load
from tests.fakes import S3, LiveEndpoints, Topic, endpoint

MODEL = "Tradicional"
FAILED = endpoint("Failed", "v1", failure="no such package")


class Endpoints(LiveEndpoints):
    """A failed endpoint. A version deletes it first, and is created once it is gone."""

    def __init__(self, state=FAILED):
        super().__init__(state)
        self.put_there = []

    def put(self, model, version, artifact_url):
        if self.states != [None]:
            self.states = [None]
            raise EndpointGoing("It is being deleted.")
        self.put_there.append(version)
        return True


def test_what_failed_is_told_although_it_is_gone_when_lambda_tries_again():
    bucket = ModelBucket(S3({f"arrivals/{MODEL}/2026-01-02/v2/arrived": b""}), "models")
    endpoints, topic = Endpoints(), Topic()
    what = (f"dev-bank-{MODEL}", load(), bucket, endpoints, topic)
    with pytest.raises(EndpointGoing):
        deployment.changed(*what)
    assert topic.notices == [("failed", f"{MODEL} v1")]
    deployment.changed(*what)

    assert endpoints.put_there == ["v2"]
    assert topic.notices[1:] == [("deployed", f"{MODEL} v2")]


def test_an_endpoint_that_somebody_deletes_does_not_come_back_by_the_event_of_it():
    keys = [f"arrivals/{MODEL}/2026-01-02/v2/{what}" for what in ("arrived", "attempted")]
    bucket = ModelBucket(S3(dict.fromkeys(keys, b"")), "models")
    endpoints, topic = Endpoints(), Topic()
    endpoints.states = [None]
    deployment.changed(f"dev-bank-{MODEL}", load(), bucket, endpoints, topic)

    assert (endpoints.put_there, topic.notices) == ([], [])


class Deleting(Endpoints):
    """AWS takes its time to delete: it is still there for some calls."""

    def __init__(self, calls):
        super().__init__()
        self.calls, self.states = calls, [FAILED | {"status": "Deleting"}]

    def put(self, model, version, artifact_url):
        self.calls -= 1
        if self.calls > 0:
            raise EndpointGoing("It is being deleted.")
        self.states = [None]
        return super().put(model, version, artifact_url)


def test_what_waits_for_a_deletion_is_tried_until_that_is_over():
    """No event tells that the name is free: the one of its beginning has to come again."""
    bucket = ModelBucket(S3({f"arrivals/{MODEL}/2026-01-02/v2/arrived": b""}), "models")
    endpoints, topic = Deleting(calls=3), Topic()
    what = (f"dev-bank-{MODEL}", load(), bucket, endpoints, topic)
    for _ in range(2):
        with pytest.raises(EndpointGoing):
            deployment.changed(*what)
    deployment.changed(*what)

    assert endpoints.put_there == ["v2"]
    assert topic.notices == [("deployed", f"{MODEL} v2")]
    assert bucket.endings(MODEL) == []


def test_a_deletion_that_nothing_waits_for_is_no_fault():
    bucket, topic = ModelBucket(S3({}), "models"), Topic()
    deployment.changed(f"dev-bank-{MODEL}", load(), bucket, Deleting(calls=3), topic)

    assert topic.notices == []


class Refusing(Topic):
    """SNS takes nothing at first."""

    refuses = True

    def publish(self, kind, what, detail):
        if self.refuses:
            raise PermissionError(kind)
        super().publish(kind, what, detail)


@pytest.mark.parametrize(
    ("status", "failure", "how", "kind"),
    [
        ("InService", "", "in-service", "in service"),
        ("InService", "an alarm rang", "failed", "rolled back"),
        ("Failed", "no such package", "failed", "failed"),
    ],
)
def test_what_nobody_could_be_told_of_is_recorded_and_told_once_later(status, failure, how, kind):
    bucket, endpoints, topic = ModelBucket(S3({}), "models"), Endpoints(), Refusing()
    endpoints.states = [FAILED | {"status": status, "failure": failure}]
    what = (f"dev-bank-{MODEL}", load(), bucket, endpoints, topic)
    with pytest.raises(PermissionError):
        deployment.changed(*what)
    assert [(one.version, one.how) for one in bucket.endings(MODEL)] == [("v1", how)]
    topic.refuses = False
    for _ in range(3):
        deployment.changed(*what)

    assert topic.notices == [(kind, f"{MODEL} v1")]
    assert len(bucket.endings(MODEL)) == 1


def test_what_nobody_could_be_told_of_is_told_although_the_endpoint_has_changed_since():
    """A restart of the embedded cloud, or AWS's maintenance, gives an endpoint a later time."""
    bucket, endpoints, topic = ModelBucket(S3({}), "models"), Endpoints(), Refusing()
    what = (f"dev-bank-{MODEL}", load(), bucket, endpoints, topic)
    endpoints.states = [endpoint("InService", "v1", "2026-02-01T00:00:00+00:00")]
    with pytest.raises(PermissionError):
        deployment.changed(*what)
    topic.refuses = False
    for day in (2, 3):
        endpoints.states = [endpoint("InService", "v1", f"2026-02-0{day}T00:00:00+00:00")]
        deployment.changed(*what)

    assert topic.notices == [("in service", f"{MODEL} v1")]
    assert [one.since for one in bucket.endings(MODEL)] == ["2026-02-01T00:00:00+00:00"]


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("", ""),
        ("The container did not pass the ping.", "The container did not pass the ping."),
        ("a" * 500, f"{'a' * 199}…"),
        (
            "It failed:\n  File x.py\n\nImportError: no such package\n",
            "It failed: … ImportError: no such package",
        ),
        (f"{'a' * 500}\n{'b' * 500}", f"{'a' * 99}… … {'b' * 99}…"),
    ],
)
def test_a_reason_is_a_line_of_its_beginning_and_its_end(reason, told):
    more = " (entero en aws sagemaker describe-endpoint)"

    assert deployment._in_a_line(reason).removesuffix(more) == told


class OnInstances(Endpoints):
    """It answers, and AWS would refuse to make it serverless."""

    def __init__(self):
        super().__init__()
        self.states = [FAILED | {"status": "InService", "failure": ""}]

    def put(self, model, version, artifact_url):
        if self.states != [None]:
            raise EndpointOnInstances(f"dev-bank-{model}")
        return super().put(model, version, artifact_url)


def test_what_waits_for_somebody_to_delete_an_endpoint_is_told_once_and_comes_then():
    bucket = ModelBucket(S3({f"arrivals/{MODEL}/2026-01-02/v2/arrived": b""}), "models")
    endpoints, topic = OnInstances(), Topic()
    what = (f"dev-bank-{MODEL}", load(), bucket, endpoints, topic)
    for _ in range(3):
        deployment.changed(*what)
    assert topic.notices == [("waiting", f"{MODEL} v2"), ("in service", f"{MODEL} v1")]
    assert "delete-endpoint --endpoint-name dev-bank-Tradicional" in topic.details[0]
    endpoints.states = [None]  # somebody did
    deployment.changed(*what)

    assert endpoints.put_there == ["v2"]
    assert topic.notices[2:] == [("deployed", f"{MODEL} v2")]


class Updating(Endpoints):
    """An update that ends at once, and sends no event."""

    def put(self, model, version, artifact_url):
        since = f"2026-02-0{len(self.put_there) + 1}T00:00:00+00:00"
        self.put_there.append(version)
        self.states = [endpoint("InService", version, since)]
        return True


def test_an_ending_that_no_event_told_of_is_recorded_before_the_next_deployment():
    bucket, endpoints, topic = ModelBucket(S3({}), "models"), Updating(), Topic()
    endpoints.states = [None]
    for version in ("v1", "v2"):
        bucket.arrived(MODEL, version, f"2026-01-0{version[1]}")
        live = endpoints.live(MODEL)
        deployment.settle(MODEL, live, bucket, endpoints, topic)

    assert [(one.version, one.how) for one in bucket.endings(MODEL)] == [("v1", "in-service")]
    told = [("deployed", "v1"), ("deployed", "v2"), ("in service", "v1")]
    assert topic.notices == [(kind, f"{MODEL} {version}") for kind, version in told]


def test_of_two_that_find_the_same_ending_one_records_and_tells_it():
    """SageMaker sends some events twice, and the watch may look at the same moment."""
    bucket, endpoints, topic = ModelBucket(S3({}), "models"), Endpoints(), Topic()
    endpoints.states = [FAILED | {"status": "InService", "failure": ""}]
    what = (f"dev-bank-{MODEL}", load(), bucket, endpoints, topic)
    listed, bucket.endings = bucket.endings, lambda model: []  # before the other has recorded it
    deployment.changed(*what)
    deployment.changed(*what)
    bucket.endings = listed

    assert topic.notices == [("in service", f"{MODEL} v1")]
    assert len(bucket.endings(MODEL)) == 1


class Clearing(Endpoints):
    """One that notes the versions whose model and configuration are deleted."""

    def __init__(self):
        super().__init__()
        self.cleared = []

    def clear(self, model, version):
        self.cleared.append(version)


@pytest.mark.parametrize(
    ("live", "cleared"), [("v2", []), ("v3", ["v1"]), ("v4", ["v1", "v2"]), ("unknown", [])]
)
def test_what_arrived_after_the_live_version_is_never_cleared(live, cleared):
    """An event that is late reads v2 while v3 is deployed: v3 stays, whatever waits behind it."""
    bucket, endpoints = ModelBucket(S3({}), "models"), Clearing()
    for day, version in enumerate(("v1", "v2", "v3", "v4", "v5"), 1):
        bucket.arrived(MODEL, version, f"2026-01-0{day}")
        if version != "v5":
            bucket.attempted(MODEL, Arrival(f"2026-01-0{day}", version, attempted=False))
            bucket.ended(MODEL, Ending(f"2026-01-0{day}T01", version, "in-service"))
    deployment.tidy(MODEL, live, bucket, endpoints)

    assert endpoints.cleared == cleared


def test_a_version_that_comes_back_is_not_cleared_by_its_first_arrival():
    bucket, endpoints = ModelBucket(S3({}), "models"), Clearing()
    for day, version in enumerate(("v1", "v2", "v3", "v1"), 1):
        bucket.arrived(MODEL, version, f"2026-01-0{day}")
        bucket.attempted(MODEL, Arrival(f"2026-01-0{day}", version, attempted=False))
    deployment.tidy(MODEL, "v3", bucket, endpoints)

    assert endpoints.cleared == ["v2"]
