"""The account's quotas and their use by others than this stage. Read only."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.foundation.settings import Settings
from chalicelib.profile import Profile
from infrastructure.account import quotas
from infrastructure.account.cost import MODELS, Tariff
from infrastructure.account.quotas import Granted, Need
from infrastructure.deploy.steps.ownership import rule_names

TIMES = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "max_attempts": 3})


class Unreadable(Exception):
    """A quota could not be read; the message is AWS's error code, or the reason in words."""


@dataclass(frozen=True, slots=True)
class Checked:
    """The quotas that are too low, for models or for the rest, and those that could not be read."""

    of_models: list[str]
    of_all: list[str]
    warnings: list[str]


def check(profile: Profile, settings: Settings) -> Checked:
    """Compare the stage's needs with the account's quotas."""
    reader = Reader(boto3.client("service-quotas", config=TIMES), Usage(settings))
    of_models: list[str] = []
    of_all: list[str] = []
    warnings: list[str] = []
    unreadable: defaultdict[str, list[Need]] = defaultdict(list)
    for need in quotas.needs(profile, settings.stage, len(rule_names(settings))):
        try:
            granted = reader.granted(need)
        except Unreadable as reason:
            unreadable[str(reason)].append(need)
            continue
        if need.name == quotas.EXECUTIONS and (
            slow := _throttled(granted, profile, settings.stage)
        ):
            warnings.append(slow)
        if fault := quotas.fault(need, granted, settings.stage, settings.region):
            (of_models if need.service == "sagemaker" else of_all).append(fault)
    warnings += [_warning(reason, needs) for reason, needs in unreadable.items()]
    return Checked(of_models, of_all, warnings)


def _throttled(granted: Granted, profile: Profile, stage: str) -> str:
    one = Tariff().one
    seconds = one.api_seconds + MODELS * one.model_function_seconds + one.save_seconds
    return quotas.throttled(granted, profile.api.limits[stage].route.rate, seconds, stage)


def _warning(reason: str, needs: list[Need]) -> str:
    """Return a warning that names the quotas which could not be read."""
    unknown = ", ".join(f"{need.name} ({need.service}, {need.amount} needed)" for need in needs)
    return f"These quotas can't be read ({reason}) and may be too low: {unknown}"


class Reader:
    """Values of Service Quotas: the account's, else AWS's default."""

    def __init__(self, client: Any, usage: "Usage") -> None:
        self._client = client
        self._usage = usage

    def granted(self, need: Need) -> Granted:
        """Return the quota and its use. Raises Unreadable."""
        try:
            if fixed := quotas.FIXED.get(need.name):
                return Granted("", fixed, self._usage.of(need))
            code = quotas.CODES.get(need.name) or self._code(need)
            value = self._value(need, code)
            return Granted(code, value, self._usage.of(need))
        except ClientError as error:
            raise Unreadable(error.response["Error"]["Code"]) from error
        except BotoCoreError as error:
            raise Unreadable(type(error).__name__) from error

    def _value(self, need: Need, code: str) -> int:
        given: Any = {"ServiceCode": need.service, "QuotaCode": code}
        try:
            found = self._client.get_service_quota(**given)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchResourceException":
                raise
            found = self._client.get_aws_default_service_quota(**given)
        return int(found["Quota"]["Value"])

    def _code(self, need: Need) -> str:
        """Look up a code that quotas.CODES does not have, as of most instance types; there are
        some 3,000.
        """
        pages = self._client.get_paginator("list_aws_default_service_quotas").paginate(
            ServiceCode=need.service
        )
        for quota in (quota for page in pages for quota in page["Quotas"]):
            if quotas.is_named(need, quota["QuotaName"]):
                return str(quota["QuotaCode"])
        undocumented = need.name in quotas.WORDS
        raise Unreadable(quotas.UNDOCUMENTED if undocumented else "NoSuchResourceException")


