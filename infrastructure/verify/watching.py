"""Checks of what watches the stage: metrics, alarms, the failures queue, schedules, traces."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from infrastructure.first_models.causes import Causes
from infrastructure.project import api_function
from infrastructure.template.function_permissions.function_names import DELIVERING, PUBLISHING
from infrastructure.verify.check import Check, Result, Stage, failed, not_applicable, proved

EVENT_RULE = "endpointChanged"
ALARM = "failures"


def alarms_find_their_metrics(stage: Stage) -> Result:
    """Check that each alarm's metric exists; a metric without a point yet may be misspelt."""
    found = [(alarm["AlarmName"], _exist(stage, alarm)) for alarm in _alarms(stage)]
    without = [name for name, exists in found if not exists]
    if not found:
        return failed("the stage has no alarms: make deploy")
    if len(without) == len(found):
        return not_applicable("no metric has a point yet: predict, and ask again in 15 minutes")
    shown = f"{len(found) - len(without)} of {len(found)} alarms find theirs"
    if not without:
        return proved(shown)
    return not_applicable(f"{shown}; without a point yet: {', '.join(without)}")


def _alarms(stage: Stage) -> Iterator[Any]:
    pages = (
        stage.client("cloudwatch")
        .get_paginator("describe_alarms")
        .paginate(AlarmNamePrefix=f"{stage.settings.prefix}-")
    )
    for page in pages:
        yield from page["MetricAlarms"]


def _exist(stage: Stage, alarm: Any) -> bool:
    """Return whether the metrics of an alarm exist, also those of an expression."""
    metrics = [
        one["MetricStat"]["Metric"] for one in alarm.get("Metrics", []) if "MetricStat" in one
    ]
    watched = metrics or [alarm]
    return all(_points(stage, one) for one in watched if "MetricName" in one)


def _points(stage: Stage, metric: Any) -> bool:
    found = stage.client("cloudwatch").list_metrics(
        Namespace=metric["Namespace"],
        MetricName=metric["MetricName"],
        Dimensions=[
            {"Name": one["Name"], "Value": one["Value"]} for one in metric.get("Dimensions", [])
        ],
    )
    return bool(found["Metrics"])


def failures_queue_is_empty(stage: Stage) -> Result:
    """Check that no asynchronous event was given up."""
    long_ago = datetime.now(UTC) - timedelta(days=14)
    causes = list(Causes(stage.settings, long_ago).given_up())
    sqs, name = stage.client("sqs"), f"{stage.settings.prefix}-failures"
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    counted = sqs.get_queue_attributes(
        QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]
    )["Attributes"]["ApproximateNumberOfMessages"]
    if int(counted):
        return failed(f"{counted} in {name}, e.g. {causes[0] if causes else 'see the queue'}")
    return proved(f"{name} is empty")


def endpoint_events_come(stage: Stage) -> Result:
    """Check that SageMaker sends events for serverless endpoints.

    Without them, endings come later.
    """
    return _invocations(stage, EVENT_RULE, "an endpoint's change")


def schedule_fires(stage: Stage) -> Result:
    return _invocations(stage, "updateData", "the schedule")


def _invocations(stage: Stage, function: str, what: str) -> Result:
    rule, now = f"{stage.settings.function(function)}-event", datetime.now(UTC)
    points = stage.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Events",
        MetricName="Invocations",
        Dimensions=[{"Name": "RuleName", "Value": rule}],
        StartTime=now - timedelta(days=14),
        EndTime=now,
        Period=86_400,
        Statistics=["Sum"],
    )["Datapoints"]
    count = sum(one["Sum"] for one in points)
    if not count:
        return not_applicable(f"no event of {rule} in 14 days: nothing says that {what} comes")
    return proved(f"{count:.0f} events of {rule} in 14 days")


def event_sources_are_read(stage: Stage) -> Result:
    """Check that Lambda reads the table's stream and the queue of webhooks."""
    lambdas, found = stage.client("lambda"), []
    for name in (PUBLISHING, DELIVERING):
        function = stage.settings.function(name)
        listed = lambdas.list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
        states = [f"{one['State']} {one.get('LastProcessingResult', '')}" for one in listed]
        found += [f"{name}: {state.strip()}" for state in states or ["there is no mapping"]]
    wrong = [one for one in found if "Enabled" not in one or "PROBLEM" in one]
    return failed("; ".join(wrong)) if wrong else proved("; ".join(found))


