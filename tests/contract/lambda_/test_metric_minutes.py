"""Statistics that are put within a minute are one datum, and what is read is the same."""

from datetime import UTC, datetime, timedelta

import boto3
from moto.cloudwatch.models import cloudwatch_backends

AT = datetime(2026, 11, 29, 10, 0, tzinfo=UTC)


def put(client, seconds, low, high, model="a", name="Latency"):
    client.put_metric_data(
        Namespace="bank",
        MetricData=[
            {
                "MetricName": name,
                "Unit": "Milliseconds",
                "Timestamp": AT + timedelta(seconds=seconds),
                "Dimensions": [{"Name": "model", "Value": model}],
                "StatisticValues": {
                    "SampleCount": 2, "Sum": low + high, "Minimum": low, "Maximum": high,
                },
            }
        ],
    )  # fmt: skip


def read(client, model="a"):
    found = client.get_metric_statistics(
        Namespace="bank", MetricName="Latency", Period=60, Unit="Milliseconds",
        StartTime=AT, EndTime=AT + timedelta(minutes=5),
        Dimensions=[{"Name": "model", "Value": model}],
        Statistics=["SampleCount", "Sum", "Minimum", "Maximum"],
    )  # fmt: skip
    return [
        (one["SampleCount"], one["Sum"], one["Minimum"], one["Maximum"])
        for one in sorted(found["Datapoints"], key=lambda one: one["Timestamp"])
    ]


def kept() -> int:
    return len(cloudwatch_backends["123456789012"]["us-east-1"].metric_data)


def test_a_minute_of_a_series_is_one_datum_with_the_figures_of_all(cloud):
    client = boto3.client("cloudwatch")
    for second, low, high in ((0, 5, 9), (1, 1, 6), (59, 4, 12)):
        put(client, second, low, high)
    put(client, 60, 2, 3)
    put(client, 61, 1, 8)
    put(client, 62, 7, 7, model="b")

    assert read(client) == [(6, 37, 1, 12), (4, 14, 1, 8)]
    assert read(client, "b") == [(2, 14, 7, 7)]
    assert kept() == 3


def test_a_datum_that_comes_late_counts_in_its_minute(cloud):
    client = boto3.client("cloudwatch")
    for second, low, high in ((0, 5, 9), (60, 1, 2), (2, 1, 1)):
        put(client, second, low, high)

    assert read(client) == [(4, 16, 1, 9), (2, 3, 1, 2)]


def test_single_values_are_kept_one_by_one(cloud):
    client = boto3.client("cloudwatch")
    for value in (1.0, 2.0):
        client.put_metric_data(
            Namespace="bank", MetricData=[{"MetricName": "Rows", "Value": value}]
        )

    assert kept() == 2
