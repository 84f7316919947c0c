"""Kept state of the embedded cloud: a write is on disk first, then in memory, then answered."""

import contextlib
import fcntl
import json
import logging
import os
import pickle
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import moto
from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends
from moto.sagemaker.models import sagemaker_backends
from moto.sns.models import sns_backends
from moto.ssm.models import ssm_backends

from localcloud import kept_executions, kept_parameters
from localcloud.damage import UnusableState, check, mark, usable
from localcloud.disk import Disk, NotStored
from localcloud.index_lag import IndexLag
from localcloud.processing_jobs import ProcessingJobs
from localcloud.staged_items import restore_item
from localcloud.storage import FILE, Storage, Transaction
from localcloud.training_jobs import TrainingJobs
from localcloud.transform_jobs import TransformJobs

log = logging.getLogger("localcloud")

SECONDS_BETWEEN_TRIES = 1.0
_PARAMETERS = "parameters"  # JSON, so that another moto can read it
_SAGEMAKER = (
    "_models",
    "endpoint_configs",
    "endpoints",
    "training_jobs",
    "processing_jobs",
    "transform_jobs",
    "model_package_groups",
    "model_packages",
    "model_package_name_mapping",
)


class FolderInUse(Exception):
    pass


class Kept:
    """One folder of kept state. Nothing is written before `restore`, which is called once the
    tables, buckets and topics exist. Without a folder nothing is kept.

    Raises DamagedState, MissingState, UnusableState or FolderInUse."""

    def __init__(self, folder: Path | None, account: str, region: str, disk: Disk) -> None:
        self.items = threading.RLock()  # writers: moto takes no lock around a condition and its put
        self.objects = threading.RLock()  # writers
        self.index_lag = IndexLag()
        self.reading = threading.RLock()  # held for as long as a list is read or changed
        self._folder = folder
        self._disk = disk
        self._account = account
        self._region = region
        self._restored = False
        self._hurry = threading.Event()
        self._closed = False
        if folder:
            self._lock_file = _lock(folder)
            try:
                check(folder)
                self._storage = _opened(folder, disk)
            except BaseException:
                self._lock_file.close()
                raise

    @property
    def is_open(self) -> bool:
        return self._folder is not None and self._restored

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """All that is written inside is on disk at the end. Raises NotStored."""
        if self._closed:
            raise NotStored("the embedded cloud has stopped")
        if self.is_open:
            with self._storage.transaction() as rows:
                yield rows
        else:
            unkept = Transaction(lambda *_: _NoRow)
            yield unkept
            unkept.finish()

    def eventually(self, write: Callable[[], None]) -> None:
        """Write for nobody who waits for an answer: again and again, until there is room."""
        while True:
            try:
                write()
                break
            except NotStored:
                if self._hurry.wait(SECONDS_BETWEEN_TRIES):
                    break

    def stop_waiting(self) -> None:
        """From here on `eventually` tries once."""
        self._hurry.set()

    def close(self) -> None:
        self.stop_waiting()
        if self._folder and not self._closed:
            self._closed = True  # a request that is still under way is answered 503
            self._storage.close()
            self._lock_file.close()

    def keep_sagemaker(self) -> None:
        backend = sagemaker_backends[self._account][self._region]
        self._keep("sagemaker", lambda: {name: dict(getattr(backend, name)) for name in _SAGEMAKER})

    def keep_executions(self) -> None:
        self._keep("executions", lambda: kept_executions.recorded(self._account, self._region))

    def keep_parameters(self) -> None:
        backend = ssm_backends[self._account][self._region]
        with self.writing() as rows:
            rows.put_record(_PARAMETERS, json.dumps(kept_parameters.recorded(backend)).encode())

    def keep_subscriptions(self) -> None:
        subscriptions = sns_backends[self._account][self._region].subscriptions
        self._keep(
            "sns",
            lambda: [
                (s.topic.arn, s.endpoint, s.protocol, s.arn, s.attributes, s._filter_policy)
                for s in list(subscriptions.values())
            ],
        )

    def restore(self) -> None:
        """Raises NotStored if the disk takes no writes."""
        self._restored = True
        if self._folder:
            self._put_back()
        self._disk.serving = True

    def _put_back(self) -> None:
        self._check_stamp()
        self._restore_items()
        self._restore_objects()
        kept = dict(self._storage.rows("select service, content from records"))
        if _PARAMETERS in kept:
            backend = ssm_backends[self._account][self._region]
            kept_parameters.restore(json.loads(kept[_PARAMETERS]), backend)
        if "sagemaker" in kept:
            self._restore_sagemaker(pickle.loads(kept["sagemaker"]))
        if "executions" in kept:
            records = pickle.loads(kept["executions"])
            kept_executions.restore(records, self._account, self._region)
            self.keep_executions()
        if "sns" in kept:
            self._restore_subscriptions(pickle.loads(kept["sns"]))

    def pending_events(self) -> list[tuple[int, str, bytes, int]]:
        """Events that were accepted and not handled to the end, the oldest first: number,
        function, payload, how many restarts it has seen."""
        if not self.is_open:
            return []
        with self.writing() as rows:
            rows.execute("update events set restarts = restarts + 1", [])
        return self._storage.rows("select id, function, payload, restarts from events order by id")

    def _keep(self, service: str, content: Callable[[], Any]) -> None:
        with self.writing() as rows:  # read inside: what was read first is not written last
            rows.put_record(service, pickle.dumps(content()) if self.is_open else b"")

    def _check_stamp(self) -> None:
        stamps = self._storage.rows("select moto from written_by")
        if stamps == [(moto.__version__,)]:
            return
        with self.writing() as rows:
            rows.execute("delete from written_by", [])
            rows.execute("insert into written_by values (?)", [moto.__version__])
            if stamps:
                self._set_aside(stamps[0][0], rows)

    def _set_aside(self, version: str, rows: Transaction) -> None:
        assert self._folder
        aside = self._folder / f"cloud-moto-{version}.pickles"
        records = f"records where service <> '{_PARAMETERS}'"
        tables = ("objects", records)
        content = {name.split()[0]: self._storage.rows(f"select * from {name}") for name in tables}  # noqa: S608
        aside.write_bytes(pickle.dumps(content))
        for name in tables:
            rows.execute(f"delete from {name}", [])  # noqa: S608
        log.warning(
            "%s was written with moto %s, this is moto %s: every stored decision is kept; the "
            "models, files and trainings are set aside in %s. Train and deploy the models again.",
            self._folder, version, moto.__version__, aside,
        )  # fmt: skip

    def _restore_items(self) -> None:
        tables = dynamodb_backends[self._account][self._region].tables
        for name, text in self._storage.rows('select "table", item from items'):
            if table := tables.get(name):
                restore_item(table, text)
            else:
                log.warning("table %s does not exist any more; its items stay on disk", name)

    def _restore_objects(self) -> None:
        buckets = s3_backends[self._account]["aws"].buckets
        for bucket, key, versions in self._storage.rows(
            "select bucket, key, versions from objects"
        ):
            if bucket in buckets:
                buckets[bucket].keys.setlist(key, pickle.loads(versions))
            else:
                log.warning("bucket %s does not exist any more; %s stays on disk", bucket, key)

    def _restore_sagemaker(self, content: dict[str, dict[str, Any]]) -> None:
        backend = sagemaker_backends[self._account][self._region]
        for name in _SAGEMAKER:
            getattr(backend, name).update(content.get(name, {}))
        for training in backend.training_jobs.values():
            TrainingJobs.fail_if_the_process_died(training)
        for processing in backend.processing_jobs.values():
            ProcessingJobs.fail_if_the_process_died(processing)
        for transform in backend.transform_jobs.values():
            TransformJobs.fail_if_the_process_died(transform)

    def _restore_subscriptions(self, content: list[tuple[Any, ...]]) -> None:
        backend = sns_backends[self._account][self._region]
        for topic, endpoint, protocol, arn, attributes, policy in content:
            if topic not in backend.topics:
                log.warning("topic %s does not exist any more, nor its subscriptions", topic)
                continue
            subscription = backend.subscribe(topic, endpoint, protocol)
            backend.subscriptions.pop(subscription.arn)
            subscription.arn, subscription.attributes = arn, attributes
            subscription._filter_policy = policy
            backend.subscriptions[arn] = subscription


class _NoRow:
    """Result of a statement where nothing is kept."""

    lastrowid = 0


def _opened(folder: Path, disk: Disk) -> Storage:
    path = folder / FILE
    try:
        storage = Storage(path, disk)
    except (sqlite3.Error, NotStored) as error:
        raise UnusableState(
            f"{path} can't be written: {error}. Make room on its disk and see that you may write "
            "there, then start again. Nothing was changed."
        ) from error
    try:
        mark(folder, storage)
    except (NotStored, OSError) as error:
        storage.close()
        raise UnusableState(
            f"{folder} takes no writes: {error}. Make room on its disk, then start again. What was "
            "answered before is there."
        ) from error
    return storage


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep every bank out of a folder. Raises FolderInUse or UnusableState."""
    lock = _lock(folder)
    try:
        yield
    finally:
        lock.close()


def _lock(folder: Path) -> Any:
    with usable():
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.seek(0)
        owner = lock.read().strip()
        lock.close()
        raise FolderInUse(
            f"{folder} is in use by process {owner}: stop that one, or choose another folder"
        ) from error
    with contextlib.suppress(OSError):  # no room: the name of the process is for people
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
    return lock
