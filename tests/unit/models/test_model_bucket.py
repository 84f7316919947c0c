"""What of a model came into service, in its order: where a rollback goes."""

import pytest

from chalicelib.models.model_bucket import ModelBucket
from tests.fakes import S3

MODEL = "Tradicional"


def bucket(versions):
    keys = [f"endings/{MODEL}/{at:03}/{name}/in-service" for at, name in enumerate(versions)]
    return ModelBucket(S3(dict.fromkeys([*keys, f"endings/{MODEL}/999/z/failed"], b"")), "models")


@pytest.mark.parametrize(
    ("served", "live", "former"),
    [
        ("abc", "c", "b"),
        ("abcb", "b", "a"),  # never forward to c, which was left
        ("abcba", "a", None),
        ("abcbad", "d", "a"),
        ("abca", "a", None),
        ("abcac", "c", "a"),  # forward by its name, and back to where it was
        ("aab", "b", "a"),  # made again
        ("ab", "c", "b"),  # c is not told of yet
        ("a", "a", None),
        ("", "a", None),
    ],
)
def test_each_rollback_goes_one_further_back(served, live, former):
    assert bucket(served).former(MODEL, live) == former


def test_the_last_that_was_in_service_is_so_whatever_failed_since():
    assert bucket("abcb").last_served(MODEL) == "b"
    assert bucket("").last_served(MODEL) is None
