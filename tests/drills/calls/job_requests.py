"""The requests that a job makes of AWS, seen before they are made, and refused."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from localcloud import seam

JOBS = ("processing job", "training job")
DOOR = ("localcloud.iam.authorization:Authorization", "refusal", "(self, acting, needed)")
# The job's log is SageMaker's to write: it fails silently, as on AWS.
OWN = ("dynamodb:", "s3:")


@contextmanager
def job_requests(answer: Callable[[str, str], str | None]) -> Iterator[None]:
    """Inside, `answer` gets the kind and the action of each request, and returns its refusal."""

    def replace(original: Any) -> Any:
        def refusal(self: Any, acting: Any, needed: Any) -> str | None:
            asked = list(needed)
            action = asked[0].action if asked else ""
            is_own = acting.used_by in JOBS and action.startswith(OWN)
            refused = answer(acting.used_by, action) if is_own else None
            return refused or original(self, acting, asked)  # type: ignore[no-any-return]

        return refusal

    with seam.install([seam.Replaced(*DOOR, replace, "a job's requests come through here")]):
        yield
