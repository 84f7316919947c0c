"""Contradictions of the stages' endpoints, with themselves or with SageMaker's limits."""

from collections.abc import Iterator

from chalicelib.foundation.settings import STAGES
from chalicelib.profile.schema import Profile
from chalicelib.profile.tables.sagemaker_tables import Canary, Endpoint

MOST_CHUNKS = 1000  # functions at once of a new account
MOST_WARM = 20  # calls at once of each model, from one function


def of_stages(profile: Profile) -> Iterator[str]:
    for stage in {*STAGES} - {*profile.endpoint}:
        yield f"endpoint.{stage} is missing: memory_mb and max_concurrency of its endpoints"
    for stage, endpoint in profile.endpoint.items():
        yield from _endpoint(f"endpoint.{stage}", endpoint)


def _endpoint(place: str, endpoint: Endpoint) -> Iterator[str]:
    serverless = (endpoint.memory_mb, endpoint.max_concurrency)
    if endpoint.instances and serverless != (None, None):
        yield f"{place} is either instances or memory_mb and max_concurrency, not both"
    if not endpoint.instances and None in serverless:
        yield f"{place} needs memory_mb and max_concurrency, or instances"
    yield from _warm(place, endpoint)
    most = max(1, (endpoint.max_concurrency or MOST_CHUNKS) - 1)  # the day's applications need room
    if not 1 <= endpoint.chunks_at_once <= most:
        yield f"{place}.chunks_at_once must be 1 to {most}, which is less than max_concurrency"
    if endpoint.canary and not endpoint.instances:
        yield f"{place}.canary needs instances: a serverless endpoint moves all its traffic at once"
    if endpoint.instances and endpoint.instances.count < (2 if endpoint.canary else 1):
        yield f"{place}.instances.count must be 1 or more, and 2 or more for a canary"
    if endpoint.canary:
        count = endpoint.instances.count if endpoint.instances else 0
        yield from _canary(f"{place}.canary", endpoint.canary, count)


def _warm(place: str, endpoint: Endpoint) -> Iterator[str]:
    """Yield contradictions of provisioned concurrency.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariantServerlessConfig.html
    """
    concurrency = endpoint.max_concurrency or 0
    limits = (("provisioned", 1, concurrency), ("keep_warm", 0, min(concurrency, MOST_WARM)))
    for name, least, most in limits:
        value = getattr(endpoint, name)
        if value and endpoint.instances:
            yield f"{place}.{name} is of serverless endpoints: instances are always started"
        elif value is not None and concurrency and not least <= value <= most:
            yield f"{place}.{name} must be {least} to {most}; max_concurrency is {concurrency}"
    if endpoint.provisioned and endpoint.keep_warm:
        yield f"{place} has provisioned and keep_warm: what is provisioned is warm already"


def _canary(place: str, canary: Canary, count: int) -> Iterator[str]:
    if (canary.share is None) == (canary.instances is None):
        yield f"{place} needs one of share and instances"
    if canary.share is not None and not 0.01 <= canary.share <= 0.5:
        yield f"{place}.share must be 0.01 to 0.5: SageMaker allows half of the capacity at most"
    if canary.instances is not None and not 1 <= canary.instances <= count / 2:
        yield f"{place}.instances must be 1 to half of instances.count"
    if not 0 < canary.bake_seconds <= 3600:
        yield f"{place}.bake_seconds must be 1 to 3600"
    if not canary.alarms:
        yield f"{place}.alarms names none: nothing would ever roll it back"
