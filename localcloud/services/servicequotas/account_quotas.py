"""The account's quotas: those of a new AWS account unless it was granted more, and who is refused
by them. `service-quotas` reads them, and raises them when asked to.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from moto.sagemaker.exceptions import SagemakerClientError
from moto.sagemaker.models import sagemaker_backends
from moto.servicequotas.exceptions import NoSuchResource

EXECUTIONS = "L-B99A9384"  # Lambda's concurrent executions
_REFERENCE = "https://docs.aws.amazon.com/general/latest/gr/sagemaker.html#limits_sagemaker"
_NEW_ACCOUNTS = "https://github.com/aws/amazon-sagemaker-examples/issues/593"
_LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"
_EVENTS = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html"
_PARAMETERS = "https://docs.aws.amazon.com/general/latest/gr/ssm.html#limits_ssm"

# The names of the quotas that no instance type is part of. Provisioned concurrency is not limited:
# AWS documents neither the name nor the code of its quota.
CONCURRENCY = "Maximum total concurrency that can be allocated across all serverless endpoints"
ENDPOINTS = "Maximum number of serverless endpoints"
MEMORY = "Memory size in MB per serverless endpoint"


@dataclass(frozen=True)
class Quota:
    service: str
    code: str
    name: str
    value: float  # in a new account
    source: str
    unit: str = "Instances"  # as AWS's refusals write it
    adjustable: bool = True

    @property
    def key(self) -> str:
        return f"{self.service}/{self.code}"


def _instances(use: str, **codes: tuple[str, float]) -> Iterator[Quota]:
    """Yield the quotas of each instance type; ml_m5_large is ml.m5.large."""
    for machine, (code, value) in codes.items():
        name = f"{machine.replace('_', '.')} for {use} usage"
        yield Quota("sagemaker", code, name, value, _REFERENCE)


# GetAWSDefaultServiceQuota is 0 for all instances but a few burstable ones since 2026-07, and new
# accounts report the same: https://github.com/aws/amazon-sagemaker-examples/issues/593 and
# https://github.com/aws-samples/sagemaker-custom-project-templates/issues/51. Older accounts, and
# those of organizations, were given more.
TABLE: tuple[Quota, ...] = (
    Quota("sagemaker", "L-96300102", CONCURRENCY, 10, _REFERENCE, "Concurrent invocations"),
    Quota("sagemaker", "L-99AD19BF", ENDPOINTS, 5, _REFERENCE, "Endpoints"),
    *_instances("training job", ml_m5_large=("L-611FA074", 0), ml_m5_xlarge=("L-CCE2AFA6", 0)),
    *_instances("processing job", ml_m5_large=("L-8541302D", 0), ml_m5_xlarge=("L-0307F515", 0)),
    *_instances("processing job", ml_t3_medium=("L-0CE343FE", 4)),
    *_instances("transform job", ml_m5_large=("L-236AE59F", 0), ml_m5_xlarge=("L-7939E4EC", 0)),
    *_instances("endpoint", ml_m5_large=("L-614B09FD", 0), ml_m5_xlarge=("L-2F737F8D", 0)),
    *_instances("endpoint", ml_t2_medium=("L-29C181D7", 2)),
    Quota("sagemaker", "L-00C91CB5", "Number of instances across all training jobs", 4, _REFERENCE),
    Quota(
        "sagemaker", "L-F311B08F", "Number of instances across all processing jobs", 4, _REFERENCE
    ),
    Quota(
        "sagemaker", "L-60D2A6F0", "Number of instances across all transform jobs", 4, _REFERENCE
    ),
    Quota("lambda", "L-B99A9384", "Concurrent executions", 10, _LAMBDA, "None"),
    Quota("events", "L-244521F2", "Number of rules", 300, _EVENTS, "None"),
)
# Service Quotas does not list it: a support case raises it.
LARGEST_MEMORY = Quota("sagemaker", "", MEMORY, 3072, _REFERENCE, "MBs", adjustable=False)

# An account whose owner asked for the instances of both stages, and which has the concurrency that
# AWS raises a used account to by itself: `make run` has it, and `make cloud QUOTAS=granted`.
GRANTED: Mapping[str, float] = {
    **{quota.key: 10 for quota in TABLE if quota.unit == "Instances" and quota.value < 10},
    "lambda/L-B99A9384": 1000,
}

SERVICE_NAMES = {
    "sagemaker": "Amazon SageMaker",
    "lambda": "AWS Lambda",
    "events": "Amazon EventBridge (CloudWatch Events)",
}
_RUNNING = ("InProgress", "Stopping")


class UnknownQuota(Exception):
    """The message says which quotas there are."""


class ResourceLimitExceeded(SagemakerClientError):
    code = "ResourceLimitExceeded"


class Quotas:
    """`granted`: what the account has been given in place of the table's, by `service/code`."""

    def __init__(self, account: str, region: str, granted: Mapping[str, float]) -> None:
        if strange := sorted(set(granted) - {quota.key for quota in TABLE}):
            known = ", ".join(f"{quota.key} ({quota.name})" for quota in TABLE)
            raise UnknownQuota(f"There is no quota {', '.join(strange)}. There are {known}.")
        self._account, self._region = account, region
        self._granted = dict(granted)
        self._one_at_a_time = threading.RLock()

    def value(self, quota: Quota) -> float:
        return float(self._granted.get(quota.key, quota.value))

    def grant(self, quota: Quota, value: float) -> None:
        self._granted[quota.key] = value

    @contextmanager
    def for_job(self, use: str, cluster: Mapping[str, Any]) -> Iterator[None]:
        """Hold the quotas while a job is created. `use`: training, processing or transform.

        Raises ResourceLimitExceeded.
        """
        machine, count = cluster.get("InstanceType", ""), cluster.get("InstanceCount") or 1
        with self._one_at_a_time:
            running = list(self._clusters(use))
            same = sum(number for kind, number in running if kind == machine)
            self._require(_of(f"{machine} for {use} job usage"), same, count)
            total = sum(number for _, number in running)
            self._require(_of(f"Number of instances across all {use} jobs"), total, count)
            yield

    @contextmanager
    def for_endpoint(self, name: str, config_name: str) -> Iterator[None]:
        """Hold the quotas while an endpoint is created with a configuration, or moved to it.

        Raises ResourceLimitExceeded.
        """
        with self._one_at_a_time:
            wanted = self._variants(config_name)
            for variant in wanted:
                self.fit_memory(variant)
            for quota, count in _needs(wanted).items():
                others = self._used_by_others(quota, name)
                before = _needs(self._variants(self._current(name))).get(quota, 0)
                self._require(quota, others + before, count - before)
            yield

    def fit_memory(self, variant: Mapping[str, Any]) -> None:
        """Check a serverless variant's memory. Raises ResourceLimitExceeded beyond the quota."""
        memory = (variant.get("ServerlessConfig") or {}).get("MemorySizeInMB", 0)
        self._require(LARGEST_MEMORY, 0, memory)

    def _require(self, quota: Quota, used: float, delta: float) -> None:
        limit = self.value(quota)
        if delta > 0 and used + delta > limit:
            unit = quota.unit
            raise ResourceLimitExceeded(
                f"The account-level service limit '{quota.name}' is {limit:g} {unit}, with current "
                f"utilization of {used:g} {unit} and a request delta of {delta:g} {unit}. Please "
                "use AWS Service Quotas to request an increase for this quota. If AWS Service "
                "Quotas is not available, contact AWS support to request an increase for this "
                "quota."
            )

    @property
    def _backend(self) -> Any:
        return sagemaker_backends[self._account][self._region]

    def _clusters(self, use: str) -> Iterator[tuple[str, int]]:
        for job in list(getattr(self._backend, f"{use}_jobs").values()):
            if getattr(job, f"{use}_job_status") in _RUNNING:
                cluster = cluster_of(use, job)
                yield cluster.get("InstanceType", ""), cluster.get("InstanceCount") or 1

    def _current(self, name: str) -> str | None:
        endpoint = self._backend.endpoints.get(name)
        return _configuration(endpoint) if endpoint else None

    def _variants(self, config_name: str | None) -> list[dict[str, Any]]:
        config = self._backend.endpoint_configs.get(config_name)
        return config.production_variants if config else []

    def _used_by_others(self, quota: Quota, name: str) -> float:
        return sum(
            _needs(self._variants(_configuration(endpoint))).get(quota, 0)
            for endpoint in list(self._backend.endpoints.values())
            if endpoint.endpoint_name != name and endpoint.endpoint_status != "Failed"
        )