def traces_join(stage: Stage) -> Result:
    now = datetime.now(UTC)
    found = stage.client("xray").get_trace_summaries(
        StartTime=now - timedelta(hours=6),
        EndTime=now,
        FilterExpression=f'service("{api_function(stage.settings)}")',
    )["TraceSummaries"]
    if not found:
        return not_applicable("no trace in 6 hours: predict, and ask again in a minute")
    return proved(f"{len(found)} traces of {api_function(stage.settings)} in 6 hours")


def cold_imports(stage: Stage) -> Result:
    """Check the longest start of the API's function in a day."""
    events = stage.client("logs").filter_log_events(
        logGroupName=f"/aws/lambda/{api_function(stage.settings)}",
        startTime=int((datetime.now(UTC) - timedelta(days=1)).timestamp() * 1000),
        filterPattern='"Init Duration"',
    )["events"]
    took = [float(one["message"].partition("Init Duration: ")[2].split()[0]) for one in events]
    if not took:
        return not_applicable("no cold start of the API's function in a day")
    longest = f"{max(took):.0f} ms at most, in {len(took)} cold starts"
    return proved(longest) if max(took) < 2_000 else failed(f"{longest}; 350 ms are meant")


def an_alarm_reaches_the_topic(stage: Stage) -> Result:
    """Ring the alarm of the failures queue; subscribers read that it is a drill."""
    name, cloudwatch = f"{stage.settings.prefix}-{ALARM}", stage.client("cloudwatch")
    began = datetime.now(UTC)
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="verify-aws: drill")
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="verify-aws: over")
    history = cloudwatch.describe_alarm_history(
        AlarmName=name, HistoryItemType="Action", StartDate=began, EndDate=datetime.now(UTC)
    )["AlarmHistoryItems"]
    if bad := [one for one in history if "Failed" in one["HistorySummary"]]:
        return failed(bad[0]["HistorySummary"])
    if not history:
        return not_applicable("CloudWatch shows no action yet: ask again in a minute")
    return proved(history[0]["HistorySummary"])


CHECKS = (
    Check(
        "endpoint-events",
        "SageMaker sends events for serverless endpoints",
        "the embedded cloud sends the event itself",
        "aws cloudwatch get-metric-statistics --namespace AWS/Events --metric-name Invocations "
        "--dimensions Name=RuleName,Value=appvengers-dev-endpointChanged-event --start-time "
        "2026-01-01T00:00:00Z --end-time 2026-01-08T00:00:00Z --period 86400 --statistics Sum",
        endpoint_events_come,
        lacks="CloudWatch's metrics of EventBridge",
    ),
    Check(
        "failures",
        "No asynchronous event was given up",
        "the embedded cloud imitates Lambda's retries",
        "aws sqs get-queue-url --queue-name dev-appvengers-failures",
        failures_queue_is_empty,
    ),
    Check(
        "event-sources",
        "Lambda reads the table's stream and the queue of webhooks in its functions' roles",
        "the embedded cloud reads both itself",
        "aws lambda list-event-source-mappings --function-name appvengers-dev-publishEvents",
        event_sources_are_read,
    ),
    Check(
        "metrics",
        "Every alarm watches a metric that exists, AWS's own as well as ours",
        "our own code parses the metrics in logs, and AWS's metric names were not checked",
        "aws cloudwatch list-metrics --namespace AppVengers",
        alarms_find_their_metrics,
    ),
    Check(
        "import",
        "The package imports in 350 ms on 512 MB",
        "this machine has another processor",
        'aws logs filter-log-events --log-group-name /aws/lambda/appvengers-dev --filter-pattern "'
        'Init Duration"',
        cold_imports,
        lacks="Lambda's reports",
    ),
    Check(
        "alarm",
        "An alarm reaches the encrypted topic, and the topic a person",
        "CloudWatch evaluates and publishes on AWS only",
        "aws cloudwatch set-alarm-state --alarm-name dev-appvengers-failures --state-value ALARM "
        "--state-reason drill",
        an_alarm_reaches_the_topic,
        writes=True,
        lacks="actions of alarms",
    ),
    Check(
        "schedule",
        "The schedule fires",
        "no test waits 7 days",
        "aws cloudwatch get-metric-statistics --namespace AWS/Events --metric-name Invocations "
        "--dimensions Name=RuleName,Value=appvengers-dev-updateData-event --start-time "
        "2026-01-01T00:00:00Z --end-time 2026-01-08T00:00:00Z --period 86400 --statistics Sum",
        schedule_fires,
        lacks="CloudWatch's metrics of EventBridge",
    ),
    Check(
        "traces",
        "Traces join the API, the functions and the machine",
        "moto stores no traces",
        "aws xray get-trace-summaries --start-time 2026-01-01T00:00:00Z --end-time "
        "2026-01-01T01:00:00Z",
        traces_join,
        lacks="X-Ray",
    ),
)
