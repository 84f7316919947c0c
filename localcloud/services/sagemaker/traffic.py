"""The shift of an endpoint's traffic to a new version, by SageMaker's DeploymentConfig."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from moto.core.utils import utcnow
from moto.sagemaker.exceptions import ValidationError


@dataclass(frozen=True)
class Shifting:
    """The canary's share of the traffic, and how long all of it may still be rolled back."""

    share: float
    bake_seconds: float
    stay_seconds: float
    alarms: tuple[str, ...]

    def phases(self) -> Iterator[tuple[float, float]]:
        """Yield the shares of the new version, each with its seconds."""
        yield self.share, self.bake_seconds
        yield 1.0, self.stay_seconds


def pending(config_name: str, variants: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the PendingDeploymentSummary of a deployment that begins.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_PendingDeploymentSummary.html
    """
    return {
        "EndpointConfigName": config_name,
        "StartTime": utcnow(),
        "ProductionVariants": [_pending_variant(variant) for variant in variants],
    }


def _pending_variant(variant: Mapping[str, Any]) -> dict[str, Any]:
    counted = {}
    if wanted := variant.get("InitialInstanceCount"):
        counted = {"CurrentInstanceCount": 0, "DesiredInstanceCount": wanted}
    creating = {"Status": "Creating", "StartTime": utcnow()}
    return {"VariantName": variant["VariantName"], "VariantStatus": [creating], **counted}


def baking(summary: dict[str, Any], share: float) -> None:
    """Note in a summary that its variants answer for a share of the traffic, watched by alarms."""
    told = f"Baking with {share:.0%} of the traffic"
    stage = {"Status": "Baking", "StatusMessage": told, "StartTime": utcnow()}
    summary["ProductionVariants"] = [
        {
            **variant,
            "VariantStatus": [stage],
            "CurrentInstanceCount": variant["DesiredInstanceCount"],
        }
        for variant in summary["ProductionVariants"]
    ]


AT_ONCE = Shifting(share=1.0, bake_seconds=0, stay_seconds=0, alarms=())


def shifting(config: Mapping[str, Any] | None, before: Mapping[str, Any]) -> Shifting:
    """Return the shift from `before`, the variant in service. Raises ValidationError."""
    if not config:
        return AT_ONCE
    if "InstanceType" not in before:
        raise ValidationError(
            message="Deployment guardrails apply to real-time endpoints on instances; update a "
            "serverless endpoint without a DeploymentConfig"
        )
    policy = config.get("BlueGreenUpdatePolicy") or {}
    routing = policy.get("TrafficRoutingConfiguration") or {}
    if routing.get("Type") not in ("ALL_AT_ONCE", "CANARY"):
        raise ValidationError(
            message="The embedded cloud shifts traffic ALL_AT_ONCE or as a CANARY; give the "
            "BlueGreenUpdatePolicy one of these"
        )
    alarms = (config.get("AutoRollbackConfiguration") or {}).get("Alarms") or []
    canary = routing["Type"] == "CANARY"
    return Shifting(
        _share(routing, before["InitialInstanceCount"]) if canary else 1.0,
        float(routing.get("WaitIntervalInSeconds", 0)),
        float(policy.get("TerminationWaitInSeconds", 0)),
        tuple(alarm["AlarmName"] for alarm in alarms),
    )


def _share(routing: Mapping[str, Any], instances: int) -> float:
    size = routing.get("CanarySize") or {}
    share = size.get("Value", 0) / (100 if size.get("Type") == "CAPACITY_PERCENT" else instances)
    if not 0 < share <= 0.5:
        raise ValidationError(
            message="CanarySize must be more than nothing and at most 50% of the instances"
        )
    return float(share)
