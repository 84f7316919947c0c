"""Content of the records: what a service has in moto's memory, whole."""

import json
import pickle

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

PARAMETERS, POOLS, TABLES = (
    "parameters",
    "pools",
    "tables",
)  # JSON, so that another moto can read them
SAGEMAKER = (
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


def sagemaker(account: str, region: str) -> bytes:
    backend = sagemaker_backends[account][region]
    return pickle.dumps({name: dict(getattr(backend, name)) for name in SAGEMAKER})


def executions(account: str, region: str) -> bytes:
    return pickle.dumps(kept_executions.recorded(account, region))


def parameters(account: str, region: str, known: set[str]) -> bytes:
    return json.dumps(kept_parameters.recorded(ssm_backends[account][region], known)).encode()


def pools(account: str, region: str) -> bytes:
    return json.dumps(kept_pools.recorded(cognitoidp_backends[account][region])).encode()


def subscriptions(account: str, region: str) -> bytes:
    kept = list(sns_backends[account][region].subscriptions.values())
    return pickle.dumps(
        [(s.topic.arn, s.endpoint, s.protocol, s.arn, s.attributes, s._filter_policy) for s in kept]
    )


def tables(account: str, region: str, of_template: set[str]) -> bytes:
    return json.dumps(
        kept_tables.recorded(dynamodb_backends[account][region], of_template)
    ).encode()


def buckets(account: str, of_template: set[str]) -> bytes:
    return pickle.dumps(kept_buckets.recorded(s3_backends[account]["aws"], of_template))
