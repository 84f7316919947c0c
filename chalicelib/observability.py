"""Logs and metrics of what happened: ids and kinds. An applicant's data and clientId never."""

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

NAMESPACE = "AppVengers"
# The app's own name is Chalice's logger, which it silences.
LOGGER, METRICS = "credit", "credit.metrics"

P = ParamSpec("P")
R = TypeVar("R")


class Printed(logging.Handler):
    """To what is stdout by then: Lambda passes each line on to CloudWatch."""

    def emit(self, record: logging.LogRecord) -> None:
        print(self.format(record), flush=True)


logger = Logger(service=LOGGER, logger_handler=Printed(), utc=True, use_rfc3339=True)
_metric_lines = logging.getLogger(METRICS)
_metric_lines.handlers, _metric_lines.propagate = [Printed()], False
_metric_lines.setLevel(logging.INFO)


def correlate(prediction_id: str) -> None:
    """Every further line of this request carries the id."""
    logger.thread_safe_append_keys(correlation_id=prediction_id)


def observed(function: Callable[P, R]) -> Callable[P, R]:
    """A function's fault is told by its name; its words may hold what was sent."""

    @wraps(function)
    def told(*args: P.args, **kwargs: P.kwargs) -> R:
        logger.thread_safe_clear_keys()
        event = args[0] if args else None
        if isinstance(event, dict) and "predictionId" in event:
            correlate(event["predictionId"])
        try:
            return function(*args, **kwargs)
        except Exception as fault:
            logger.error("failed", task=function.__name__, error=type(fault).__name__)  # noqa: TRY400
            raise

    return told


def answered(operation: str, status: int, seconds: float) -> None:
    logger.info("answered", operation=operation, status=status, ms=round(seconds * 1000))
    _measure("Latency", seconds * 1000, MetricUnit.Milliseconds, operation=operation)


def decided(prediction: Mapping[str, Any], causes: Mapping[str, str]) -> None:
    """Log a decision. `causes` has the internal cause of each model that is silent."""
    models = prediction["models"]
    unavailable = [name for name, answer in models.items() if answer["status"] != "OK"]
    logger.info(
        "decided",
        decision=prediction["decision"],
        basis=prediction["decisionBasis"],
        policy=prediction["policyVersion"],
        versions={name: answer.get("version") for name, answer in models.items()},
        unavailable=dict(causes),
    )
    _measure("Decisions", 1, MetricUnit.Count, decision=prediction["decision"])
    for name in unavailable:
        _measure("ModelsUnavailable", 1, MetricUnit.Count, model=name)


def noticed(kind: str, what: str) -> None:
    """A notice of the retraining: what was started, refused, deployed."""
    logger.info("noticed", kind=kind, what=what)
    _measure("Notices", 1, MetricUnit.Count, kind=kind)


def cold(model: str, error: str) -> None:
    """A call that should keep an endpoint warm was not answered."""
    logger.warning("not kept warm", model=model, error=error)


def last_trained(days: float) -> None:
    logger.info("last trained", days=round(days, 2))
    _measure("DaysSinceTraining", days, MetricUnit.NoUnit)


def drift_measured(models: Mapping[str, Any]) -> None:
    """By model its score's index, by feature the highest of the models."""
    highest: dict[str, float] = {}
    for model, found in models.items():
        for name, part in found["features"].items():
            highest[name] = max(part.get("psi", 0), highest.get(name, 0))
        if "psi" in found["score"]:
            _measure("ScoreDrift", found["score"]["psi"], MetricUnit.NoUnit, model=model)
    for name, index in highest.items():
        _measure("FeatureDrift", index, MetricUnit.NoUnit, feature=name)
    logger.info("drift", models={name: found["score"] for name, found in models.items()})


@contextmanager
def model_timed(model: str) -> Iterator[None]:
    started = time.perf_counter()
    try:
        yield
    finally:
        took = (time.perf_counter() - started) * 1000
        _measure("ModelLatency", took, MetricUnit.Milliseconds, model=model)


def _measure(name: str, value: float, unit: MetricUnit, **dimension: str) -> None:
    """One value, for the service as a whole and by its dimension. POWERTOOLS_SERVICE_NAME is the
    service: <stage>-<app>. A line a value: the three models share a process on one machine."""
    metric = EphemeralMetrics(namespace=NAMESPACE)
    metric.add_metric(name, unit, value)
    if dimension:
        metric.add_dimensions(service=metric.service, **dimension)
    _metric_lines.info(json.dumps(metric.serialize_metric_set()))
