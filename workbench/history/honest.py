"""False alarms of the guards against forged labels, in honest months.

The guards are the watch on outcomes, and the limit of decisions that a challenger changes by peer.
"""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd

from chalicelib.retraining import gate
from chalicelib.retraining.peer_flips import peer_flips
from chalicelib.retraining.swap_set import ModelAnswer, Recent, turns
from training.batch_scoring import batch
from training.fitting.calibration import probability
from training.snapshots import counting, watch
from training.validation.compared_models import ComparedModel
from workbench.history.known import Register
from workbench.history.months import Bank, InForce


def held(day: pd.Timestamp, bank: Bank) -> list[watch.Held]:
    """Return what the watch holds of the outcomes that matured in the month before `day`, as if
    each month's had come in a file of their own.
    """
    rows = _rows(bank.register, day, bank.product.training.outcome_months)
    new = rows["defaulted"].notna() & (rows["countedSince"] == day)
    keys = counting.peer_keys(rows, bank.product)
    return watch.held(rows, new, keys, bank.product, day.strftime("%Y%m%dT%H%M%S"))


def _rows(register: Register, day: pd.Timestamp, outcome_months: int) -> pd.DataFrame:
    """Return the loans with a matured outcome, and the day from which each has it."""
    loans = register.matured(day)
    matured = pd.DatetimeIndex(loans["approvalDate"]) + pd.DateOffset(months=outcome_months)
    since = matured.to_period("M").to_timestamp() + pd.offsets.MonthBegin(1)
    months = since.strftime("%Y-%m")
    return loans.assign(
        defaulted=loans["defaulted"].astype(float),
        expected=np.nan,
        countedSince=since.astype("datetime64[ns]"),
        source="file:credit/newData/" + months + ".csv",
        released=None,
    ).reset_index(drop=True)


def refused_by_peer(
    name: str, day: pd.Timestamp, folder: Path, in_force: InForce, bank: Bank
) -> tuple[str, ...]:
    """Return the gate's rules against what the challenger changes of a peer's decisions."""
    flipped = flips(name, day, ComparedModel.of(folder), in_force, bank)
    reasons = gate.peer_reasons(msgspec.convert(flipped, list[gate.Flips]), bank.profile.gate)
    return tuple(dict.fromkeys(reason.rule for reason in reasons))


def flips(
    name: str, day: pd.Timestamp, challenger: ComparedModel, in_force: InForce, bank: Bank
) -> list[dict[str, Any]]:
    """Return what the challenger changes of the newest decisions before `day`, by peer."""
    loans = bank.register.approved_in_the_year_before(day).tail(bank.profile.gate.recent_decisions)
    models = [*in_force.models.values()]
    before = batch.Batch(models).logits(loans)
    after = batch.Batch([challenger.model]).logits(loans)[name]
    applications = loans.astype(object).where(loans.notna(), None).to_dict("records")
    read = bank.profile.read_by_policy() & bank.profile.asked_for().keys()
    peers = pd.DataFrame(counting.peer_keys(loans, bank.product)).to_dict("records")
    recent = [
        Recent(
            "",
            {
                model: ModelAnswer(
                    "OK",
                    float(probability(before[model][row])),
                    tuple(in_force.models[model].unseen(application)),
                )
                for model in before
            },
            float(after[row]),
            unseen=tuple(challenger.model.unseen(application)),
            peers={key: value for key, value in peers[row].items() if isinstance(value, str)},
            application={name: application[name] for name in read if application[name] is not None},
        )
        for row, application in enumerate(applications)
    ]
    return peer_flips([*turns(recent, name, bank.profile.policy, alone=True)])
