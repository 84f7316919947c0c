"""Logs and metrics, with ids and kinds; never with an applicant's data or clientId."""

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
UNREADABLE = "UnreadableRecords"  # a metric
# The app's own name is Chalice's logger, which it silences.
LOGGER, METRICS = "credit", "credit.metrics"

P = ParamSpec("P")
R = TypeVar("R")


class Printed(logging.Handler):
    """A stream to the current stdout: Lambda passes each line on to CloudWatch."""

    def emit(self, record: logging.LogRecord) -> None:
        print(self.format(record), flush=True)


logger = Logger(service=LOGGER, logger_handler=Printed(), utc=True, use_rfc3339=True)
_metric_lines = logging.getLogger(METRICS)
_metric_lines.handlers, _metric_lines.propagate = [Printed()], False
_metric_lines.setLevel(logging.INFO)


def correlate(prediction_id: str) -> None:
    """Put the id on every further log line of this request."""
    logger.thread_safe_append_keys(correlation_id=prediction_id)


def observed(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function so that an error is logged by its name only: its text may quote the
    request.
    """

    @wraps(function)
    def observing(*args: P.args, **kwargs: P.kwargs) -> R:
        logger.thread_safe_clear_keys()
        event = args[0] if args else None
        if isinstance(event, dict) and "predictionId" in event:
            correlate(event["predictionId"])
        try:
            return function(*args, **kwargs)
        except Exception as fault:
            logger.error("failed", task=function.__name__, error=type(fault).__name__)  # noqa: TRY400
            raise

    return observing


def answered(operation: str, status: int, seconds: float) -> None:
    logger.info("answered", operation=operation, status=status, ms=round(seconds * 1000))
    _measure("Latency", seconds * 1000, MetricUnit.Milliseconds, operation=operation)


def decided(prediction: Mapping[str, Any], causes: Mapping[str, str]) -> None:
    """Log a decision. `causes` has the internal cause of each model that is silent."""
    models = prediction["models"]
    unavailable = [name for name, answer in models.items() if answer["status"] == "UNAVAILABLE"]
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


def chunk_decided(decisions: Mapping[str, int], rejected: Mapping[str, int]) -> None:
    """Log and count the decisions of a chunk: a line for each row would be a million of a batch.

    `rejected` has how many rows each model could not score.
    """
    logger.info("chunk decided", decisions=dict(decisions), rejected=dict(rejected))
    for decision, count in decisions.items():
        _measure("Decisions", count, MetricUnit.Count, decision=decision)
    for name, count in rejected.items():
        _measure("ModelsUnavailable", count, MetricUnit.Count, model=name)


def noticed(kind: str, what: str) -> None:
    """Log and count a notice."""
    logger.info("noticed", kind=kind, what=what)
    _measure("Notices", 1, MetricUnit.Count, kind=kind)


def reviews_overdue(overdue: Mapping[str, int]) -> None:
    """Log and emit how many cases of each kind are overdue."""
    logger.info("reviews overdue", overdue=dict(overdue))
    for kind, count in overdue.items():
        _measure("ReviewsOverdue", count, MetricUnit.Count, kind=kind)


def cold(model: str, error: str) -> None:
    """Log a call that should have kept an endpoint warm and was not answered."""
    logger.warning("not kept warm", model=model, error=error)


def last_trained(days: float) -> None:
    logger.info("last trained", days=round(days, 2))
    _measure("DaysSinceTraining", days, MetricUnit.NoUnit)


def unreadable(record_id: str) -> None:
    """Log and count an item or an object that is not what its place says.

    An item is in the evidence as DynamoDB has it.
    """
    logger.error("unreadable record", record=record_id)
    _measure(UNREADABLE, 1, MetricUnit.Count)


def anchoring(days: int) -> None:
    """Log how many days have no anchor of the evidence yet; 1 is as it should be. The metric of
    unreadable records exists from then on.
    """
    logger.info("anchoring", days=days)
    _measure("DaysToAnchor", days, MetricUnit.NoUnit)
    _measure(UNREADABLE, 0, MetricUnit.Count)


def drift_measured(models: Mapping[str, Any]) -> None:
    """Emit each model's score index, and for each feature the highest index of the models."""
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
    """Emit one value, for the whole service and by its dimension, as a line of its own.

    The service is <stage>-<app>, from POWERTOOLS_SERVICE_NAME. The lines are separate because the
    three models share a process on one machine.
    """
    metric = EphemeralMetrics(namespace=NAMESPACE)
    metric.add_metric(name, unit, value)
    if dimension:
        metric.add_dimensions(service=metric.service, **dimension)
    _metric_lines.info(json.dumps(metric.serialize_metric_set()))
