"""The requests that a job makes of AWS: refused before they are made, or answered by a fault."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from localcloud import seam
from localcloud.iam import authorization
from localcloud.iam.touched import NeedsPermission
from tests.aws_calls import Asked, answered_by
from tests.drills.calls.call_faults import Fault, Place
from tests.drills.jobs.faulty_answers import KINDS, Go

JOBS = ("processing job", "training job")
DOOR = ("localcloud.iam.authorization:Authorization", "refusal", "(self, acting, needed)")
# The job's log is SageMaker's to write: it fails silently, as on AWS.
OWN = ("dynamodb:", "s3:")


@contextmanager
def job_requests(answer: Callable[[str, NeedsPermission], str | None]) -> Iterator[None]:
    """Inside, `answer` gets the job's kind and what each request needs, and returns its refusal."""

    def replace(original: Any) -> Any:
        def refusal(self: Any, acting: Any, needed: Any) -> str | None:
            asked = list(needed)
            is_own = acting.used_by in JOBS and asked and asked[0].action.startswith(OWN)
            refused = answer(acting.used_by, asked[0]) if is_own else None
            return refused or original(self, acting, asked)  # type: ignore[no-any-return]

        return refusal

    with seam.install([seam.Replaced(*DOOR, replace, "a job's requests come through here")]):
        yield


@contextmanager
def job_answers(kind: str, place: Place | None) -> Iterator[Fault]:
    """Inside, the answer to a job's request at the place has the fault. Jobs whose script has no
    network make all of their requests so: SageMaker makes them in the job's role.
    """
    fault = Fault(KINDS[kind], place)

    def answer(asked: Asked, go: Go) -> Any:
        acting = authorization._acting.get()
        if acting is None or acting.used_by not in JOBS or asked.service == "logs":
            return go()
        return fault(replace(asked, function=acting.used_by.partition(" ")[0]), go)

    with answered_by(answer):
        yield fault
