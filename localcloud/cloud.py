import io
import shutil
import tempfile
import threading
import time
import zipfile
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cached_property, partial
from pathlib import Path

import boto3
from moto.awslambda.models import lambda_backends
from moto.sagemaker.models import sagemaker_backends

from localcloud.activity import Activity
from localcloud.iam.authorization import Authorization, as_operator
from localcloud.kept_state.durability import Kept
from localcloud.kept_state.sqlite.disk import Disk
from localcloud.kept_state.state_faults import usable
from localcloud.ports.aws_port import AwsPort
from localcloud.ports.loopback import LOOPBACK
from localcloud.services.apigateway.rest_api import RestApis
from localcloud.services.cognito.sign_in import SignIn
from localcloud.services.event_sources.readers import EventSources
from localcloud.services.eventbridge.events import Events
from localcloud.services.lambda_ import concurrency
from localcloud.services.lambda_.functions import Failure, Function, Functions, Handler
from localcloud.services.lambda_.pending_events import PendingEvents
from localcloud.services.lambda_.uploaded import Uploaded
from localcloud.services.sagemaker.hosted_endpoints import Endpoints
from localcloud.services.sagemaker_jobs.jobs import Surroundings
from localcloud.services.sagemaker_jobs.processing_jobs import ProcessingJobs
from localcloud.services.sagemaker_jobs.training_jobs import TrainingJobs
from localcloud.services.sagemaker_jobs.transform_jobs import TransformJobs
from localcloud.services.servicequotas.account_quotas import Quotas
from localcloud.services.sns import Notices
from localcloud.services.stepfunctions import executions
from localcloud.services.stepfunctions.express import ExpressStarts
from localcloud.services.storage.expired_items import delete_expired
from localcloud.services.storage.objects.object_writes import ObjectEvents

ACCOUNT = "123456789012"  # moto's, for credentials it has not issued itself


