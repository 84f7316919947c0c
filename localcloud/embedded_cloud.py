"""An embedded cloud, open: this process's AWS clients reach it, and no other AWS."""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from moto import mock_aws
from moto.core.config import DefaultConfig

from localcloud import replaced, seam
from localcloud.cloud import Cloud

_MOTO: DefaultConfig = {
    "core": {"mock_credentials": False, "reset_boto3_session": True},
    "stepfunctions": {"execute_state_machine": True},
}
# moto writes whole states with their input to its log: that is data of applicants.
logging.getLogger("moto").setLevel(logging.CRITICAL)

_NOWHERE = {  # with these no SDK of this process or its children finds a real account
    "AWS_ACCESS_KEY_ID": "embedded",
    "AWS_SECRET_ACCESS_KEY": "embedded",
    "AWS_SESSION_TOKEN": "embedded",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}
_LEADS_ELSEWHERE = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ENDPOINT_URL", "AWS_ROLE_ARN")


@contextmanager
def embedded_cloud(
    folder: Path | None = None,
    region: str = "us-east-1",
    quotas: Mapping[str, float] | None = None,
) -> Iterator[Cloud]:
    """Open an AWS account in this process: every boto3 client made inside reaches it and no other.
    State kept in `folder` outlives the process; without a folder none is kept. `quotas` are those
    that were granted, by `service/code`; the others are a new account's.
    """
    with ExitStack() as undo:
        undo.enter_context(_environment(region))
        undo.enter_context(mock_aws(config=_MOTO))
        cloud = Cloud(folder, region, quotas)
        undo.enter_context(seam.install(replaced.the_list(cloud)))
        undo.callback(cloud.close)
        yield cloud


@contextmanager
def _environment(region: str) -> Iterator[None]:
    before = dict(os.environ)
    for name in _LEADS_ELSEWHERE:
        os.environ.pop(name, None)
    os.environ.update(_NOWHERE, AWS_DEFAULT_REGION=region, AWS_REGION=region)
    try:
        yield
    finally:
        for name in {*_NOWHERE, *_LEADS_ELSEWHERE, "AWS_DEFAULT_REGION", "AWS_REGION"}:
            os.environ.pop(name, None)
            if name in before:
                os.environ[name] = before[name]