def cluster_of(use: str, job: Any) -> Mapping[str, Any]:
    """Return a job's machines: where each kind of job keeps their type and number."""
    if use == "processing":
        return dict((job.processing_resources or {}).get("ClusterConfig", {}))
    return dict(job.resource_config if use == "training" else job.transform_resources)


def _configuration(endpoint: Any) -> str:
    """Return the configuration that an endpoint has, or moves to while it is updated."""
    return str(getattr(endpoint, "moves_to", None) or endpoint.endpoint_config_name)


def _needs(variants: list[dict[str, Any]]) -> dict[Quota, float]:
    needed: dict[Quota, float] = {}
    for variant in variants:
        serverless = variant.get("ServerlessConfig")
        if serverless:
            quota, count = _of(CONCURRENCY), serverless["MaxConcurrency"]
            needed[_of(ENDPOINTS)] = 1
        else:
            quota = _of(f"{variant.get('InstanceType')} for endpoint usage")
            count = variant.get("InitialInstanceCount") or 1
        needed[quota] = needed.get(quota, 0) + count
    return needed


def _of(name: str) -> Quota:
    """Return the quota of that name.

    A type of instances that the table leaves out has AWS's default for a new account, which is 0.
    """
    known = {quota.name: quota for quota in TABLE}
    return known.get(name) or Quota("sagemaker", "", name, 0, _NEW_ACCOUNTS)


def parsed(texts: tuple[str, ...]) -> dict[str, float]:
    """Read `service/code=value`, each text one or several of them, and the word `granted`.

    Raises UnknownQuota.
    """
    granted: dict[str, float] = {}
    for text in " ".join(texts).split():
        if text == "granted":
            granted |= GRANTED
            continue
        key, _, value = text.partition("=")
        try:
            granted[key] = float(value)
        except ValueError as error:
            raise UnknownQuota(
                f"{text} is no quota: write service/code=value, as in sagemaker/L-96300102=20."
            ) from error
    return granted


def find(service: str, code: str) -> Quota:
    """Find a quota. Raises what `service-quotas` answers for a quota that it does not know."""
    for quota in TABLE:
        if (quota.service, quota.code) == (service, code):
            return quota
    raise NoSuchResource