class Cloud:
    def __init__(
        self, folder: Path | None, region: str, quotas: Mapping[str, float] | None = None
    ) -> None:
        self.region = region
        self.quotas = Quotas(ACCOUNT, region, quotas or {})
        self._folder = folder = folder and folder.resolve()  # jobs have folders of their own
        self.activity = Activity()
        self.disk = Disk()
        self.kept = Kept(folder, ACCOUNT, region, self.disk, partial(_remove_left_work, folder))
        with ExitStack() as undo:
            undo.callback(self.kept.close)
            self.notices = Notices(folder, self.disk)
            self._work = _working_folder(folder)
            undo.pop_all()
        self.authorization = Authorization(ACCOUNT)
        self._pending = pending = PendingEvents(self.kept)
        free = concurrency.of_account(self.quotas, lambda: lambda_backends[ACCOUNT][region])
        self.functions = Functions(self.activity, self.authorization, pending, self.disk, free)
        self.object_events = ObjectEvents()
        self.events = events = Events(ACCOUNT, region, self.kept)
        self.endpoints = Endpoints(
            ACCOUNT,
            region,
            self.activity,
            events,
            self._work,
            self.authorization,
            self.kept,
        )
        around = Surroundings(
            region,
            self.activity,
            events,
            self._work,
            folder,
            self.authorization,
            self.aws_address,
            self.kept.afterwards,
        )
        self.training_jobs = TrainingJobs(around)
        self.processing_jobs = ProcessingJobs(around)
        self.transform_jobs = TransformJobs(around, ACCOUNT)
        jobs = (self.training_jobs, self.processing_jobs, self.transform_jobs)
        for part in (self.endpoints, *jobs):
            part.changed = partial(self.kept.eventually, self.kept.keep_sagemaker)
        self._sign_in = SignIn(self.kept, ACCOUNT, region)
        self._ports: list[AwsPort] = []
        self._opening = threading.Lock()
        self._uploaded: Uploaded | None = None

    @cached_property
    def express(self) -> ExpressStarts:
        """Asynchronous executions of EXPRESS machines."""
        return ExpressStarts(self.activity, self.authorization, self._pending)

    @cached_property
    def event_sources(self) -> EventSources:
        """Queues and streams that functions read."""
        return EventSources(ACCOUNT, self.region, self.functions, self.activity, self.kept)

    @property
    def bodies(self) -> Path:
        """Folder of the bodies of S3's objects."""
        return self._work / "bodies"

    @property
    def failures(self) -> list[Failure]:
        return self.functions.failures

    def add_function(
        self,
        name: str,
        handler: Handler,
        *,
        role_arn: str,
        timeout_seconds: int = 30,
        memory_mb: int = 512,
        environment: Mapping[str, str] | None = None,
    ) -> str:
        """Add a function and return its ARN. `environment` is only recorded: all handlers share
        this process's.
        """
        created = boto3.client("lambda", region_name=self.region).create_function(
            FunctionName=name,
            Role=role_arn,
            Runtime="python3.12",
            Handler="app.app",
            Code={"ZipFile": _empty_zip()},
            Timeout=timeout_seconds,
            MemorySize=memory_mb,
            Environment={"Variables": dict(environment or {})},
        )
        arn = created["FunctionArn"]
        self.functions.add(Function(name, arn, role_arn, handler, timeout_seconds, memory_mb))
        return arn

    def restore(self) -> None:
        """Put the kept state back but for expired items, start endpoints, send functions their
        unhandled events, and run unended executions of EXPRESS machines.

        The tables, buckets, topics and functions must exist. Each later write is on disk before
        its answer. Raises NotStored.
        """
        self.kept.restore()
        dynamodb = boto3.client("dynamodb", region_name=self.region)
        delete_expired(dynamodb, ACCOUNT, self.region, time.time())
        self._fail_interrupted_jobs()
        for endpoint in list(self.endpoints.records.values()):
            if endpoint.endpoint_status != "Failed":
                self.endpoints.resume(endpoint)
        for number, target, payload in self._pending.after_a_restart():
            whole = self.express if ":stateMachine:" in target else self.functions
            again = self.event_sources.again(target) or whole.deliver_again
            again(number, target, payload)

    def _fail_interrupted_jobs(self) -> None:
        backend = sagemaker_backends[ACCOUNT][self.region]
        for jobs, records in (
            (self.training_jobs, backend.training_jobs),
            (self.processing_jobs, backend.processing_jobs),
            (self.transform_jobs, backend.transform_jobs),
        ):
            for job in records.values():
                jobs.fail_if_the_process_died(job)

    def serve_aws(self, port: int) -> int:
        """Serve AWS's protocols on 127.0.0.1 and return the port; 0 asks for a free one."""
        apis = RestApis(self.functions, ACCOUNT, self.region)
        serving = lambda moto: apis.before(self._sign_in.before(moto))  # noqa: E731 - one use
        self._ports.append(AwsPort(port, serving, self.authorization.secret_of))
        return self._ports[-1].port

    def run_uploaded_functions(self, port: int) -> None:
        """Run uploaded code for the functions that were not added; it reaches this cloud by the
        AWS port.
        """
        logs = self._folder / "logs" if self._folder else self._work
        uploaded = self._uploaded = Uploaded(self._work, logs, f"http://{LOOPBACK}:{port}")
        records = lambda_backends[ACCOUNT][self.region]

        def find(name: str) -> Function | None:
            found = [record for record in records.list_functions() if record.function_name == name]
            return uploaded.function(found[0]) if found else None

        self.functions.elsewhere = find

    def aws_address(self) -> str:
        """Return the address of the AWS port, and open one if there is none."""
        with self._opening, as_operator():  # the port's threads must not act under a job's role
            if not self._ports:
                self.serve_aws(0)
        return f"http://{LOOPBACK}:{self._ports[-1].port}"

    def idle(self, timeout_seconds: float) -> None:
        self.activity.wait_until_idle(timeout_seconds)

    def close(self) -> None:
        self.kept.stop_waiting()
        for port in self._ports:
            port.close()
        executions.stop_all(ACCOUNT, self.region)
        self.express.close()
        self.event_sources.close()
        self.functions.close()
        if self._uploaded:
            self._uploaded.close()
        self.training_jobs.close()
        self.processing_jobs.close()
        self.transform_jobs.close()
        self.endpoints.close()
        self.kept.close()
        shutil.rmtree(self._work, ignore_errors=True)


def _remove_left_work(folder: Path | None) -> None:
    """Remove the working files that a killed cloud left: they may fill the database's disk."""
    if folder:
        work = folder / "work"
        shutil.rmtree(work, ignore_errors=True)
        with usable():
            if work.is_file():
                work.unlink()


def _working_folder(folder: Path | None) -> Path:
    """Return the working folder of processes, which is empty."""
    if folder is None:
        return Path(tempfile.mkdtemp(prefix="localcloud-"))
    work = folder / "work"
    with usable():
        work.mkdir()
    return work


def _empty_zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("app.py", "")
    return file.getvalue()
