"""Kept rows back in moto's memory, at the start."""

import json
import logging
import pickle
from collections import Counter
from pathlib import Path
from typing import Any

import moto
from moto.cognitoidp.models import cognitoidp_backends
from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends
from moto.sagemaker.models import sagemaker_backends
from moto.sns.models import sns_backends
from moto.ssm.models import ssm_backends

from localcloud.kept_state.memory import (
    kept_buckets,
    kept_executions,
    kept_parameters,
    kept_pools,
    kept_tables,
)
from localcloud.kept_state.memory.records import PARAMETERS, POOLS, SAGEMAKER, TABLES
from localcloud.kept_state.sqlite.database import Storage, Transaction
from localcloud.kept_state.sqlite.layout import RECOVERED
from localcloud.kept_state.stored_tables.item_rows import ItemRows

log = logging.getLogger("localcloud")

_VERSIONS = "select versions from objects where bucket = ? and key = ?"
Homes = dict[str, set[str]]  # names of tables and buckets, by the database's table of their rows


def put_back(
    storage: Storage, account: str, region: str, known_parameters: set[str]
) -> tuple[set[str], Counter[str]]:
    """Put the rows of the database into moto's memory.

    Return the records that there were, and how many rows have no table or bucket, by its name. The
    names of recorded parameters are added to `known_parameters`.
    """
    kept = dict(storage.rows("select service, content from records"))
    if TABLES in kept:
        kept_tables.restore(json.loads(kept[TABLES]), dynamodb_backends[account][region])
    if "buckets" in kept:
        kept_buckets.restore(pickle.loads(kept["buckets"]), s3_backends[account]["aws"], region)
    homeless = _homeless_items(storage, account, region) + _objects(storage, account)
    if PARAMETERS in kept:
        backend = ssm_backends[account][region]
        kept_parameters.restore(json.loads(kept[PARAMETERS]), backend, known_parameters)
    if POOLS in kept:
        kept_pools.restore(json.loads(kept[POOLS]), cognitoidp_backends[account][region])
    if "sagemaker" in kept:
        _sagemaker(pickle.loads(kept["sagemaker"]), account, region)
    if "executions" in kept:
        kept_executions.restore(pickle.loads(kept["executions"]), account, region)
    if "sns" in kept:
        _subscriptions(pickle.loads(kept["sns"]), account, region)
    return set(kept), homeless


def homes(account: str, region: str) -> Homes:
    """Return the tables and the buckets that there are, by the database's table of their rows."""
    tables, buckets = dynamodb_backends[account][region].tables, s3_backends[account]["aws"].buckets
    return {"items": set(tables), "objects": set(buckets)}


def check_stamp(folder: Path, storage: Storage, rows: Transaction) -> None:
    """Write which moto writes from now on. What another version wrote is set aside."""
    stamps = storage.rows("select moto from written_by")
    if stamps == [(moto.__version__,)]:
        return
    rows.put_stamp(moto.__version__)
    if stamps:
        _set_aside(folder, storage, stamps[0][0], rows)


def _set_aside(folder: Path, storage: Storage, version: str, rows: Transaction) -> None:
    """Move what another version of moto wrote, and this one may not read, to a file."""
    aside = folder / f"cloud-moto-{version}.pickles"
    readable = ", ".join(f"'{name}'" for name in (PARAMETERS, POOLS, TABLES, RECOVERED))
    tables = ("objects", f"records where service not in ({readable})")
    content = {name.split()[0]: storage.rows(f"select * from {name}") for name in tables}  # noqa: S608
    aside.write_bytes(pickle.dumps(content))
    for name in tables:
        rows.execute(f"delete from {name}", [])  # noqa: S608
    log.warning(
        "%s was written with moto %s, this is moto %s: every stored decision is kept; the "
        "models, files and trainings are set aside in %s. Train and deploy the models again.",
        folder, version, moto.__version__, aside,
    )  # fmt: skip


def drop_passing_items(storage: Storage, rows: Transaction) -> None:
    """Delete the items of tables in other accounts and regions, which no restart keeps."""
    for name in ItemRows(storage.readers).tables():
        if "/" in name:
            rows.execute('delete from items where "table" = ?', [name])


def _homeless_items(storage: Storage, account: str, region: str) -> Counter[str]:
    """Count items without a table. Those of tables that have one stay on the disk."""
    rows, tables = ItemRows(storage.readers), dynamodb_backends[account][region].tables
    return Counter({name: rows.count_of(name) for name in rows.tables() if name not in tables})


def _objects(storage: Storage, account: str) -> Counter[str]:
    buckets = s3_backends[account]["aws"].buckets
    homeless: Counter[str] = Counter()
    for bucket, key in storage.rows("select bucket, key from objects"):
        if bucket in buckets:  # one by one: all of them need not fit into memory
            ((versions,),) = storage.readers.rows(_VERSIONS, (bucket, key))
            buckets[bucket].keys.setlist(key, pickle.loads(versions))
        else:
            homeless[bucket] += 1
    return homeless


def _sagemaker(content: dict[str, dict[str, Any]], account: str, region: str) -> None:
    backend = sagemaker_backends[account][region]
    for name in SAGEMAKER:
        getattr(backend, name).update(content.get(name, {}))


def _subscriptions(content: list[tuple[Any, ...]], account: str, region: str) -> None:
    backend = sns_backends[account][region]
    for topic, endpoint, protocol, arn, attributes, policy in content:
        if topic not in backend.topics:
            log.warning("topic %s does not exist any more, nor its subscriptions", topic)
            continue
        subscription = backend.subscribe(topic, endpoint, protocol)
        backend.subscriptions.pop(subscription.arn)
        subscription.arn, subscription.attributes = arn, attributes
        subscription._filter_policy = policy
        backend.subscriptions[arn] = subscription
