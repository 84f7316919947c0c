"""Checks of the account itself: its quotas, its backups, its bill, its leftovers."""

from datetime import UTC, datetime, timedelta

from infrastructure.deploy import quota_checks
from infrastructure.verify.check import Check, Result, Stage, failed, not_applicable, proved


def quotas_are_enough(stage: Stage) -> Result:
    """Check the quotas as before a deployment, with everything that runs now."""
    checked = quota_checks.check(stage.profile, stage.settings)
    if faults := [*checked.of_models, *checked.of_all]:
        return failed(" ".join(fault.splitlines()[0] for fault in faults))
    if checked.warnings:
        return failed("; ".join(checked.warnings))
    return proved("all that the stage needs is granted")


def table_is_backed_up(stage: Stage) -> Result:
    found = stage.client("dynamodb").describe_continuous_backups(
        TableName=stage.settings.predictions_table
    )["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    if found["PointInTimeRecoveryStatus"] != "ENABLED":
        return failed(f"point-in-time recovery is {found['PointInTimeRecoveryStatus']}")
    latest = found.get("LatestRestorableDateTime")
    return proved(f"every second can be restored, the latest {latest or 'not known yet'}")


def updates_lose_nothing(stage: Stage) -> Result:
    """Check that no decision of two weeks went without a model."""
    decisions, missing = (_sum(stage, name) for name in ("Decisions", "ModelsUnavailable"))
    if not decisions:
        return not_applicable("no decision in 14 days")
    if missing:
        return failed(f"{missing:.0f} answers of models were missing in 14 days")
    return proved(f"{decisions:.0f} decisions in 14 days, each by all models")


def _sum(stage: Stage, metric: str) -> float:
    now = datetime.now(UTC)
    points = stage.client("cloudwatch").get_metric_statistics(
        Namespace="AppVengers",
        MetricName=metric,
        Dimensions=[{"Name": "service", "Value": stage.settings.prefix}],
        StartTime=now - timedelta(days=14),
        EndTime=now,
        Period=86_400,
        Statistics=["Sum"],
    )["Datapoints"]
    return float(sum(one["Sum"] for one in points))


def bill_is_as_expected(stage: Stage) -> Result:
    """Check the bill.

    The request costs 0.01 USD, which is why it counts as a write.
    """
    now = datetime.now(UTC).date()
    found = stage.client("ce").get_cost_and_usage(
        TimePeriod={"Start": f"{now - timedelta(days=30)}", "End": f"{now}"},
        Granularity="MONTHLY",
        Metrics=["UnblendedCost"],
        Filter={"Tags": {"Key": "project", "Values": [stage.settings.app_name]}},
    )["ResultsByTime"]
    usd = sum(float(one["Total"]["UnblendedCost"]["Amount"]) for one in found)
    if not usd:
        return not_applicable("no cost is tagged yet: activate the tag `project` in Billing")
    return proved(f"{usd:.2f} USD in 30 days; compare with make cost")


CHECKS = (
    Check(
        "quotas",
        "The account's quotas are enough for a whole retraining beside the endpoints",
        "the embedded cloud takes its quotas from public lists",
        "aws service-quotas list-service-quotas --service-code sagemaker",
        quotas_are_enough,
    ),
    Check(
        "backups",
        "Point-in-time recovery is on; by hand, it restores the table",
        "moto copies the table as it is",
        "aws dynamodb restore-table-to-point-in-time --source-table-name "
        "dev-appvengers-PrediccionesCredito --target-table-name dev-restored "
        "--use-latest-restorable-time",
        table_is_backed_up,
    ),
    Check(
        "updates",
        "An endpoint's update loses no request",
        "here only the embedded cloud was tested",
        "make rollback STAGE=dev MODEL=Tradicional",
        updates_lose_nothing,
    ),
    Check(
        "bill",
        "The bill is that which `make cost` predicts",
        "prices were not checked against AWS's lists, and running times are assumed",
        "aws ce get-cost-and-usage --time-period Start=2026-01-01,End=2026-02-01 --granularity "
        "MONTHLY --metrics UnblendedCost --group-by Type=DIMENSION,Key=SERVICE",
        bill_is_as_expected,
        writes=True,
        lacks="Cost Explorer",
    ),
)
