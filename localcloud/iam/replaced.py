"""Replaced symbols of authorization, and of threads, which keep the caller's role."""

from localcloud.iam.authorization import (
    Authorization,
    enforced_on_requests,
    enforced_on_s3,
    task_in_the_callers_context,
    thread_in_the_callers_context,
)
from localcloud.seam import Replaced

_AUTHENTICATOR = "moto.core.authorization:ActionAuthenticatorMixin"


def replaced(authorization: Authorization) -> list[Replaced]:
    return [
        Replaced(
            _AUTHENTICATOR,
            "_authenticate_and_authorize_normal_action",
            "(self, resource)",
            enforced_on_requests(authorization),
            "moto knows no resource but *, and no condition",
        ),
        Replaced(
            _AUTHENTICATOR,
            "_authenticate_and_authorize_s3_action",
            "(self, bucket_name, key_name)",
            enforced_on_s3(authorization),
            "moto knows no condition, nor the source of a copy, nor what a missing key tells",
        ),
        Replaced(  # Python's, not moto's
            "concurrent.futures.thread:ThreadPoolExecutor",
            "submit",
            "(self, fn, args, kwargs)",
            task_in_the_callers_context,
            "the threads of boto3's transfers would act under no role",
        ),
        Replaced(
            "threading:Thread",
            "start",
            "(self)",
            thread_in_the_callers_context,
            "a function's threads, and a machine's branches, would act under no role",
        ),
    ]