class Usage:
    """The use of each quota by others than this stage."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def _variants(self) -> list[Any]:
        return list(_variants(self._settings.prefix))

    @cached_property
    def _trainings(self) -> dict[str, int]:
        return _trainings(self._settings.prefix)

    @cached_property
    def _processings(self) -> dict[str, int]:
        return _processings(self._settings.prefix)

    def of(self, need: Need) -> int:
        """Return the use of a quota. Raises ClientError if it may not be read."""
        kind, _, usage = need.name.partition(" for ")
        counts: dict[str, Callable[[], int]] = {
            quotas.CONCURRENCY: self._concurrency,
            quotas.ENDPOINTS: self._serverless_endpoints,
            quotas.PROVISIONED: self._provisioned,
            quotas.EXECUTIONS: _reserved_executions,
            quotas.RULES: self._rules,
            quotas.PARAMETERS: self._parameters,
            quotas.TRAINING: lambda: self._trainings.get(kind, 0),
            quotas.ALL_TRAININGS: lambda: sum(self._trainings.values()),
            quotas.PROCESSING: lambda: self._processings.get(kind, 0),
            quotas.ALL_PROCESSINGS: lambda: sum(self._processings.values()),
            quotas.HOSTING: lambda: self._instances(kind),
        }
        return counts[usage or need.name]()

    def _concurrency(self) -> int:
        serverless = [one.get("ServerlessConfig") for one in self._variants]
        return sum(one["MaxConcurrency"] for one in serverless if one)

    def _provisioned(self) -> int:
        serverless = [one.get("ServerlessConfig") or {} for one in self._variants]
        return sum(one.get("ProvisionedConcurrency", 0) for one in serverless)

    def _serverless_endpoints(self) -> int:
        return sum("ServerlessConfig" in one for one in self._variants)

    def _instances(self, kind: str) -> int:
        hosted = [one for one in self._variants if one.get("InstanceType") == kind]
        return sum(one.get("InitialInstanceCount", 0) for one in hosted)

    def _rules(self) -> int:
        pages = boto3.client("events", config=TIMES).get_paginator("list_rules").paginate()
        named = {rule["Name"] for page in pages for rule in page["Rules"]}
        return len(named.difference(rule_names(self._settings)))

    def _parameters(self) -> int:
        pages = boto3.client("ssm", config=TIMES).get_paginator("describe_parameters").paginate()
        named = {parameter["Name"] for page in pages for parameter in page["Parameters"]}
        return len(named - {self._settings.review_only_parameter})


def _variants(prefix: str) -> Iterator[Any]:
    """Yield the variants of every endpoint of others than this stage."""
    client = boto3.client("sagemaker", config=TIMES)
    for page in client.get_paginator("list_endpoints").paginate():
        for endpoint in page["Endpoints"]:
            name = endpoint["EndpointName"]
            if not name.startswith(f"{prefix}-"):
                config = client.describe_endpoint(EndpointName=name)["EndpointConfigName"]
                found = client.describe_endpoint_config(EndpointConfigName=config)
                yield from found["ProductionVariants"]


def _trainings(prefix: str) -> dict[str, int]:
    client = boto3.client("sagemaker", config=TIMES)
    pages = client.get_paginator("list_training_jobs").paginate(StatusEquals="InProgress")
    names = [job["TrainingJobName"] for page in pages for job in page["TrainingJobSummaries"]]
    return _by_type(
        client.describe_training_job(TrainingJobName=name)["ResourceConfig"]
        for name in names
        if not name.startswith(f"{prefix}-")
    )


def _processings(prefix: str) -> dict[str, int]:
    client = boto3.client("sagemaker", config=TIMES)
    pages = client.get_paginator("list_processing_jobs").paginate(StatusEquals="InProgress")
    names = [job["ProcessingJobName"] for page in pages for job in page["ProcessingJobSummaries"]]
    return _by_type(
        client.describe_processing_job(ProcessingJobName=name)["ProcessingResources"][
            "ClusterConfig"
        ]
        for name in names
        if not name.startswith(f"{prefix}-")
    )


def _by_type(clusters: Iterable[Any]) -> dict[str, int]:
    """Count instances by their type."""
    used: Counter[str] = Counter()
    for one in clusters:
        used[one.get("InstanceType", "")] += one.get("InstanceCount", 1)
    return dict(used)


def _reserved_executions() -> int:
    """Return the concurrency that functions reserve, which the others cannot use."""
    limit = boto3.client("lambda", config=TIMES).get_account_settings()["AccountLimit"]
    return limit["ConcurrentExecutions"] - limit["UnreservedConcurrentExecutions"]
