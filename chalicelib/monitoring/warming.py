"""The function keepWarm: a call without applications to each endpoint every 5 minutes.

It makes cold starts rarer without a guarantee: AWS documents neither how long a serverless
container is kept, nor that a call keeps it. Provisioned concurrency guarantees it, at a price: see
`make cost`. The rule is disabled unless `[endpoint.<stage>] keep_warm` is 1 or more.
"""

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from datetime import datetime, timedelta
from typing import Any

from chalicelib.foundation import observability
from chalicelib.foundation.errors import EndpointFault
from chalicelib.monitoring.readiness import Probing

LATE = timedelta(minutes=5)  # by then the next call of the schedule has come

Document = dict[str, Any]


def run(
    at: datetime, now: datetime, models: Iterable[str], at_once: int, probes: Probing
) -> Document:
    """Return how many calls of each model were answered; `at_once` go to each endpoint together.

    A schedule's event that comes late is dropped; one that comes twice does no harm.
    """
    if now - at >= LATE:
        return {"late": True}
    asked = [model for model in models for _ in range(at_once)]
    with ThreadPoolExecutor(max(1, len(asked))) as pool:
        calls = [(model, _submit(pool, probes, model)) for model in asked]
    answered = dict.fromkeys(asked, 0)
    for model, call in calls:
        if fault := call.exception():
            if not isinstance(fault, EndpointFault):
                raise fault
            observability.cold(model, type(fault).__name__)
        else:
            answered[model] += 1
    return {"late": False, "answered": answered}


def _submit(pool: ThreadPoolExecutor, probes: Probing, model: str) -> Future[None]:
    return pool.submit(copy_context().run, probes.ask, model)
