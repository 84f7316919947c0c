"""What was answered survives `kill -9`: it is on disk before the answer is given."""

import base64
import fcntl
import json
import logging
import os
import pickle
import sqlite3
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import moto
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table
from moto.s3.models import s3_backends
from moto.sagemaker.models import sagemaker_backends
from moto.sns.models import sns_backends

from localcloud import kept_executions
from localcloud.processing_jobs import ProcessingJobs
from localcloud.training_jobs import TrainingJobs
from localcloud.transform_jobs import TransformJobs

log = logging.getLogger("localcloud")

_SCHEMA = """
    pragma journal_mode = wal;
    pragma synchronous = normal;
    create table if not exists items (
        "table" text, key text, item text, primary key ("table", key)) without rowid;
    create table if not exists objects (
        bucket text, key text, versions blob, primary key (bucket, key));
    create table if not exists records (service text primary key, content blob);
    create table if not exists written_by (moto text);
"""
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
    tables, buckets and topics exist."""

    def __init__(self, folder: Path | None, account: str, region: str) -> None:
        self.dynamodb = threading.RLock()  # moto takes no lock around a condition and its write
        self._folder = folder
        self._account = account
        self._region = region
        self._restored = False
        self._writing = threading.Lock()
        self._executions = threading.Lock()  # what was read first must not be written last
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock_file = _lock(folder)
            self._db = sqlite3.connect(folder / "cloud.sqlite", check_same_thread=False)
            self._db.executescript(_SCHEMA)

    @property
    def is_open(self) -> bool:
        return self._folder is not None and self._restored

    def close(self) -> None:
        if self._folder:
            with self._writing:
                self._restored = False
                self._db.close()
                self._lock_file.close()

    def keep_items(self, touched: Iterable[tuple[str, dict[str, Any]]]) -> None:
        rows = [self._row(name, attributes) for name, attributes in touched]
        with self._writing, self._db:
            self._db.executemany(
                "insert or replace into items values (?, ?, ?)", [r for r in rows if r[2]]
            )
            self._db.executemany(
                'delete from items where "table" = ? and key = ?', [r[:2] for r in rows if not r[2]]
            )

    def keep_table(self, name: str) -> None:
        """All of it: for statements that do not name the items they touch."""
        table = dynamodb_backends[self._account][self._region].tables.get(name)
        with self._writing, self._db:
            self._db.execute('delete from items where "table" = ?', [name])
        if table:
            self.keep_items((name, item.to_json()["Attributes"]) for item in table.all_items())

    def keep_objects(self, bucket: str, keys: Iterable[str]) -> None:
        found = s3_backends[self._account]["aws"].buckets.get(bucket)
        with self._writing, self._db:
            for key in keys:
                versions = found.keys.getlist(key) if found else None
                self._db.execute("delete from objects where bucket = ? and key = ?", [bucket, key])
                if versions:
                    row = [bucket, key, pickle.dumps(versions)]
                    self._db.execute("insert into objects values (?, ?, ?)", row)

    def forget_bucket(self, bucket: str) -> None:
        with self._writing, self._db:
            self._db.execute("delete from objects where bucket = ?", [bucket])

    def keep_sagemaker(self) -> None:
        backend = sagemaker_backends[self._account][self._region]
        self._keep("sagemaker", {name: dict(getattr(backend, name)) for name in _SAGEMAKER})

    def keep_executions(self) -> None:
        if self.is_open:
            with self._executions:
                self._keep("executions", kept_executions.recorded(self._account, self._region))

    def keep_subscriptions(self) -> None:
        subscriptions = sns_backends[self._account][self._region].subscriptions
        content = [
            (s.topic.arn, s.endpoint, s.protocol, s.arn, s.attributes, s._filter_policy)
            for s in subscriptions.values()
        ]
        self._keep("sns", content)

    def restore(self) -> None:
        self._restored = True
        if not self._folder:
            return
        self._check_stamp()
        self._restore_items()
        self._restore_objects()
        kept = dict(self._db.execute("select service, content from records").fetchall())
        if "sagemaker" in kept:
            self._restore_sagemaker(pickle.loads(kept["sagemaker"]))
        if "executions" in kept:
            records = pickle.loads(kept["executions"])
            kept_executions.restore(records, self._account, self._region)
            self.keep_executions()
        if "sns" in kept:
            self._restore_subscriptions(pickle.loads(kept["sns"]))

    def _row(self, table_name: str, attributes: dict[str, Any]) -> tuple[str, str, str | None]:
        table = dynamodb_backends[self._account][self._region].get_table(table_name)
        hash_key, range_key = _key_of(table, attributes)
        item = table.get_item(hash_key, range_key)
        key = json.dumps([hash_key.to_json(), range_key and range_key.to_json()], default=_encode)
        text = json.dumps(item.to_json()["Attributes"], default=_encode) if item else None
        return table.name, key, text

    def _keep(self, service: str, content: Any) -> None:
        if self.is_open:
            with self._writing, self._db:
                row = [service, pickle.dumps(content)]
                self._db.execute("insert or replace into records values (?, ?)", row)

    def _check_stamp(self) -> None:
        stamp = self._db.execute("select moto from written_by").fetchone()
        if stamp == (moto.__version__,):
            return
        with self._db:
            self._db.execute("delete from written_by")
            self._db.execute("insert into written_by values (?)", [moto.__version__])
            if stamp:
                self._set_aside(stamp[0])

    def _set_aside(self, version: str) -> None:
        assert self._folder
        aside = self._folder / f"cloud-moto-{version}.pickles"
        tables = ("objects", "records")
        rows = {name: self._db.execute(f"select * from {name}").fetchall() for name in tables}  # noqa: S608 - our own tables
        aside.write_bytes(pickle.dumps(rows))
        for name in tables:
            self._db.execute(f"delete from {name}")  # noqa: S608
        log.warning(
            "%s was written with moto %s, this is moto %s: every stored decision is kept; the "
            "models, files and trainings are set aside in %s. Train and deploy the models again.",
            self._folder, version, moto.__version__, aside,
        )  # fmt: skip

    def _restore_items(self) -> None:
        tables = dynamodb_backends[self._account][self._region].tables
        for name, text in self._db.execute('select "table", item from items'):
            table = tables.get(name)
            if table is None:
                log.warning("table %s does not exist any more; its items stay on disk", name)
                continue
            attributes = json.loads(text, object_hook=_decode)
            hash_key, range_key = _key_of(table, attributes)
            item = Item(hash_key, range_key, attributes)
            if range_key is None:
                table.items[hash_key] = item  # type: ignore[assignment]
            else:
                table.items[hash_key][range_key] = item

    def _restore_objects(self) -> None:
        buckets = s3_backends[self._account]["aws"].buckets
        for bucket, key, versions in self._db.execute("select * from objects"):
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


def _key_of(table: Table, attributes: dict[str, Any]) -> tuple[DynamoType, DynamoType | None]:
    range_key = table.range_key_attr
    return (
        DynamoType(attributes[table.hash_key_attr]),
        DynamoType(attributes[range_key]) if range_key else None,
    )


def _encode(value: Any) -> dict[str, str]:
    assert isinstance(value, bytes)
    return {"base64": base64.b64encode(value).decode()}


def _decode(value: dict[str, Any]) -> Any:
    return base64.b64decode(value["base64"]) if value.keys() == {"base64"} else value


def _lock(folder: Path) -> Any:
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
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock
