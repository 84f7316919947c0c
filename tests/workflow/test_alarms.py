"""A fire drill for each alarm: quiet in good health, and ringing for the fault that it is for.

CloudWatch's own part (evaluating, and publishing to the topic) needs a real account; here the
alarms' definitions are evaluated on the metrics that the real code and the real names give.
"""

import json
import math
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto.cloudwatch.models import cloudwatch_backends

from chalicelib.decisions import day_index
from infrastructure.template.function_permissions.function_names import ASYNCHRONOUS
from localcloud.cloud import ACCOUNT
from tests.workflow.conftest import scheduled

MODELS = ("Tradicional", "NetworkingAccelerator", "AppVengersAccelerator")
ALARMS = [
    "executions-failed", "models-unavailable", "latency-p99", "throttles", "throttles-background",
    "throttles-retraining", "retraining-failed", "training-overdue", "failures",
    "throttles-governance", "anchor-overdue", "unreadable-records", "reviews-overdue",
    "batches-failed", "webhooks-undelivered", "events-late",
    *(f"{kind}-{model}" for kind in ("model-errors", "model-latency") for model in MODELS),
]  # fmt: skip


@pytest.fixture
def cloudwatch(served):
    """Without the metrics of earlier tests."""
    served.bank.function_logs.flush_metrics()
    cloudwatch_backends[ACCOUNT]["us-east-1"].metric_data.clear()
    return boto3.client("cloudwatch")


def alarm(cloudwatch, name):
    (found,) = cloudwatch.describe_alarms(AlarmNames=[f"dev-appvengers-{name}"])["MetricAlarms"]
    return found


def rings(cloudwatch, name):
    """Whether the newest period breaches; what has no data does not."""
    definition = alarm(cloudwatch, name)
    assert definition["ComparisonOperator"] == "GreaterThanThreshold"
    values = {
        query["Id"]: value(cloudwatch, **query["MetricStat"])
        for query in definition.get("Metrics", [])
        if "MetricStat" in query
    }
    expressions = [q["Expression"] for q in definition.get("Metrics", []) if "Expression" in q]
    watched = (
        evaluated(expressions[0], values)
        if expressions
        else value(
            cloudwatch,
            {key: definition[key] for key in ("Namespace", "MetricName", "Dimensions")},
            definition["Period"],
            definition.get("Statistic", "Maximum"),  # moto has no percentiles: p100 for p99
        )
    )
    return watched is not None and watched > definition["Threshold"]


def evaluated(expression, values):
    """Metric math: an operation on a metric without data has none."""
    names = {key: math.nan if found is None else found for key, found in values.items()}
    fill = {"FILL": lambda found, instead: instead if math.isnan(found) else found}
    outcome = eval(expression, {"__builtins__": {}}, names | fill)  # noqa: S307 - our own template
    return None if math.isnan(outcome) else outcome


def value(cloudwatch, Metric, Period, Stat):
    now = datetime.now(UTC)
    stat = {"Metric": Metric, "Period": 2 * Period, "Stat": Stat}
    (found,) = cloudwatch.get_metric_data(
        MetricDataQueries=[{"Id": "watched", "MetricStat": stat}],
        StartTime=now - timedelta(seconds=Period),
        EndTime=now + timedelta(seconds=60),
    )["MetricDataResults"]
    return found["Values"][0] if found["Values"] else None


def put(cloudwatch, namespace, name, amount, **dimensions):
    """A metric that AWS itself emits; PutMetricData refuses its namespaces."""
    named = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    datum = {"MetricName": name, "Value": amount, "Dimensions": named}
    cloudwatch_backends[ACCOUNT]["us-east-1"].put_metric_data(namespace, [datum])


def test_these_are_the_alarms_and_each_tells_the_topic(cloudwatch):
    found = cloudwatch.describe_alarms()["MetricAlarms"]

    assert {a["AlarmName"].removeprefix("dev-appvengers-") for a in found} == set(ALARMS)
    for one in found:
        (topic,) = one["AlarmActions"]
        assert topic.endswith(":dev-appvengers-ReentrenamientoNotificaciones")


def test_the_topics_key_lets_cloudwatch_publish(served):
    topics = boto3.client("sns").list_topics()["Topics"]
    attributes = boto3.client("sns").get_topic_attributes(TopicArn=topics[0]["TopicArn"])
    key = attributes["Attributes"]["KmsMasterKeyId"]
    policy = boto3.client("kms").get_key_policy(KeyId=key, PolicyName="default")["Policy"]
    allowed = {
        action
        for statement in json.loads(policy)["Statement"]
        if statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
        for action in statement["Action"]
    }

    assert allowed == {"kms:Decrypt", "kms:GenerateDataKey*"}


