"""The list of checks that only a real account can pass, ordered by risk."""

from infrastructure.verify import (
    account_checks,
    by_hand,
    doors,
    model_checks,
    permissions,
    watching,
)
from infrastructure.verify.check import Check

FIRST = 10
BY_RISK = (
    "quotas",
    "image",
    "trainings",
    "endpoints",
    "alive",
    "ready",
    "predict",
    "cold-start",
    "denials",
    "retraining",
    "comparisons",
    "endpoint-events",
    "failures",
    "event-sources",
    "strangers",
    "compressed",
    "trust",
    "least-privilege",
    "tls",
    "metrics",
    "alarm",
    "async",
    "express",
    "updates",
    "failed-endpoint",
    "second-deployment",
    "own-answers",
    "backups",
    "schedule",
    "adoption",
    "canary",
    "broken-endpoint",
    "transforms",
    "packages",
    "key",
    "people",
    "console",
    "fill",
    "import",
    "traces",
    "dashboard",
    "bill",
    "leftovers",
)


def checks() -> list[Check]:
    """Return every check of every module, in the order of BY_RISK."""
    modules = (account_checks, doors, model_checks, permissions, watching, by_hand)
    named = {check.name: check for module in modules for check in module.CHECKS}
    return [named[name] for name in BY_RISK]
