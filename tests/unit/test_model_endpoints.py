"""How a deployment ended is told, in a line, also of what is being deleted to be made anew."""

import pytest

from chalicelib import model_endpoints
from chalicelib.errors import EndpointGoing
from chalicelib.model_bucket import ModelBucket
from chalicelib.profile import load
from tests.fakes import S3, Topic

MODEL = "Tradicional"
FAILED = {
    "status": "Failed",
    "version": "v1",
    "since": "2026-01-01T00:00:00+00:00",
    "created": "2026-01-01T00:00:00+00:00",
    "failure": "no such package",
}


class Endpoints:
    """One that failed; whoever puts a version deletes it first."""

    def __init__(self):
        self.found, self.put_there = FAILED, []

    def live(self, model):
        return self.found

    def put(self, model, version, url):
        if self.found:
            self.found = None
            raise EndpointGoing("It is being deleted.")
        self.put_there.append(version)
        return True


def test_what_failed_is_told_although_it_is_gone_when_lambda_tries_again():
    bucket = ModelBucket(S3({f"arrivals/{MODEL}/2026-01-02/v2/arrived": b""}), "models")
    endpoints, topic = Endpoints(), Topic()
    what = (f"dev-bank-{MODEL}", load(), bucket, endpoints, topic)
    with pytest.raises(EndpointGoing):
        model_endpoints.changed(*what)
    assert topic.told == [("failed", f"{MODEL} v1")]
    model_endpoints.changed(*what)

    assert endpoints.put_there == ["v2"]
    assert topic.told[1:] == [("deployed", f"{MODEL} v2")]


def test_an_endpoint_that_somebody_deletes_does_not_come_back_by_the_event_of_it():
    keys = [f"arrivals/{MODEL}/2026-01-02/v2/{what}" for what in ("arrived", "attempted")]
    bucket = ModelBucket(S3(dict.fromkeys(keys, b"")), "models")
    endpoints, topic = Endpoints(), Topic()
    endpoints.found = None
    model_endpoints.changed(f"dev-bank-{MODEL}", load(), bucket, endpoints, topic)

    assert (endpoints.put_there, topic.told) == ([], [])


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

    assert model_endpoints._in_a_line(reason).removesuffix(more) == told