def test_in_good_health_no_alarm_rings(served, loans, cloudwatch):
    for loan in loans[20:25]:
        served.predict(loan)
    boto3.client("lambda").invoke(
        FunctionName="appvengers-dev-watchTraining", Payload=json.dumps(scheduled(days=7))
    )
    served.bank.function_logs.flush_metrics()

    assert [name for name in ALARMS if rings(cloudwatch, name)] == []


def test_a_model_that_does_not_answer_rings(served, loans, cloudwatch, stopped):
    for loan in loans[20:23]:
        served.predict(loan)
    served.bank.function_logs.flush_metrics()

    assert rings(cloudwatch, "models-unavailable")


def test_slow_answers_ring(served, loans, cloudwatch):
    served.predict(loans[20])
    served.bank.function_logs.flush_metrics()
    watched = alarm(cloudwatch, "latency-p99")
    emitted = cloudwatch.list_metrics(Namespace="AppVengers", MetricName="Latency")["Metrics"]
    by_name = {d["Name"]: d["Value"] for d in watched["Dimensions"]}

    assert watched["ExtendedStatistic"] == "p99"
    assert by_name in [{d["Name"]: d["Value"] for d in one["Dimensions"]} for one in emitted]
    put(cloudwatch, "AppVengers", "Latency", 6000, **by_name)
    assert rings(cloudwatch, "latency-p99")


@pytest.mark.parametrize("metric", ["ExecutionsFailed", "ExecutionsTimedOut"])
def test_a_failed_execution_rings(served, cloudwatch, metric):
    machine = served.bank.settings.analysis_machine_arn(ACCOUNT)
    put(cloudwatch, "AWS/States", metric, 1, StateMachineArn=machine)

    assert rings(cloudwatch, "executions-failed")


@pytest.mark.parametrize("metric", ["ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"])
def test_a_retraining_that_did_not_end_rings(served, cloudwatch, metric):
    machine = served.bank.settings.retraining_machine_arn(ACCOUNT)
    put(cloudwatch, "AWS/States", metric, 1, StateMachineArn=machine)

    assert rings(cloudwatch, "retraining-failed")


def test_a_throttle_of_any_function_rings(served, cloudwatch):
    for function in boto3.client("lambda").list_functions()["Functions"]:
        cloudwatch_backends[ACCOUNT]["us-east-1"].metric_data.clear()
        put(cloudwatch, "AWS/Lambda", "Throttles", 1, FunctionName=function["FunctionName"])
        ringing = [name for name in ALARMS if rings(cloudwatch, name)]
        assert len(ringing) == 1, function["FunctionName"]
        assert ringing[0].startswith("throttles")


def test_no_alarm_watches_more_metrics_than_aws_takes(cloudwatch):
    for one in cloudwatch.describe_alarms()["MetricAlarms"]:
        assert sum("MetricStat" in query for query in one.get("Metrics", [])) <= 10


@pytest.mark.parametrize("model", MODELS)
def test_an_endpoint_that_errs_or_is_slow_rings_and_no_other(cloudwatch, model):
    endpoint = {"EndpointName": f"dev-appvengers-{model}", "VariantName": "AllTraffic"}
    put(cloudwatch, "AWS/SageMaker", "Invocations", 100, **endpoint)
    put(cloudwatch, "AWS/SageMaker", "Invocation4XXErrors", 4, **endpoint)
    assert not rings(cloudwatch, f"model-errors-{model}")
    put(cloudwatch, "AWS/SageMaker", "Invocation5XXErrors", 3, **endpoint)
    put(cloudwatch, "AWS/SageMaker", "ModelLatency", 2_100_000, **endpoint)

    ringing = {name for name in ALARMS if rings(cloudwatch, name)}
    assert ringing == {f"model-errors-{model}", f"model-latency-{model}"}


def test_eight_days_without_a_training_ring(served, cloudwatch):
    boto3.client("lambda").invoke(
        FunctionName="appvengers-dev-watchTraining", Payload=json.dumps(scheduled(days=8.1))
    )
    served.bank.function_logs.flush_metrics()

    assert rings(cloudwatch, "training-overdue")
    assert alarm(cloudwatch, "training-overdue")["InsufficientDataActions"]


def test_an_event_given_up_is_in_the_queue_and_rings(served, cloudwatch):
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName="dev-appvengers-failures")["QueueUrl"]
    sqs.purge_queue(QueueUrl=url)
    event = scheduled(days=0) | {"time": "no time"}
    boto3.client("lambda").invoke(
        FunctionName="appvengers-dev-updateData", InvocationType="Event", Payload=json.dumps(event)
    )
    served.bank.cloud.idle(30)
    (failure,) = served.bank.cloud.failures
    served.bank.cloud.failures.clear()
    (message,) = sqs.receive_message(QueueUrl=url, VisibilityTimeout=0)["Messages"]
    kept = json.loads(message["Body"])
    attributes = sqs.get_queue_attributes(
        QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]
    )["Attributes"]

    assert failure.name == "appvengers-dev-updateData"
    assert (kept["requestPayload"], kept["responsePayload"]["errorType"]) == (event, "ValueError")
    waiting = int(attributes["ApproximateNumberOfMessages"])
    name = url.rsplit("/", 1)[1]
    put(cloudwatch, "AWS/SQS", "ApproximateNumberOfMessagesVisible", waiting, QueueName=name)
    assert rings(cloudwatch, "failures")


def test_a_dead_letter_rings_and_a_call_that_waits_does_not(cloudwatch):
    metric = ("AWS/SQS", "ApproximateNumberOfMessagesVisible", 1)
    put(cloudwatch, *metric, QueueName="dev-appvengers-webhooks")
    assert not rings(cloudwatch, "webhooks-undelivered")

    put(cloudwatch, *metric, QueueName="dev-appvengers-undelivered")
    assert rings(cloudwatch, "webhooks-undelivered")


def test_events_that_are_a_quarter_of_an_hour_late_ring(cloudwatch):
    late = {"FunctionName": "appvengers-dev-publishEvents"}
    put(cloudwatch, "AWS/Lambda", "IteratorAge", 900_000, **late)
    assert not rings(cloudwatch, "events-late")

    put(cloudwatch, "AWS/Lambda", "IteratorAge", 900_001, **late)
    assert rings(cloudwatch, "events-late")


def test_each_asynchronous_function_has_the_queue(served):
    functions = boto3.client("lambda")
    for name in ASYNCHRONOUS:
        config = functions.get_function_event_invoke_config(FunctionName=f"appvengers-dev-{name}")
        destination = config["DestinationConfig"]["OnFailure"]["Destination"]
        assert destination.endswith(":dev-appvengers-failures")


def test_a_missed_anchor_rings_and_one_day_to_anchor_does_not(cloudwatch):
    service = {"service": "dev-appvengers"}
    put(cloudwatch, "AppVengers", "DaysToAnchor", 1, **service)
    assert not rings(cloudwatch, "anchor-overdue")
    put(cloudwatch, "AppVengers", "DaysToAnchor", 2, **service)
    assert rings(cloudwatch, "anchor-overdue")


def test_an_item_that_no_function_writes_rings_and_records_do_not(served, loans, cloudwatch):
    """An item with a Binary, which only somebody with the table's own permissions can store."""
    served.predict(loans[0])
    function = {"FunctionName": "appvengers-dev-anchorEvidence"}

    def anchor(days):
        event = json.dumps(scheduled(days=days))
        assert "FunctionError" not in boto3.client("lambda").invoke(**function, Payload=event)
        served.bank.function_logs.flush_metrics()

    anchor(days=1)
    assert not rings(cloudwatch, "unreadable-records")
    day, name = (datetime.now(UTC) + timedelta(days=1)).date().isoformat(), "f" * 32
    item = {"clientId": {"S": "foreign"}, "predictionId": {"S": name}, "x": {"B": b"\0"}}
    item |= {"day": {"S": day_index.key_of(day, name)}}
    boto3.client("dynamodb").put_item(TableName=served.bank.settings.predictions_table, Item=item)
    anchor(days=2)
    assert rings(cloudwatch, "unreadable-records")
    key = {attribute: item[attribute] for attribute in ("clientId", "predictionId")}
    boto3.client("dynamodb").delete_item(TableName=served.bank.settings.predictions_table, Key=key)


def test_an_overdue_review_rings_and_one_in_time_does_not(served, loans, cloudwatch):
    asked = (served.predict(loan) for loan in loans)
    waiting = next(one for one in asked if one["decision"] == "REVIEW")

    def watch(days):
        function, event = "appvengers-dev-watchReviews", json.dumps(scheduled(days=days))
        boto3.client("lambda").invoke(FunctionName=function, Payload=event)
        served.bank.function_logs.flush_metrics()

    watch(days=0)
    assert not rings(cloudwatch, "reviews-overdue")
    watch(days=30)
    assert rings(cloudwatch, "reviews-overdue")
    assert alarm(cloudwatch, "reviews-overdue")["InsufficientDataActions"]
    assert served.get(f"/predictions/{waiting['clientId']}/{waiting['predictionId']}").ok


def test_the_dashboard_stands(served, cloudwatch):
    body = cloudwatch.get_dashboard(DashboardName="dev-appvengers")["DashboardBody"]
    widgets = json.loads(body)["widgets"]

    shown = {arn.split("alarm:dev-appvengers-")[1] for arn in widgets[0]["properties"]["alarms"]}
    assert len(widgets) == 11
    assert shown == set(ALARMS)
    assert "${" not in body
