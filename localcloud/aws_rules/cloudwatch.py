"""CloudWatch's rules: log groups, metrics and alarms."""

from collections.abc import Iterator
from typing import Any

from localcloud.aws_rules.rule import DOCS, Parameters, Rule

_METRICS = f"{DOCS}/AmazonCloudWatch/latest/APIReference"

RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
)  # fmt: skip
_SHORT_PERIODS = (10, 20, 30)


def _retention(parameters: Parameters, _request: Any) -> Iterator[str]:
    days = parameters["retentionInDays"]
    if days not in RETENTION_DAYS:
        allowed = ", ".join(str(one) for one in RETENTION_DAYS)
        yield (
            f"1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy "
            f"constraint: Member must satisfy enum value set: [{allowed}]"
        )


def _period(parameters: Parameters, _request: Any) -> Iterator[str]:
    period = parameters.get("Period")
    if period is not None and period not in _SHORT_PERIODS and period % 60:
        yield "Period must be 10, 20, 30 or a multiple of 60"


def _statistic(parameters: Parameters, _request: Any) -> Iterator[str]:
    """Refuse an alarm on neither a metric nor an expression, and one without a statistic."""
    given = [one for one in ("Statistic", "ExtendedStatistic") if parameters.get(one)]
    if parameters.get("Metrics"):
        yield from (f"{one} should not be set if list of Metrics is set." for one in given)
    elif not parameters.get("MetricName"):
        yield "You must specify either MetricName or a Metrics array."
    elif len(given) != 1:
        yield "For a MetricName you must specify either Statistic or ExtendedStatistic, not both."


def _namespace(parameters: Parameters, _request: Any) -> Iterator[str]:
    if str(parameters.get("Namespace") or "").startswith("AWS/"):
        yield "The value AWS/ for parameter Namespace is invalid."


RULES: tuple[Rule, ...] = (
    Rule("retention of a log group", ("logs:PutRetentionPolicy",), _retention,
         f"{DOCS}/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"),
    Rule("period of an alarm", ("cloudwatch:PutMetricAlarm",), _period,
         f"{_METRICS}/API_PutMetricAlarm.html"),
    Rule("statistic of an alarm", ("cloudwatch:PutMetricAlarm",), _statistic,
         f"{_METRICS}/API_PutMetricAlarm.html"),
    Rule("namespace of a metric", ("cloudwatch:PutMetricData",), _namespace,
         f"{_METRICS}/API_PutMetricData.html", "InvalidParameterValue"),
)  # fmt: skip
