"""Metrics by the minute, as CloudWatch keeps those of standard resolution.

moto keeps each datum that it is given: a served bank's would take 70 MB an hour, and every alarm
looks at all of them. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/
cloudwatch_concepts.html#Resolution_definition
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from moto.cloudwatch.models import MetricAggregatedDatum

PLACE = "statistics_of_this_minute"  # on moto's backend


def merged_by_minute(original: Any) -> Callable[..., None]:
    """Replace moto's CloudWatchBackend.put_metric_data: statistics of one series and minute are one
    datum.
    """

    def put(self: Any, namespace: str, metric_data: list[dict[str, Any]]) -> None:
        known = len(self.metric_data)
        counted, minutes = vars(self).get(PLACE, (0, {}))
        if known < counted:  # somebody took data away, perhaps those of this minute
            minutes = {}
        original(self, namespace, metric_data)
        new = self.metric_data[known:]
        del self.metric_data[known:]
        for datum in new:
            key = _key(datum)
            if not isinstance(datum, MetricAggregatedDatum) or key not in minutes:
                self.metric_data.append(datum)
                _begin(minutes, key, datum)
            else:
                _merge(minutes[key], datum)
        vars(self)[PLACE] = len(self.metric_data), minutes

    return put


def _key(datum: Any) -> tuple[Any, ...]:
    dimensions = frozenset((one.name, one.value) for one in datum.dimensions)
    return _minute(datum.timestamp), datum.namespace, datum.name, datum.unit, dimensions


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def _begin(minutes: dict[Any, Any], key: tuple[Any, ...], datum: Any) -> None:
    """Remember a series' first datum of a minute, and forget those of another minute."""
    if key[0] != next(iter(minutes), key)[0]:
        minutes.clear()
    if isinstance(datum, MetricAggregatedDatum):
        minutes[key] = datum


def _merge(kept: Any, more: Any) -> None:
    kept.sum += more.sum
    kept.sample_count += more.sample_count
    kept.min, kept.max = min(kept.min, more.min), max(kept.max, more.max)
