"""Alarms of each model and over all functions; resources.py writes them into the template."""

from typing import Any

from chalicelib.foundation.settings import Settings
from chalicelib.models.endpoints import VARIANT
from infrastructure.template.function_permissions.function_names import (
    API,
    ASYNCHRONOUS,
    GOVERNING,
    MODELS,
    RETRAINING,
)

WAITED_FOR = (API, *MODELS, "saveResult")
MOST = 10  # metrics in one alarm, AWS's limit
MICROSECONDS = 1_000_000

Resource = dict[str, Any]


class TooManyMetrics(Exception):
    """An alarm has more metrics than AWS allows."""


def resources(settings: Settings) -> dict[str, Resource]:
    """Return the alarms of resources.yaml by logical name."""
    background = tuple(name for name in ASYNCHRONOUS if name not in GOVERNING)
    found = {
        "ThrottlesAlarm": _throttles(settings, WAITED_FOR, "throttles", "que alguien espera"),
        "BackgroundThrottlesAlarm": _throttles(
            settings, background, "throttles-background", "en segundo plano"
        ),
        "RetrainingThrottlesAlarm": _throttles(
            settings, RETRAINING, "throttles-retraining", "de un reentrenamiento"
        ),
    }
    machine = settings.retraining_machine_arn("${AWS::AccountId}")
    told = "Un reentrenamiento no terminó; los modelos en servicio no cambian."
    found["RetrainingFailedAlarm"] = _executions(settings, "retraining-failed", machine, told)
    for model in MODELS:
        found[f"{model}ErrorsAlarm"] = _errors(settings, model)
    for model in MODELS:
        found[f"{model}LatencyAlarm"] = _latency(settings, model)
    return found


def governing(settings: Settings) -> dict[str, Resource]:
    """Return the alarms of governance.yaml by logical name. They name the topic of the other
    stack by its ARN.
    """
    machine = settings.batch_machine_arn("${AWS::AccountId}")
    told = "Un lote de solicitudes quedó a medias; iniciarlo de nuevo decide lo que falta."
    found = {
        "GovernanceThrottlesAlarm": _throttles(
            settings, GOVERNING, "throttles-governance", "de la gobernanza"
        ),
        "BatchesFailedAlarm": _executions(settings, "batches-failed", machine, told),
    }
    topic = [settings.topic_arn("${AWS::AccountId}")]
    for alarm in found.values():
        alarm["Properties"] |= {"AlarmActions": topic, "OKActions": topic}
    return found


def _throttles(settings: Settings, functions: tuple[str, ...], name: str, which: str) -> Resource:
    lambdas = [
        settings.function(one) if one != API else f"{settings.app_name}-{settings.stage}"
        for one in functions
    ]
    watched = {
        f"m{index}": _metric("AWS/Lambda", "Throttles", "Sum", 300, FunctionName=one)
        for index, one in enumerate(lambdas)
    }
    told = f"AWS Lambda rechaza llamadas {which} por exceso de concurrencia."
    expression = " + ".join(f"FILL({one}, 0)" for one in watched)
    return _alarm(settings, name, told, Threshold=0, **_math(expression, watched))


def _executions(settings: Settings, section: str, machine: str, told: str) -> Resource:
    watched = {
        ended.lower(): _metric(
            "AWS/States", f"Executions{ended}", "Sum", 300, StateMachineArn=machine
        )
        for ended in ("Failed", "TimedOut", "Aborted")
    }
    expression = " + ".join(f"FILL({one}, 0)" for one in watched)
    return _alarm(settings, section, told, Threshold=0, **_math(expression, watched))


def _errors(settings: Settings, model: str) -> Resource:
    watched = {
        "client": _of_endpoint(settings, model, "Invocation4XXErrors"),
        "server": _of_endpoint(settings, model, "Invocation5XXErrors"),
        "calls": _of_endpoint(settings, model, "Invocations"),
    }
    told = f"{model} falla en más de 5 de cada 100 respuestas."
    math = _math("100 * (FILL(client, 0) + FILL(server, 0)) / calls", watched)
    return _alarm(settings, "model-errors", told, model, Threshold=5, **math)


def _latency(settings: Settings, model: str) -> Resource:
    told = f"{model} tarda más de 2 s en 1 de cada 100 respuestas."
    return _alarm(
        settings,
        "model-latency",
        told,
        model,
        Threshold=2 * MICROSECONDS,
        Namespace="AWS/SageMaker",
        MetricName="ModelLatency",
        Dimensions=_dimensions(_endpoint(settings, model)),
        ExtendedStatistic="p99",
        Period=60,
        EvaluateLowSampleCountPercentile="ignore",
    )


def _alarm(settings: Settings, section: str, told: str, model: str = "", **more: Any) -> Resource:
    name = f"{section}-{model}" if model else section
    topic = {"Ref": "ReentrenamientoNotificaciones"}
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmName": f"{settings.prefix}-{name}",
            "AlarmDescription": f"{told} docs/operations.md: {section}.",
            "ComparisonOperator": "GreaterThanThreshold",
            "EvaluationPeriods": 1,
            "DatapointsToAlarm": 1,
            "TreatMissingData": "notBreaching",
            **more,
            "AlarmActions": [topic],
            "OKActions": [topic],
        },
    }


def _math(expression: str, watched: dict[str, Resource]) -> dict[str, Any]:
    if len(watched) > MOST:
        raise TooManyMetrics(f"{expression} has {len(watched)} metrics: split the alarm.")
    total = {"Id": "watched", "Expression": expression, "Label": "watched", "ReturnData": True}
    parts = [
        {"Id": name, "ReturnData": False, "MetricStat": stat} for name, stat in watched.items()
    ]
    return {"Metrics": [total, *parts]}


def _of_endpoint(settings: Settings, model: str, metric: str) -> Resource:
    return _metric("AWS/SageMaker", metric, "Sum", 60, **_endpoint(settings, model))


def _metric(namespace: str, name: str, stat: str, period: int, **dimensions: str) -> Resource:
    metric = {
        "Namespace": namespace,
        "MetricName": name,
        "Dimensions": _dimensions(dimensions),
    }
    return {"Stat": stat, "Period": period, "Metric": metric}


def _endpoint(settings: Settings, model: str) -> dict[str, str]:
    return {"EndpointName": f"{settings.prefix}-{model}", "VariantName": VARIANT}


def _dimensions(named: dict[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in named.items()]
