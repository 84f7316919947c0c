"""The bill of simulated decisions, by the prices of `make cost`."""

import copy
from types import SimpleNamespace

from infrastructure.account import cost
from infrastructure.account.aws_path.decision_path import Design, Outcome
from infrastructure.account.cost import MODELS, SECONDS_AN_HOUR, Tariff


def as_simulated(outcome: Outcome, at: Tariff) -> Tariff:
    """Return the tariff with the times that the simulation billed a decision for."""
    decided, mine = max(1, len(outcome.times)), copy.copy(at)
    times = {
        "api_seconds": outcome.api_seconds / decided,
        "model_function_seconds": outcome.model_seconds / decided / MODELS,
        "save_seconds": outcome.save_seconds / decided,
        "express_seconds": outcome.machine_seconds / decided,
        "endpoint_seconds": outcome.endpoint_seconds / decided / MODELS,
    }
    mine.one = SimpleNamespace(**(vars(at.one) | times))
    return mine


def per_thousand(outcome: Outcome, at: Tariff) -> float:
    """Return what 1,000 decisions cost, without what a month costs anyway."""
    mine = as_simulated(outcome, at)
    return sum(cost.serverless(1000, mine).values()) - sum(cost.serverless(0, mine).values())


def a_month(design: Design, rate: float, outcome: Outcome, at: Tariff) -> float:
    """Return the bill of a month at this rate, day and night; who is refused is not billed."""
    mine = as_simulated(outcome, at)
    seconds = at.month.hours * SECONDS_AN_HOUR
    decided = rate * len(outcome.times) / max(1, outcome.ends.total())
    bill = sum(cost.serverless(round(decided * seconds), mine).values())
    always = MODELS * at.one.endpoint_gb * design.provisioned * seconds
    hosting = MODELS * design.instances * at.month.hours * at.usd.hosting_m5_large_hour
    return float(bill + always * at.usd.provisioned_gb_second + hosting)
