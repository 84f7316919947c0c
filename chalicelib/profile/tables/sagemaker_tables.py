"""[endpoint] and [sagemaker] of credit.toml: what SageMaker runs models and jobs on."""

from typing import Literal

import msgspec

from chalicelib.profile.tables.base_table import Table


class Instances(Table, frozen=True):
    type: str
    count: int = 2


class Canary(Table, frozen=True):
    """Its size is a share of the capacity or a number of instances."""

    bake_seconds: int
    share: float | None = None
    instances: int | None = None
    alarms: tuple[Literal["model-errors", "model-latency"], ...] = ("model-errors", "model-latency")


class Endpoint(Table, frozen=True):
    """Serverless, by memory and concurrency; or instances, whose updates a canary may go before.

    Of a serverless endpoint's concurrency `provisioned` is always started, at a price; `keep_warm`
    calls at once go to it every 5 minutes. A batch sends it `chunks_at_once` requests at once.
    """

    memory_mb: int | None = None
    max_concurrency: int | None = None
    provisioned: int | None = None
    keep_warm: int = 0
    chunks_at_once: int = 1
    instances: Instances | None = None
    canary: Canary | None = None


class Machine(Table, frozen=True):
    instance_type: str = "ml.m5.large"
    volume_gb: int = 10
    longest_seconds: int = 3600


class SageMaker(Table, frozen=True):
    image: str = "sagemaker-scikit-learn:1.9-0-cpu-py3"
    training: dict[str, Machine] = msgspec.field(default_factory=dict)

    def machine(self, stage: str) -> Machine:
        return self.training.get(stage, Machine())
