"""Each symbol of moto that localcloud replaces is still there, as it was when it was replaced."""

import moto
import pytest

from localcloud.cloud import Cloud
from localcloud.embedded_cloud import embedded_cloud
from localcloud.replaced import the_list
from localcloud.seam import ABSENT, MOTO_VERSION, Replaced, parameters_of

CLOUD = Cloud(None, "us-east-1")
THE_LIST = the_list(CLOUD)
CLOUD.close()


def test_moto_is_the_version_the_list_was_written_for() -> None:
    assert moto.__version__ == MOTO_VERSION


@pytest.mark.parametrize("one", THE_LIST, ids=lambda one: f"{one.owner}.{one.attribute}")
def test_moto_still_has_it(one: Replaced) -> None:
    if one.as_moto_has_it == ABSENT:
        assert not hasattr(one.holder, one.attribute), "moto has it now: ours can go"
    else:
        assert hasattr(one.holder, one.attribute)
        assert parameters_of(one.current) == one.as_moto_has_it


def test_everything_is_put_back_when_the_cloud_closes() -> None:
    before = [(vars(one.holder).get(one.attribute), one.current) for one in THE_LIST]
    with embedded_cloud():
        assert all(one.current is not own for one, (_, own) in zip(THE_LIST, before, strict=True))
    assert before == [(vars(one.holder).get(one.attribute), one.current) for one in THE_LIST]
