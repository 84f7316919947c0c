"""The common part of SageMaker's jobs: each runs in a process of its own, at most two of a kind,
under its role, and sends an event at its end.
"""

import logging
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from moto.core.utils import utcnow
from moto.sagemaker.exceptions import ValidationError

from localcloud.activity import Activity
from localcloud.iam.authorization import Authorization
from localcloud.services.eventbridge.events import Events
from localcloud.services.sagemaker.container_environment import credentials_of, of_a_container
from localcloud.services.sagemaker.container_role import note_container
from localcloud.services.sagemaker_jobs.training_process import AT_ONCE

log = logging.getLogger("localcloud")

RUNNING = ("InProgress", "Stopping")
DIED = (
    "InternalServerError: the embedded cloud stopped while this job was running; "
    "create it again under another name"
)
LONGEST_REASON = 1024


@dataclass(frozen=True)
class Surroundings:
    region: str
    activity: Activity
    events: Events
    work: Path
    kept: Path | None  # the folder that outlives the process, if there is one
    authorization: Authorization
    address: Callable[[], str]  # the port that speaks AWS, opened when the first job needs it
    once_stored: Callable[[Callable[[], None]], None]  # does it after the request's commit

    def container(self, role_arn: str, session: str, folder: Path) -> dict[str, str]:
        """Return the variables of a job's container, with its role's credentials."""
        return self.isolated(folder) | credentials_of(role_arn, session, self.address())

    def isolated(self, folder: Path) -> dict[str, str]:
        """Return the variables of a container without network: no credentials."""
        (folder / "tmp").mkdir(exist_ok=True)
        return of_a_container(self.region, str(folder / "tmp"))


class Jobs(ABC):
    kind: ClassVar[str]  # as SageMaker writes it in its names

    def __init__(self, around: Surroundings) -> None:
        self.changed: Callable[[], None] = lambda: None
        self._around = around
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix=self.kind.lower())

    @abstractmethod
    def begin(self, job: Any) -> None:
        """Set the record of a job that was just created."""

    @abstractmethod
    def role_and_image(self, job: Any) -> tuple[str, str]: ...

    @abstractmethod
    def carry_out(self, job: Any, folder: Path) -> tuple[str, str | None]:
        """Run the job. Return its final status, and why it failed."""

    @abstractmethod
    def interrupt(self, job: Any) -> None:
        """Stop the job on request."""

    @abstractmethod
    def told(self, job: Any) -> dict[str, Any]:
        """Return the details of the job's events, beside name, ARN, status and failure reason."""

    def start(self, job: Any) -> None:
        """Begin a job, whose process starts once the job is on disk."""
        self.begin(job)
        self._around.once_stored(lambda: self._submit(job))

    def _submit(self, job: Any) -> None:
        self._around.activity.begin(job.arn)
        self._pool.submit(self._run, job)

    def stop(self, job: Any) -> None:
        if (status := self.status(job)) not in RUNNING:
            raise ValidationError(
                message="The request was rejected because the "
                f"{self.kind.lower()} job is in status {status}."
            )
        # after the commit, so that the job's own thread never waits for it with another status
        self._around.once_stored(lambda: self.interrupt(job))

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    @classmethod
    def name(cls, job: Any) -> str:
        return str(getattr(job, f"{cls.kind.lower()}_job_name"))

    @classmethod
    def status(cls, job: Any) -> str:
        return str(getattr(job, f"{cls.kind.lower()}_job_status"))

    @classmethod
    def end(cls, job: Any, status: str, reason: str | None) -> None:
        kind, now = cls.kind.lower(), utcnow()
        setattr(job, f"{kind}_job_status", status)
        setattr(job, f"{kind}_end_time", now)
        job.last_modified_time = now
        job.failure_reason = reason[:LONGEST_REASON] if reason else None

    @classmethod
    def fail_if_the_process_died(cls, job: Any) -> None:
        if cls.status(job) in RUNNING:
            cls.end(job, "Failed", DIED)

    @property
    def logs(self) -> Path | None:
        return self._around.kept / f"{self.kind.lower()}-logs" if self._around.kept else None

    def tell(self, job: Any) -> None:
        kind = self.kind
        log.info("%s job %s: %s", kind.lower(), self.name(job), self.status(job))
        self.changed()
        detail = {
            f"{kind}JobName": self.name(job),
            f"{kind}JobArn": job.arn,
            f"{kind}JobStatus": self.status(job),
            "FailureReason": job.failure_reason,
        }
        what = f"SageMaker {kind} Job State Change"
        self._around.events.report("aws.sagemaker", what, detail | self.told(job))

    def _run(self, job: Any) -> None:
        ending: tuple[str, str | None] = ("Failed", None)
        try:
            ending = self._in_its_role(job)
        except Exception as error:  # the process boundary: the job answers for it
            log.exception("%s job %s", self.kind.lower(), self.name(job))
            ending = "Failed", f"InternalServerError: {type(error).__name__}: {error}"
        finally:
            self.end(job, *ending)
            self.tell(job)
            self._around.activity.end(job.arn)

    def _in_its_role(self, job: Any) -> tuple[str, str | None]:
        kind, around = self.kind.lower(), self._around
        role, image = self.role_and_image(job)
        with (
            tempfile.TemporaryDirectory(prefix=f"{kind}-", dir=around.work) as folder,
            around.authorization.acting_as(role, "sagemaker", f"{kind} job"),
        ):
            note_container(around.authorization, image, f"{self.kind}Jobs", around.region)
            return self.carry_out(job, Path(folder))
