"""Service quotas that a deployment needs, and the sentences that say which are too low."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil

from chalicelib.profile import Endpoint, Profile

TRAINING, PROCESSING, HOSTING = "training job usage", "processing job usage", "endpoint usage"
CONCURRENCY = "Maximum total concurrency that can be allocated across all serverless endpoints"
ENDPOINTS = "Maximum number of serverless endpoints"
PROVISIONED = "Provisioned concurrency of all serverless endpoints"
ALL_TRAININGS = "Number of instances across all training jobs"
ALL_PROCESSINGS = "Number of instances across all processing jobs"
EXECUTIONS = "Concurrent executions"
RULES = "Number of rules"
PARAMETERS = "Standard parameters"
# Service Quotas' own codes; the codes of other instance types are looked up by their names.
# https://docs.aws.amazon.com/general/latest/gr/sagemaker.html#limits_sagemaker
CODES = {
    CONCURRENCY: "L-96300102",
    ENDPOINTS: "L-99AD19BF",
    ALL_TRAININGS: "L-00C91CB5",
    ALL_PROCESSINGS: "L-F311B08F",
    EXECUTIONS: "L-B99A9384",
    RULES: "L-244521F2",
    f"ml.m5.large for {TRAINING}": "L-611FA074",
    f"ml.m5.xlarge for {TRAINING}": "L-CCE2AFA6",
    f"ml.m5.large for {PROCESSING}": "L-8541302D",
    f"ml.m5.xlarge for {PROCESSING}": "L-0307F515",
    f"ml.m5.large for {HOSTING}": "L-614B09FD",
    f"ml.m5.xlarge for {HOSTING}": "L-2F737F8D",
}
# No page of AWS states this quota's name or code: it is the one whose name has these words.
WORDS = {PROVISIONED: ("provisioned concurrency", "serverless endpoints")}
UNDOCUMENTED = (
    "AWS documents neither its name nor its code, and Service Quotas lists no name with these "
    "words; look for it in the console of Service Quotas under Amazon SageMaker"
)
# What Service Quotas does not list: https://docs.aws.amazon.com/general/latest/gr/ssm.html
FIXED = {PARAMETERS: 10_000}
JOBS = (
    (TRAINING, ALL_TRAININGS, "trainings"),
    (PROCESSING, ALL_PROCESSINGS, "comparisons of challengers"),
)
PROFILE = "chalicelib/credit.toml"
WAITING = 2  # functions: the API's own, and one for events that arrive meanwhile


Instead = Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Need:
    """An amount of one quota.

    `instead` gives the setting that needs less, for an amount that this stage can have.
    """

    service: str
    name: str
    amount: int
    because: str
    instead: Instead


@dataclass(frozen=True, slots=True)
class Granted:
    """One quota of the account, and its use by others than this stage."""

    code: str
    value: int
    in_use: int = 0


def needs(profile: Profile, stage: str, rules: int) -> Iterator[Need]:
    """Yield what `stage` needs at most at once, its weekly retraining included.

    `rules` is the number of its EventBridge rules.
    """
    models = len(profile.models)
    yield from _hosting(profile.endpoint[stage], models, stage)
    machine = profile.sagemaker.machine(stage).instance_type
    for usage, in_all, work in JOBS:
        because, instead = f"{models} {work} at once", _another_type(usage, models, stage)
        yield Need("sagemaker", f"{machine} for {usage}", models, because, instead)
        yield Need("sagemaker", in_all, models, because, _fewer_of_others)
    because = f"a decision runs the API's function and {models} models' at once, beside events"
    yield Need("lambda", EXECUTIONS, models + WAITING, because, _nothing_less)
    yield Need("events", RULES, rules, "its schedules and events", _fewer_of_others)
    yield Need("ssm", PARAMETERS, 1, "the review-only switch", _fewer_of_others)


def _hosting(endpoint: Endpoint, models: int, stage: str) -> Iterator[Need]:
    if endpoint.instances:
        kind, count = endpoint.instances.type, endpoint.instances.count
        because = f"{models} models x {count}, twice while new versions take over"
        name, amount = f"{kind} for {HOSTING}", 2 * models * count
        yield Need("sagemaker", name, amount, because, _fewer_machines(stage))
        return
    each = endpoint.max_concurrency or 0
    because = f"{models} models x max_concurrency {each}"
    less = _less_concurrency(models, stage)
    yield Need("sagemaker", CONCURRENCY, models * each, because, less)
    yield Need("sagemaker", ENDPOINTS, models, f"{models} models", _from_machines(stage))
    if always := endpoint.provisioned:
        because = f"{models} models x provisioned {always}"
        yield Need("sagemaker", PROVISIONED, models * always, because, _less_provisioned(stage))


def fault(need: Need, granted: Granted, stage: str, region: str) -> str:
    """Return the shortage of a quota and what to do about it; empty if the quota is enough."""
    short = need.amount + granted.in_use - granted.value
    if short <= 0:
        return ""
    used = f", of which others use {granted.in_use}" if granted.in_use else ""
    named = f"{need.name} ({granted.code})" if granted.code else need.name
    return (
        f"{need.service}: {named} is {granted.value} in this account{used}. "
        f"{stage} needs {need.amount} ({need.because}): {short} too few.\n"
        f"{_request(need, granted, region)}"
        f"  {need.instead(max(granted.value - granted.in_use, 0))}"
    )


def throttled(granted: Granted, rate: int, seconds: float, stage: str) -> str:
    """Return a warning if Lambda would refuse before the API's own limit does.

    `rate` is that limit in requests a second; a decision keeps functions busy for `seconds` in all.
    """
    most = int((granted.value - granted.in_use) / seconds)
    if most >= rate:
        return ""
    return (
        f"lambda: {EXECUTIONS} ({granted.code}) is {granted.value}: about {most} decisions a "
        f"second, while the API lets {rate} through in {stage}; {ceil(rate * seconds)} are enough"
    )


def _request(need: Need, granted: Granted, region: str) -> str:
    """Return the command that requests the missing amount, if AWS can raise the quota."""
    if not granted.code:
        return ""
    return (
        "  Ask AWS for more:  aws service-quotas request-service-quota-increase "
        f"--service-code {need.service} --quota-code {granted.code} "
        f"--desired-value {need.amount + granted.in_use} --region {region}\n"
    )


def _less_concurrency(models: int, stage: str) -> Instead:
    machines = _from_machines(stage)

    def instead(free: int) -> str:
        if each := free // models:
            return f"Or set max_concurrency = {each} in [endpoint.{stage}] of {PROFILE}."
        if free:
            return (
                f"A smaller max_concurrency does not help: {free} is not even 1 for each of the "
                f"{models} models. {machines(free)}"
            )
        return f"This account can run no serverless endpoint now. {machines(free)}"

    return instead


def _less_provisioned(stage: str) -> Instead:
    return lambda _free: (
        f"Or set a smaller provisioned in [endpoint.{stage}] of {PROFILE}, or keep_warm instead."
    )


def is_named(need: Need, name: str) -> bool:
    """Return whether a quota of this name in Service Quotas is the needed one."""
    words = WORDS.get(need.name)
    return all(word in name.lower() for word in words) if words else name == need.name


def _from_machines(stage: str) -> Instead:
    setting = 'instances = { type = "ml.m5.large", count = 1 }'
    return lambda _free: f"Or serve from machines: {setting} in [endpoint.{stage}] of {PROFILE}."


def _fewer_machines(stage: str) -> Instead:
    return lambda _free: (
        f"Or change instances in [endpoint.{stage}] of {PROFILE}: another type, a smaller count, "
        "or none, to be serverless."
    )


def _another_type(usage: str, amount: int, stage: str) -> Instead:
    listing = (
        "aws service-quotas list-service-quotas --service-code sagemaker --query "
        f"\"Quotas[?contains(QuotaName,'for {usage}') && Value>=\\`{amount}\\`].QuotaName\""
    )
    return lambda _free: (
        f"Or change instance_type in [sagemaker.training.{stage}] of {PROFILE} to a type that this "
        f"lists:  {listing}"
    )


def _nothing_less(_free: int) -> str:
    return "No setting of ours needs less."


def _fewer_of_others(_free: int) -> str:
    return "Or end, or delete, some that nobody needs."
