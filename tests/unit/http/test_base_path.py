"""The place of a decision, by the address that its caller used."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.http.web import base_path

SEGMENT = st.text("abcXYZ019-_ ", min_size=1)


@pytest.mark.parametrize(
    ("asked", "resource", "base"),
    [
        ("/v1/predict", "/predict", "/v1"),
        ("/predict", "/predict", ""),
        ("/v1/people/predict/", "/people/predict", "/v1"),
        (
            "/bank/credit/predictions/ana/0a",
            "/predictions/{clientId}/{predictionId}",
            "/bank/credit",
        ),
        ("", "/predict", ""),
    ],
)
def test_the_stage_or_the_base_path_stays(asked, resource, base):
    assert base_path(asked, resource) == base


@given(st.lists(SEGMENT, max_size=3), st.lists(SEGMENT, min_size=1, max_size=4))
def test_any_base_of_any_path_is_found(base, own):
    resource = "".join(f"/{{{number}}}" for number, _ in enumerate(own))
    before = "".join(f"/{one}" for one in base)

    assert base_path(before + "".join(f"/{one}" for one in own), resource) == before
